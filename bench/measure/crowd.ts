/**
 * Many subagents of one parent: spawned in one step, at work together, released at once. First with nobody
 * talking; then with a person who talks to the main chat all the while.
 */
import type { Side, Told } from '../chat.ts';
import { now, sleep } from '../clock.ts';
import { type Figure, figure } from '../figures.ts';
import { type Ground, interleaved } from '../ground.ts';
import { median, pair, worst } from '../samples.ts';
import type { Talk } from '../script.ts';
import { end } from './singles.ts';

const CHARS = 200;
const PAUSE_MS = 5;
/** Talk before the spawn and after the news, so that the main chat's turns at rest are in the run. */
const MARGIN_MS = 100;

interface Run {
  readonly spawnedAt: number;
  readonly workingAt: number;
  readonly releasedAt: number;
  readonly readAt: number;
  readonly requests: number;
}

export async function crowd(ground: Ground): Promise<Figure[]> {
  const { model, sizes } = ground;
  const n = sizes.crowd;

  /** Spawns all, waits until they are at work, releases them, and waits until their news was read. */
  async function run(spawn: (order: Talk) => Promise<unknown>, waitMs: number): Promise<Run> {
    const mark = await model.mark();
    const gate = ground.name();
    await spawn({ chars: CHARS, spawn: { n, task: { work: true, chars: CHARS, gate } } });
    await model.held(gate, n);
    await sleep(waitMs);
    const releasedAt = await model.open(gate);
    await model.read(mark, n);
    const rows = await model.log(mark);
    const news = rows.filter((row) => row.news > 0);
    return {
      spawnedAt: Math.max(...rows.filter((row) => row.kind === 'spawn').map(end)),
      workingAt: Math.max(...rows.filter((row) => row.kind === 'work').map((row) => row.at)),
      releasedAt,
      readAt: Math.max(...news.map(end)),
      requests: news.length,
    };
  }

  const quiet = pair<Run>();
  async function undisturbed(side: Side): Promise<Run> {
    const chat = await side.open();
    await chat.series(2, { chars: CHARS });
    const one = await run((order) => chat.series(1, order), MARGIN_MS);
    chat.close();
    return one;
  }

  const phases = { spawning: pair<number>(), waiting: pair<number>(), ending: pair<number>() };
  async function talkedTo(side: Side): Promise<void> {
    const chat = await side.open();
    const stop = await chat.startPings({ chars: CHARS }, PAUSE_MS);
    await sleep(MARGIN_MS);
    const askedAt = now();
    const times = await run((order) => chat.series(1, order), sizes.waitMs);
    await sleep(MARGIN_MS);
    const told = await stop();
    chat.close();
    const during = (from: number, to: number): number[] =>
      told.filter((one) => one.sentAt < to && one.endedAt > from).map(took);
    phases.spawning[side.name].push(...during(askedAt, times.workingAt));
    phases.waiting[side.name].push(
      ...told.filter((one) => one.sentAt > times.workingAt && one.endedAt < times.releasedAt).map(took),
    );
    phases.ending[side.name].push(...during(times.releasedAt, times.readAt));
  }

  // Once without counting: the first crowd of a process is mostly the compiling of what it runs through.
  await interleaved(ground, 1, async (side) => void (await undisturbed(side)));
  await interleaved(ground, sizes.rounds, async (side) => {
    quiet[side.name].push(await undisturbed(side));
  });
  await interleaved(ground, sizes.rounds, talkedTo);
  const of = (runs: readonly Run[], take: (run: Run) => number): number => median(runs.map(take));
  const runs = quiet.gateway.length;
  const start = (one: Run): number => one.workingAt - one.spawnedAt;
  const collect = (one: Run): number => one.readAt - one.releasedAt;
  const talks = (phase: keyof typeof phases, take: typeof median) => ({
    unit: 'ms' as const,
    value: take(phases[phase].gateway),
    floor: take(phases[phase].floor),
    samples: phases[phase].gateway.length,
  });
  return [
    figure({
      id: 'crowd.at-work',
      name: `${n} subagents: spawn → all at work`,
      unit: 'ms',
      value: of(quiet.gateway, start),
      floor: of(quiet.floor, start),
      samples: runs,
    }),
    figure({
      id: 'crowd.read',
      name: `${n} subagents released at once → the last one's news read`,
      unit: 'ms',
      value: of(quiet.gateway, collect),
      floor: of(quiet.floor, collect),
      samples: runs,
      aim: { kind: 'overhead', times: 2, plus: 0 },
    }),
    figure({
      id: 'crowd.requests',
      name: `the same, in how many requests (most)`,
      unit: 'requests',
      value: Math.max(...quiet.gateway.map((one) => one.requests)),
      floor: Math.max(...quiet.floor.map((one) => one.requests)),
      samples: runs,
      aim: { kind: 'at most', value: 2 },
    }),
    figure({
      id: 'main.median',
      name: `main chat's turn while ${n} wait, median`,
      ...talks('waiting', median),
    }),
    figure({
      id: 'main.worst.spawn',
      name: `main chat's worst turn while ${n} are spawned`,
      ...talks('spawning', worst),
      aim: { kind: 'at most', value: 150 },
    }),
    figure({
      id: 'main.worst.wait',
      name: `main chat's worst turn while ${n} wait`,
      ...talks('waiting', worst),
      aim: { kind: 'at most', value: 150 },
    }),
    figure({
      id: 'main.worst.end',
      name: `main chat's worst turn while ${n} end`,
      ...talks('ending', worst),
      aim: { kind: 'at most', value: 150 },
    }),
  ];
}

function took(told: Told): number {
  return told.endedAt - told.sentAt;
}
