/** The judge of fault runs judges: each way in which a log can betray a promise is seen. */
import { describe, expect, test } from 'vitest';
import type { Recorded, SessionEvent } from '../../src/core/events.ts';
import { cast, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { makeLogBook, readLogs, type StoredLog } from './log-book.ts';
import { type Evidence, judge } from './oracle.ts';

let made: Promise<Evidence> | undefined;
let evidence: Evidence;
let chat = '';
let child = '';

/** The evidence of a small world in which all went well. */
async function smallWorld(): Promise<Evidence> {
  const house = await openHouse({
    script: cast({
      main: (request) =>
        request.lastUserText.includes('Begin') ? { toolCalls: [spawn('Toil.')] } : { text: 'Well.' },
      Toil: { text: 'Toiled.' },
    }),
  });
  const talk = await house.client.newChat();
  chat = talk.id;
  const feed = talk.feed({ durableOnly: true });
  const { seq } = await talk.say('Begin.');
  await feed.first('announcement.read');
  await feed.until(() => feed.all('turn.ended').length === 2);
  child = (await talk.subagents())[0]?.id ?? '';
  await house.stop();
  const logs = readLogs(house.data);
  return {
    logs,
    promised: [{ kind: 'message', chat, seq, text: 'Begin.' }],
    shown: [{ chat, entries: [...feed.entries] }],
    billedUsd: house.simulator.counts.billedUsd,
  };
}

/** The same evidence with one log changed. */
function changed(session: string, change: (log: readonly Recorded[]) => readonly Recorded[]): Evidence {
  return {
    ...evidence,
    logs: evidence.logs.map((one) => (one.session === session ? { ...one, log: change(one.log) } : one)),
  };
}

/** The log with an event put behind the first that fits, numbered anew. */
function withMore(log: readonly Recorded[], fits: (event: SessionEvent) => boolean): Recorded[] {
  const at = log.findIndex(({ event }) => fits(event));
  const again = log[at];
  if (!again) throw new Error('no event fits');
  return [...log.slice(0, at + 1), again, ...log.slice(at + 1)].map((one, n) => ({ ...one, seq: n + 1 }));
}

function without(log: readonly Recorded[], fits: (event: SessionEvent) => boolean): Recorded[] {
  const at = log.findIndex(({ event }) => fits(event));
  if (at < 0) throw new Error('no event fits');
  return log.filter((_, n) => n !== at).map((one, n) => ({ ...one, seq: n + 1 }));
}

const isNews = (event: SessionEvent): boolean =>
  event.type === 'mail.accepted' && event.body.kind === 'announcement';
const isMessage = (event: SessionEvent): boolean =>
  event.type === 'mail.accepted' && event.body.kind === 'message';
const settles = (event: SessionEvent): boolean =>
  event.type === 'mail.settled' && event.announcement !== undefined;

describe('the judge of fault runs', () => {
  test('finds nothing in a world where all went well, and every way in which it could not have', async () => {
    made ??= smallWorld();
    evidence = await made;
    expect(judge(evidence).breaches).toEqual([]);
    expect(evidence.billedUsd).toBeGreaterThan(0);
    expect(judge(evidence).counts).toMatchObject({ messages: 1, spawns: 1, endings: 1, read: 1, crashes: 0 });

    const planted: Record<string, Evidence> = {
      'were billed, and the accounts say': { ...evidence, billedUsd: evidence.billedUsd + 0.01 },
      'accepted 2 times': changed(chat, (log) => withMore(log, isMessage)),
      'promised and stands in the log 0 times': changed(chat, (log) => without(log, isMessage)),
      'announced 2 times': changed(chat, (log) => withMore(log, isNews)),
      'announced 0 times': changed(chat, (log) => without(log, isNews)),
      'never settled': changed(chat, (log) => without(log, settles)),
      'settled 2 times': changed(chat, (log) => withMore(log, settles)),
      'answered twice': changed(chat, (log) => withMore(log, (event) => event.type === 'step.answered')),
      'its attempts ended as': changed(child, (log) =>
        withMore(log, (event) => event.type === 'attempt.ended'),
      ),
      'though all is at rest': changed(child, (log) => log.slice(0, -3)),
      'was spawned 2 times': changed(chat, (log) =>
        withMore(log, (event) => event.type === 'subagent.spawned'),
      ),
      'was never born': { ...evidence, logs: evidence.logs.filter(({ session }) => session !== child) },
      'of the feed is': {
        ...evidence,
        shown: evidence.shown.map((one) => ({ ...one, entries: one.entries.slice(1) })),
      },
      'stands at': changed(chat, (log) => log.filter(({ seq }) => seq !== 5)),
    };
    for (const [words, world] of Object.entries(planted)) {
      expect(judge(world).breaches.join('\n'), words).toContain(words);
    }
  });

  test('a log that lost its end, or in which a byte changed, is seen', async () => {
    made ??= smallWorld();
    evidence = await made;
    const [first] = evidence.logs;
    if (!first) throw new Error('there is no log');
    const book = () => {
      const one = makeLogBook();
      expect(one.compare(evidence.logs)).toEqual([]);
      return one;
    };
    const others = evidence.logs.slice(1);
    const changedTo = (rows: StoredLog['rows']) => [{ ...first, rows }, ...others];
    expect(book().compare(evidence.logs)).toEqual([]);
    expect(book().compare(changedTo(first.rows.slice(0, -1)))[0]).toContain('had');
    const edited = first.rows.map((row) => (row.seq === 3 ? { ...row, event: `${row.event} ` } : row));
    expect(book().compare(changedTo(edited))[0]).toContain('are not what they were');
    expect(book().compare(others)[0]).toContain('is gone');
  });
});
