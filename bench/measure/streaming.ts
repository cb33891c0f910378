/** Whether people are still answered at once while many subagents stream: acceptance and first words. */
import type { Side, Told } from '../chat.ts';
import { sleep } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { type Ground, interleaved } from '../ground.ts';
import { median, pair, quantile } from '../samples.ts';

/** Of the model that the main chat talks to: much faster than real ones, so that a delay shows. */
const FIRST_TOKEN_MS = 200;
const TOKENS_PER_SECOND = 80;
/** A delta of two tokens, as they come from the API. */
const CHUNK = 8;
const PAUSE_MS = 10;

export async function streaming(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const { streaming: n, streamingTurns: turns } = sizes;
  const alone = pair<number>();
  const among = pair<number>();
  const accepts = pair<number>();
  const order = { chars: 40, delayMs: FIRST_TOKEN_MS };
  // Long enough that the last turn still has them around it.
  const chars = Math.ceil(((turns * (FIRST_TOKEN_MS + 60)) / 1_000 + 1) * TOKENS_PER_SECOND * 4);

  async function measure(side: Side): Promise<void> {
    const chat = await side.open();
    const other = await side.open();
    await chat.series(2, { chars: 40 });
    alone[side.name].push(...(await chat.series(turns, order)).map(first));
    const mark = await model.mark();
    const task = { work: true, chars, tokensPerSecond: TOKENS_PER_SECOND, chunk: CHUNK } as const;
    await chat.series(1, { chars: 40, spawn: { n, task } });
    const stop = await other.startPings({ chars: 40 }, PAUSE_MS);
    await sleep(200);
    const told = await chat.series(turns, order);
    const pings = await stop();
    const rows = await model.log(mark);
    const ended = rows.filter((row) => row.kind === 'work' && row.endedAt !== null).length;
    if (ended > 0) throw new Error(`${ended} of ${n} subagents had ended before the main chat's last turn.`);
    among[side.name].push(...told.map(first));
    accepts[side.name].push(...[...told, ...pings].map((one) => one.acceptedAt - one.sentAt));
    await model.read(mark, n);
    chat.close();
    other.close();
  }

  await interleaved(ground, sizes.streamingRounds, measure);
  const samples = among.gateway.length;
  const during = `while ${n} subagents stream ${TOKENS_PER_SECOND} tokens a second each`;
  const words = `main chat's first words, model's own ${FIRST_TOKEN_MS} ms included,`;
  return [
    figure({
      id: 'streaming.accept',
      name: `a message is accepted (202), p99, ${during}`,
      unit: 'ms',
      value: quantile(accepts.gateway, 0.99),
      samples: accepts.gateway.length,
      aim: { kind: 'at most', value: 50 },
    }),
    figure({
      id: 'streaming.first',
      name: `${words} median, ${during}`,
      unit: 'ms',
      value: median(among.gateway),
      floor: median(among.floor),
      samples,
    }),
    figure({
      id: 'streaming.first.added',
      name: 'the same beside nobody streaming',
      unit: 'ms',
      value: median(among.gateway),
      floor: median(alone.gateway),
      beside: 'alone',
      samples,
      aim: { kind: 'overhead', times: 1.1, plus: 0 },
    }),
  ];
}

function first(told: Told): number {
  return told.firstAt - told.sentAt;
}
