/** A session's alarm is lost, comes late, or comes twice: its work is done all the same, and once. */
import { describe, expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { amount } from '../../amounts.ts';
import { firstWords, isMain, spawn } from '../../e2e/cast.ts';
import type { Chat } from '../../e2e/client.ts';
import { type FaultHouse, openFaultHouse } from './house.ts';

/** Each chat has a boss with a worker below it; whoever a gate is named after waits there with its first answer. */
function script(request: ParsedRequest): Reply {
  if (isMain(request)) {
    const [, run = ''] = /Begin (\w+)\./.exec(request.lastUserText) ?? [];
    if (run === '') return { text: 'Well.' };
    return { gate: `main ${run}`, toolCalls: [spawn(`Lead ${run}.`, { label: 'boss' })] };
  }
  const [, part = '', run = ''] = /(Lead|Toil for) (\w+)\./.exec(firstWords(request)) ?? [];
  if (request.answers > 0) return { text: `Done: ${part} ${run}.` };
  if (part === 'Lead') {
    return { gate: `boss ${run}`, toolCalls: [spawn(`Toil for ${run}.`, { label: 'worker' })] };
  }
  return { gate: `worker ${run}`, text: `Toiled for ${run}.` };
}

type Part = 'main' | 'boss' | 'worker';
const parts = ['main', 'boss', 'worker'] as const;

/** A chat in which everybody who comes before `part` has done what there is, and `part` is in the middle of a step. */
async function upTo(house: FaultHouse, run: string, part: Part): Promise<{ chat: Chat; session: string }> {
  const { simulator, client } = house;
  const chat = await client.newChat();
  for (const one of parts.slice(0, parts.indexOf(part))) simulator.open(`${one} ${run}`);
  await house.say(chat, `Begin ${run}.`);
  await simulator.until(() => simulator.waiting(`${part} ${run}`) === 1);
  if (part === 'main') return { chat, session: chat.id };
  const found = await chat.subagents();
  const session = found.find(({ label }) => label === part)?.id ?? '';
  return { chat, session };
}

async function ends(house: FaultHouse, chat: Chat, run: string): Promise<void> {
  for (const part of parts) house.simulator.open(`${part} ${run}`);
  const all = async (): Promise<string> => {
    const tree = await chat.subagents();
    return [
      (await chat.view()).status,
      ...tree.map(({ status, announcement }) => `${status} ${announcement}`),
    ].join();
  };
  await expect.poll(all, { timeout: 60_000 }).toBe('idle,completed read,completed read');
}

interface Lost {
  readonly house: FaultHouse;
  readonly chat: Chat;
  readonly session: string;
}

const read = ({ chat }: Lost) => chat.view();
const word = ({ house, chat }: Lost) => house.say(chat, 'How is it going?');
const late = ({ house, session }: Lost) => house.bell({ what: 'ring', session, times: 1 });
const above = ({ house, chat }: Lost) => house.bell({ what: 'nudge', session: chat.id });
const seen = ({ chat, session }: Lost) => chat.subagent(session);
const mail = ({ chat, session }: Lost) => chat.steer(session, 'Mind it.');
const followed = ({ chat, session }: Lost) => chat.feed({ subagent: session });

type Coming = readonly [Part, (lost: Lost) => unknown];

/** What may bring a session back whose object was reset in the middle of a step and whose alarm is gone. */
const lost: readonly Coming[] = [
  ['main', read],
  ['main', word],
  ['boss', seen],
  ['boss', mail],
  ['boss', above],
  ['worker', seen],
  ['worker', mail],
  ['worker', above],
  ['worker', followed],
];

/** Runs them, a few at once. */
async function each(count: number, run: (name: string, n: number) => Promise<void>): Promise<void> {
  const left = Array.from({ length: count }, (_, n) => n);
  const one = async (): Promise<void> => {
    for (let n = left.shift(); n !== undefined; n = left.shift()) await run(`r${n}`, n);
  };
  await Promise.all(Array.from({ length: 5 }, one));
}

const runs = amount(20, 100);

describe('a session that was reset in the middle of a step', () => {
  /** Each time the object loses its alarm with all else that it had in memory, and then this comes. */
  async function comesBack(comings: readonly Coming[]): Promise<void> {
    const house = await openFaultHouse(script);
    const { simulator } = house;
    await house.bell({ what: 'alarms', are: 'lost' });
    await each(runs, async (run, n) => {
      const [part, come] = comings[n % comings.length] ?? ['main', read];
      const { chat, session } = await upTo(house, run, part);
      await house.bell({ what: 'lose', session });
      expect(await house.bell({ what: 'due', session })).toBeNull();
      await simulator.until(() => simulator.waiting(`${part} ${run}`) === 0);
      await come({ house, chat, session });
      // By this and by nothing else: whoever asks how it stands would bring it back, too.
      await simulator.until(() => simulator.waiting(`${part} ${run}`) === 1);
      await ends(house, chat, run);
    });
    await house.judged();
  }

  test('and whose alarm is lost goes on with whatever comes next: a reader, words, mail, its parent', async () => {
    await comesBack(lost);
  });

  test('and whose alarm comes late goes on with it', async () => {
    await comesBack(parts.map((part) => [part, late]));
  });

  test('and whose alarm comes twice, or while all is well, does nothing twice', async () => {
    const house = await openFaultHouse(script);
    await house.bell({ what: 'alarms', are: 'heard twice' });
    await each(runs, async (run, n) => {
      const part = parts[n % parts.length] ?? 'main';
      const { chat, session } = await upTo(house, run, part);
      await house.bell({ what: 'ring', session, times: 2 });
      if (n % 2 === 0) await house.bell({ what: 'reset', session });
      await house.bell({ what: 'hurry', session });
      await ends(house, chat, run);
      await house.bell({ what: 'ring', session, times: 2 });
    });
    expect(await house.bell({ what: 'count' })).toBeGreaterThanOrEqual(runs);
    await house.judged();
  });
});

describe('a session at rest', () => {
  test('looks after its subagents every few minutes, and after nothing when none is left', async () => {
    const house = await openFaultHouse(script);
    const { chat } = await upTo(house, 'watch', 'worker');
    const boss = await chat.subagent('boss');
    for (const session of [chat.id, boss.id]) {
      await house.bell({ what: 'ring', session, times: 1 });
      const due = await house.bell({ what: 'due', session });
      expect(due).toBeGreaterThan(100_000);
      expect(due).toBeLessThanOrEqual(300_000);
    }
    await ends(house, chat, 'watch');
    for (const session of [chat.id, boss.id]) {
      await house.bell({ what: 'lose', session });
      await house.bell({ what: 'ring', session, times: 1 });
    }
    expect(await house.bell({ what: 'due', session: boss.id })).toBeNull();
    // What ended is cleared away some day, of the whole chat at once.
    expect(await house.bell({ what: 'due', session: chat.id })).toBeGreaterThan(80_000_000);
    await house.judged();
  });
});

describe('an alarm that finds its object unable to work', () => {
  test('is set again for as long as that lasts, and the work goes on when it is over', async () => {
    const house = await openFaultHouse(script);
    const { chat, session } = await upTo(house, 'shut', 'worker');
    await house.restart({ token: false });
    const before = (await house.bell({ what: 'count' })) ?? 0;
    for (let n = 1; n <= 3; n += 1) {
      await house.bell({ what: 'hurry', session });
      await expect.poll(() => house.bell({ what: 'count' })).toBe(before + n);
      await expect.poll(() => house.bell({ what: 'due', session })).toBeGreaterThan(1_000);
    }
    await house.restart();
    await house.bell({ what: 'hurry', session });
    await house.simulator.until(() => house.simulator.waiting('worker shut') > 0);
    await ends(house, chat, 'shut');
    await house.judged();
  });
});
