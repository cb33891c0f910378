/** Resident memory: of a process that has done little, and with subagents at work, each in a request of its own. */
import { sleep } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { type Ground, interleaved, usualTalk } from '../ground.ts';
import { residentKib } from '../process-facts.ts';
import { median, pair } from '../samples.ts';

/** After which memory that is no longer used has been given back, as far as it ever is. */
const SETTLE_MS = 1_500;
const CHARS = 200;
/** Chats and turns in each before the others are weighed: until then it is mostly compiled code that grows. */
const BEFORE = { chats: 10, each: 30 };

export async function memory(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const fresh = pair<number>();
  const idle = pair<number>();
  const weights = sizes.weighed.map((n) => ({ n, kib: pair<number>() }));

  async function weigh(name: 'floor' | 'gateway'): Promise<void> {
    const side = name === 'floor' ? await ground.freshFloor() : await ground.freshGateway(ground.folder());
    const gate = ground.name();
    try {
      await side.parallel(1, 1, usualTalk);
      await sleep(SETTLE_MS);
      fresh[name].push(residentKib(side.pid));
      await side.parallel(BEFORE.chats, BEFORE.each, usualTalk);
      await sleep(SETTLE_MS);
      idle[name].push(residentKib(side.pid));
      let working = 0;
      for (const { n, kib } of weights) {
        while (working < n) {
          const more = Math.min(sizes.crowd, n - working);
          const chat = await side.open();
          await chat.series(1, {
            chars: CHARS,
            spawn: { n: more, task: { work: true, chars: CHARS, gate } },
          });
          working += more;
          await model.held(gate, working);
        }
        await sleep(SETTLE_MS);
        kib[name].push(residentKib(side.pid));
      }
    } finally {
      await side.stop();
    }
  }

  await interleaved(ground, sizes.weighings, (side) => weigh(side.name));
  const mib = (samples: readonly number[]): number => median(samples) / 1_024;
  return [
    figure({
      id: 'memory.fresh',
      name: 'memory at rest after 1 turn',
      unit: 'MiB',
      value: mib(fresh.gateway),
      floor: mib(fresh.floor),
      samples: sizes.weighings,
    }),
    figure({
      id: 'memory.idle',
      name: `memory at rest after ${BEFORE.chats * BEFORE.each} turns`,
      unit: 'MiB',
      value: mib(idle.gateway),
      floor: mib(idle.floor),
      samples: sizes.weighings,
    }),
    ...weights.flatMap(({ n, kib }) => {
      const each = (name: 'floor' | 'gateway'): number =>
        median(kib[name].map((all, at) => (all - (idle[name][at] ?? 0)) / n));
      return [
        figure({
          id: `memory.${n}`,
          name: `memory with ${n.toLocaleString('en')} subagents at work`,
          unit: 'MiB',
          value: mib(kib.gateway),
          floor: mib(kib.floor),
          samples: sizes.weighings,
        }),
        figure({
          id: `memory.${n}.each`,
          name: 'the same for each of them, less the memory at rest before',
          unit: 'KiB',
          value: each('gateway'),
          floor: each('floor'),
          samples: sizes.weighings,
          aim: { kind: 'at most', value: 150 },
        }),
      ];
    }),
  ];
}
