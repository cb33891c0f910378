/**
 * The data of every earlier release under this one: it reads as it did, what was at work is taken up, no news is
 * lost or told twice, and every session goes on from the bytes of its log.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeEvent } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import { FOLD_VERSION, type Session } from '../../src/core/session.ts';
import { sumOf } from '../../src/hosts/node/store/rows.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import type { ScriptFunction } from '../../src/simulator/script.ts';
import { freshFolder, type House, openHouse } from '../e2e/harness.ts';
import { differences } from './differences.ts';
import { digest, digestOfParams, type Kept, keptReleases } from './kept.ts';
import { storyModels } from './story.ts';

/** Holds every answer until the test has looked around. */
const goOn: ScriptFunction = () => ({ text: 'Going on.', gate: 'hold' });

async function openKept(kept: Kept, spoil: (data: string) => void = () => {}): Promise<House> {
  const folder = freshFolder();
  kept.unpack(join(folder, 'data'));
  spoil(join(folder, 'data'));
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'README.md'), '# App\n');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: app });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('-c', 'user.name=App', '-c', 'user.email=app@example.com', 'commit', '-q', '-m', 'Begin');
  return openHouse({ folder, config: { repositories: { app }, models: storyModels }, script: goOn });
}

async function look(house: House, path: string): Promise<unknown> {
  const response = await fetch(`${house.url}${path}`, {
    headers: { accept: 'application/json', authorization: `Bearer ${house.token}` },
  });
  expect([path, response.status]).toEqual([path, 200]);
  return response.json();
}

/** A snapshot that this release must not read, in the place of each one that an earlier fold made. */
function poisonSnapshots(data: string): void {
  const db = new DatabaseSync(join(data, 'tidings.db'));
  const old = db.prepare('SELECT session, seq, version FROM snapshots WHERE version <> ?').all(FOLD_VERSION);
  const set = db.prepare('UPDATE snapshots SET state = ?, sum = ? WHERE session = ?');
  for (const { session, seq, version } of old) {
    set.run('{"poison":true}', sumOf('{"poison":true}', Number(seq), Number(version)), session ?? null);
  }
  db.close();
}

function endsOfLogs(data: string, sessions: readonly string[]): Map<string, number> {
  const store = openStore(data);
  const ends = new Map(sessions.map((id) => [id, store.session(id)?.seq ?? 0]));
  store.close();
  return ends;
}

const askingSchema = z.object({
  subagents: z.array(z.object({ id: z.string(), inputRequest: z.object({ id: z.string() }).optional() })),
});
const readingSchema = z.object({ events: z.array(z.object({ event: z.string(), data: z.unknown() })) });
const readSchema = z.object({ subagentId: z.string(), attempt: z.number() });
const chatsSchema = z.object({ chats: z.array(z.object({ id: z.string() })) });

describe.each(keptReleases)('the data of release $name', (kept) => {
  const sessions = Object.keys(kept.transcripts());

  test('opens, and every log decodes and folds to its end', () => {
    const folder = join(freshFolder(), 'data');
    kept.unpack(folder);
    const store = openStore(folder);
    try {
      expect(sessions.length).toBeGreaterThan(30);
      for (const id of sessions) {
        let state: Session | undefined;
        for (const row of store.events(id, 0, 1_000_000)) state = evolve(state, decodeEvent(row));
        expect([id, state?.seq]).toEqual([id, store.session(id)?.seq]);
        expect(state?.chat).toBe(store.session(id)?.chat);
      }
    } finally {
      store.close();
    }
  });

  test('reads as it did, whatever its snapshots say', async () => {
    const house = await openKept(kept, poisonSnapshots);
    const different: string[] = [];
    for (const [path, before] of Object.entries(kept.answers())) {
      different.push(...differences(path, before, await look(house, path)));
    }
    expect(different).toEqual([]);
  });

  test('is taken up: what was at work ends, each news is read once, each session goes on from its log', async () => {
    let before = new Map<string, number>();
    const house = await openKept(kept, (data) => {
      before = endsOfLogs(data, sessions);
    });
    const { chats } = chatsSchema.parse(kept.answers()['/v1/chats?limit=100']);
    for (const { id } of chats) {
      const chat = house.client.chat(id);
      await chat.say('Go on.', { id: 'on' });
      // What was asked under the release is answered now, and once.
      const { subagents } = askingSchema.parse(kept.answers()[chat.path('/subagents')]);
      for (const { id: target, inputRequest } of subagents) {
        if (inputRequest === undefined) continue;
        const answer = { request: inputRequest.id, text: 'As you please.' };
        const path = chat.path(`/subagents/${target}/answer`);
        expect((await house.client.post(path, answer)).status).toBe(200);
        expect((await house.client.post(path, answer)).status).toBe(409);
      }
    }
    house.simulator.open('hold');
    for (const { id } of chats) {
      const chat = house.client.chat(id);
      await house.simulator.until(() => house.simulator.counts.inFlight === 0);
      await expect
        .poll(
          async () => {
            const all = await chat.subagents();
            const open = all.filter(
              ({ status, announcement }) =>
                ['queued', 'running', 'waiting'].includes(status) || announcement === 'pending',
            );
            return [(await chat.view()).status, open.map(({ path, status }) => `${path} ${status}`)];
          },
          { timeout: 30_000 },
        )
        .toEqual(['idle', []]);
      // The same words again are the words that were said before the release.
      expect((await chat.messages()).filter(({ text }) => text === 'Go on.')).toHaveLength(1);
    }

    const reads = new Map<string, number>();
    const wanted: string[] = [];
    for (const { id } of chats) {
      const chat = house.client.chat(id);
      const all = await chat.subagents();
      for (const path of [chat.path(), ...all.map((one) => chat.path(`/subagents/${one.id}`))]) {
        const { events } = readingSchema.parse(await look(house, `${path}/events?after=0&limit=1000`));
        for (const { event, data } of events) {
          if (event !== 'announcement.read') continue;
          const { subagentId, attempt } = readSchema.parse(data);
          reads.set(`${subagentId} ${attempt}`, (reads.get(`${subagentId} ${attempt}`) ?? 0) + 1);
        }
      }
      for (const one of all) {
        expect(['read', 'withdrawn']).toContain(one.announcement);
        if (one.announcement === 'read') wanted.push(`${one.id} ${one.attempt}`);
      }
    }
    expect([...reads.values()].filter((times) => times !== 1)).toEqual([]);
    expect(wanted.filter((news) => !reads.has(news))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(25);
    await house.stop();

    const heard = house.requests.map(({ body }) => ({
      params: digestOfParams(body),
      messages: z.array(z.unknown()).parse(body.messages).map(digest),
    }));
    const continued: string[] = [];
    for (const [id, log] of Object.entries(kept.transcripts())) {
      const first = heard.find(({ messages }) => messages[0] === log.messages[0]);
      if (!first || log.messages.length === 0) continue;
      const goesOn =
        first.params === log.params && log.messages.every((message, at) => first.messages[at] === message);
      const anew = house
        .log(id)
        .some(({ seq, event }) => event.type === 'prefix.started' && seq > (before.get(id) ?? 0));
      continued.push(`${id} ${goesOn || anew ? 'goes on' : 'begins with other bytes'}`);
    }
    expect(continued.filter((one) => !one.endsWith('goes on'))).toEqual([]);
    expect(continued.length).toBeGreaterThanOrEqual(chats.length - 1);
  });
});
