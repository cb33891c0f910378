/** A session with a very long log: how soon it is open, and what a turn in it costs beside a short one's. */
import { now } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { longAndShort } from '../folders.ts';
import { driven } from '../gateway.ts';
import { followChat, send } from '../gateway-chat.ts';
import { type Ground, usualTalk } from '../ground.ts';
import { median } from '../samples.ts';
import { beside } from './turns.ts';

/** Turns at a time in the one and then the other, so that what disturbs disturbs both. */
const SPELL = 10;

export async function longLog(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const folder = ground.folder();
  const chats = await longAndShort(folder, sizes.longLog);
  const shown: number[] = [];
  const firstTurn = { long: [] as number[], short: [] as number[] };
  const turn = { long: [] as number[], short: [] as number[] };
  for (let round = 0; round < Math.min(3, sizes.rounds); round++) {
    const gateway = await ground.freshGateway(folder);
    try {
      const warm = await gateway.open();
      await warm.series(SPELL, usualTalk);
      const from = now();
      await send(gateway.door, 'GET', `/v1/chats/${chats.long}`);
      shown.push(now() - from);
      const open = {
        short: driven(await followChat(gateway.door, chats.short)),
        long: driven(await followChat(gateway.door, chats.long)),
      };
      for (let spell = 0; spell < 1 + sizes.turns / SPELL; spell++) {
        for (const which of ['short', 'long'] as const) {
          const mark = await model.mark();
          const told = await open[which].series(spell === 0 ? 1 : SPELL, usualTalk);
          const costs = beside(told, await model.log(mark)).map((one) => one.whole);
          (spell === 0 ? firstTurn : turn)[which].push(...costs);
        }
      }
    } finally {
      await gateway.stop();
    }
  }
  const events = sizes.longLog.toLocaleString('en');
  return [
    figure({
      id: 'long.open',
      name: `a session of ${events} events: shown by a gateway that has just started`,
      unit: 'ms',
      value: median(shown),
      samples: shown.length,
      aim: { kind: 'at most', value: 1_000 },
    }),
    figure({
      id: 'long.first-turn',
      name: 'overhead of its first turn after that',
      unit: 'ms',
      value: median(firstTurn.long),
      floor: median(firstTurn.short),
      beside: 'short session',
      samples: firstTurn.long.length,
      aim: { kind: 'at most', value: 1_000 },
    }),
    figure({
      id: 'long.turn',
      name: 'overhead of its further turns, median',
      unit: 'ms',
      value: median(turn.long),
      floor: median(turn.short),
      beside: 'short session',
      samples: turn.long.length,
      aim: { kind: 'overhead', times: 1.25, plus: 0 },
    }),
  ];
}
