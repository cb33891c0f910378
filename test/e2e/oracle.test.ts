/** The judge of houses judges: on every host, what its logs can betray is seen, at rest and in the middle of things. */
import { describe, expect, test } from 'vitest';
import type { Recorded, SessionEvent } from '../../src/core/events.ts';
import type { StoredLog } from '../fault/log-book.ts';
import { cast, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { oracle } from './oracle.ts';

type Logs = Readonly<Record<'chat' | 'child', readonly Recorded[]>>;

/** A small world in which all went well. */
async function smallWorld(): Promise<{ logs: Logs; names: Record<keyof Logs, string>; billedUsd: number }> {
  const house = await openHouse({
    script: cast({
      main: (request) =>
        request.lastUserText.includes('Begin') ? { toolCalls: [spawn('Toil.')] } : { text: 'Well.' },
      Toil: { text: 'Toiled.', gate: 'toil' },
    }),
  });
  const talk = await house.client.newChat();
  const feed = talk.feed();
  await talk.say('Begin.');
  await feed.first('turn.ended');
  house.simulator.open('toil');
  const { subagentId } = await feed.first('announcement.read');
  await feed.until(() => feed.all('turn.ended').length === 2);
  await house.stop();
  expect(house.sessions().toSorted()).toEqual([talk.id, subagentId].toSorted());
  return {
    logs: { chat: house.log(talk.id), child: house.log(subagentId) },
    names: { chat: talk.id, child: subagentId },
    billedUsd: house.simulator.counts.billedUsd,
  };
}

function renumbered(log: readonly Recorded[]): Recorded[] {
  return log.map((one, at) => ({ ...one, seq: at + 1 }));
}

function without(log: readonly Recorded[], fits: (event: SessionEvent) => boolean): Recorded[] {
  const at = log.findIndex(({ event }) => fits(event));
  return renumbered(log.filter((_, n) => n !== at));
}

function twice(log: readonly Recorded[], fits: (event: SessionEvent) => boolean): Recorded[] {
  const at = log.findIndex(({ event }) => fits(event));
  return renumbered(log.flatMap((one, n) => (n === at ? [one, one] : [one])));
}

const isNews = (event: SessionEvent): boolean =>
  event.type === 'mail.accepted' && event.body.kind === 'announcement';
const settles = (event: SessionEvent): boolean =>
  event.type === 'mail.settled' && event.announcement !== undefined;

describe('the judge of houses', () => {
  test('finds nothing where all went well, at any moment, and each breach that is planted', async () => {
    const { logs, names, billedUsd } = await smallWorld();
    const stored = (changes: Partial<Logs>): StoredLog[] =>
      Object.entries({ ...logs, ...changes }).map(([who, log]) => ({
        session: who === 'chat' ? names.chat : names.child,
        rows: [],
        log,
      }));
    const judged = (changes: Partial<Logs>) => oracle({ logs: stored(changes), billedUsd }).join('\n');
    expect(judged({})).toBe('');
    // A gateway that went down before the parent had heard leaves a log that ends sooner, and nothing is wrong.
    const heard = logs.chat.findIndex(({ event }) => isNews(event));
    const sent = logs.child.findIndex(
      ({ event }) => event.type === 'mail.posted' && event.mail.body.kind === 'announcement',
    );
    expect(judged({ chat: logs.chat.slice(0, heard), child: logs.child.slice(0, sent + 1) })).toBe('');

    const hole = logs.chat.filter(({ seq }) => seq !== 3);
    expect(judged({ chat: hole })).toMatch(/event 4 stands at 3/);
    expect(judged({ chat: logs.chat.slice(0, heard) })).toMatch(/is no longer sent, and was never accepted/);
    expect(judged({ child: logs.child.slice(0, sent) })).toMatch(/was never sent/);
    expect(judged({ chat: twice(logs.chat, isNews) })).toMatch(/was announced 2 times|mail 1 of .* behind 1/);
    expect(judged({ chat: twice(logs.chat, settles) })).toMatch(/settled 2 times|settles as read/);
    expect(judged({ chat: without(logs.chat, (event) => event.type === 'step.answered') })).toMatch(
      /no answered step held it|can't be folded/,
    );
    expect(oracle({ logs: stored({}), billedUsd: billedUsd + 0.01 }).join()).toMatch(/were billed/);
    expect(oracle({ logs: stored({}).slice(0, 1), billedUsd }).join()).toMatch(/was never born/);
  });
});
