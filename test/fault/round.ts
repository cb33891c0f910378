/**
 * One round of a fault run, on whatever host: people keep chats busy while the host is harmed at random moments; then
 * all comes to rest and is judged. Owns the order of things; how a host is harmed and read is its site's affair.
 */
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { type Client, makeClient } from '../e2e/client.ts';
import type { FeedReader } from '../e2e/feed-reader.ts';
import { apiKey } from '../e2e/house-environment.ts';
import { makePrefixWatch } from '../e2e/prefix-watch.ts';
import type { Choices } from '../simulation/choices.ts';
import { makeLogBook, type StoredLog } from './log-book.ts';
import { type Counts, judge, noCounts } from './oracle.ts';
import { makePerson, type Person } from './people.ts';
import { playAt } from './play.ts';
import { comeToRest } from './rest.ts';

/** A host that can be harmed, with all that it stores in a place of its own. */
export interface Site {
  readonly url: () => string;
  readonly token: () => string;
  /** Resolves once it answers; rejects if it does not come up. */
  ready(): Promise<void>;
  /** Harms it at a moment of its choice. Returns whether that counts as one more blow. */
  strike(): Promise<boolean>;
  /** Right after a blow: what is stored, where that can be read now. */
  look?(): StoredLog[];
  /** After a blow and a look: brings it up again; need not wait for it. */
  up(): void;
  /** All came to rest: ends it in order, and reads what it leaves behind. */
  end(): Promise<StoredLog[]>;
  /** Ends whatever still runs; removes its folder unless that is to be looked into. */
  clear(keep: boolean): Promise<void>;
}

/** What every host of a fault run is told: ceilings that are not to be met, and short of nothing. */
export const plenty = {
  TIDINGS_MAX_CHILDREN: '4',
  TIDINGS_MAX_SPAWNS: '100000',
  // Each blow charges what was under way; how a budget holds is shown elsewhere.
  TIDINGS_CHAT_BUDGET_USD: '1000000',
  TIDINGS_SUBAGENT_BUDGET_USD: '1000',
};

interface RoundOptions {
  /** Begins the names of its chats' requests. */
  readonly name: string;
  readonly choices: Choices;
  readonly chats: number;
  readonly blows: number;
  /** Whether people follow their feeds; by default they do. */
  readonly feeds?: boolean;
  /** @param breach told of what must not be */
  readonly open: (simulator: Simulator, breach: (what: string) => void) => Promise<Site>;
  /** Told after each blow. */
  readonly struck?: () => void;
}

export interface Outcome {
  readonly counts: Counts;
  readonly requests: number;
  readonly breaches: readonly string[];
}

/** Between two looks at the stored logs. */
const BLOWS_PER_LOOK = 4;

export async function playRound(options: RoundOptions): Promise<Outcome> {
  const { blows } = options;
  const breaches: string[] = [];
  const breach = (what: string): void => void breaches.push(what);
  const prefixes = makePrefixWatch();
  const simulator = await startSimulator({
    script: playAt(() => simulator.url),
    apiKey,
    record: 'none',
    onRequest: prefixes.see,
  });
  const site = await options.open(simulator, breach);
  const client = makeClient(site);
  let counts = noCounts();
  try {
    await site.ready();
    const people = await gather(client, options);
    const followed = options.feeds === false ? [] : people;
    const readers = followed.map(({ chat }) => chat.feed({ durableOnly: true }));
    const book = makeLogBook();
    for (let done = 0; done < blows; ) {
      if (await site.strike()) {
        done += 1;
        options.struck?.();
      }
      if (site.look && done % BLOWS_PER_LOOK === 0)
        for (const words of book.compare(site.look())) breach(words);
      site.up();
    }
    await site.ready();
    await Promise.all(people.map((person) => person.leave()));
    for (const { chat } of people) await comeToRest(client, chat, breach);
    const shown = await readToTheEnd(people, readers, breach);
    const logs = await site.end();
    const promised = people.flatMap((person) => person.promised);
    const verdict = judge({ logs, promised, shown, billedUsd: simulator.counts.billedUsd });
    for (const words of [
      ...book.compare(logs),
      ...verdict.breaches,
      ...prefixes.breaches,
      ...people.flatMap(({ complaints }) => complaints),
      ...readers.flatMap(({ breaches: wrong }) => wrong),
      ...simulator.violations.map(({ request, id, message }) => `request ${request}: ${id}, ${message}`),
    ]) {
      breach(words);
    }
    counts = verdict.counts;
    return { counts, requests: simulator.counts.requests, breaches };
  } finally {
    await site.clear(breaches.length > 0);
    await simulator.close();
  }
}

async function gather(client: Client, { name, choices, chats }: RoundOptions): Promise<Person[]> {
  const people: Person[] = [];
  for (let n = 0; n < chats; n += 1) people.push(await makePerson(client, `${name}c${n}`, choices));
  return people;
}

/** What the readers were shown, once they have been shown everything. */
async function readToTheEnd(
  people: readonly Person[],
  readers: readonly FeedReader[],
  breach: (words: string) => void,
) {
  const shown = [];
  for (const [index, { chat }] of people.entries()) {
    const reader = readers[index];
    if (!reader) continue;
    const due = (await chat.events()).length;
    await reader
      .until(() => reader.entries.length >= due)
      .catch(() => breach(`${chat.id}: ${reader.entries.length} of ${due} events were shown`));
    await reader.close();
    shown.push({ chat: chat.id, entries: reader.entries });
  }
  return shown;
}
