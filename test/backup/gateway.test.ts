/** Backups of a gateway at work, restored elsewhere: nothing acknowledged is missing, and the work goes on. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeEvent } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import type { Session } from '../../src/core/session.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { amount } from '../amounts.ts';
import { cast, isMain, spawn } from '../e2e/cast.ts';
import { freshFolder, openHouse, openProcessHouse } from '../e2e/harness.ts';
import { tidings } from './command.ts';

const script = cast({
  main: (request) => {
    const wish = /Hand out (\w+)/.exec(request.lastUserText)?.[1];
    if (wish === undefined) return { text: `Noted, ${request.answers}.` };
    return {
      toolCalls: [spawn(`Work on ${wish}.`, { label: `one-${wish}` }), spawn(`Work on ${wish}, too.`)],
    };
  },
  'Work on': (request) => ({ text: 'Done. '.repeat(300), ...(request.answers === 0 ? { delayMs: 5 } : {}) }),
});

/** Every session of a store, folded from its log; one that doesn't fold to its end fails the test. */
function folded(data: string): Map<string, Session> {
  const store = openStore(data);
  const states = new Map<string, Session>();
  try {
    const ids = store.chats({ limit: 1_000 }).map((chat) => chat.id);
    for (const id of ids) {
      let state: Session | undefined;
      for (const row of store.events(id, 0, 1_000_000)) state = evolve(state, decodeEvent(row));
      expect(state?.seq).toBe(store.session(id)?.seq);
      if (!state) continue;
      states.set(id, state);
      // A child's session is there from the commit that delivered its task; its parent knows it before.
      for (const child of Object.keys(state.tree.children)) if (store.session(child)) ids.push(child);
    }
  } finally {
    store.close();
  }
  return states;
}

test('a backup of a gateway under load holds all that was acknowledged before it, and goes on elsewhere', {
  timeout: 180_000,
}, async () => {
  const house = await openProcessHouse({ script });
  const chats = await Promise.all(
    ['a', 'b', 'c'].map(async (title) => ({ ...(await house.client.newChat({ id: title, title })), title })),
  );
  const acknowledged = new Map<string, string[]>(chats.map(({ id }) => [id, []]));
  let busy = true;
  const people = chats.map(async (chat) => {
    const { title } = chat;
    for (let n = 1; busy; n += 1) {
      const text =
        n % 4 === 1 ? `Hand out ${title}${n}.` : `Remember ${title}${n}: ${'so it is, '.repeat(400)}`;
      const { id } = await chat.say(text, { id: `m${n}` });
      acknowledged.get(chat.id)?.push(id);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  for (const chat of chats) {
    await expect
      .poll(async () => (await chat.subagents()).filter((one) => one.announcement === 'read').length, {
        timeout: 30_000,
      })
      .toBeGreaterThan(1);
  }
  const owner = readFileSync(join(house.data, 'owner.json'), 'utf8');
  const backups: { file: string; before: Map<string, string[]> }[] = [];
  for (let round = 0; round < amount(3, 12); round += 1) {
    const before = new Map([...acknowledged].map(([chat, ids]) => [chat, [...ids]]));
    const file = join(house.folder, `backup-${round}.db`);
    const { code, complained } = await tidings(['backup', file], {
      cwd: house.folder,
      env: { TIDINGS_DATA: house.data },
    });
    expect([code, complained]).toEqual([0, '']);
    // People were answered while it was taken, and the folder is owned as before.
    expect([...acknowledged.values()].flat().length).toBeGreaterThan([...before.values()].flat().length);
    backups.push({ file, before });
  }
  expect(readFileSync(join(house.data, 'owner.json'), 'utf8')).toBe(owner);
  busy = false;
  await Promise.all(people);

  for (const { file, before } of backups) {
    const folder = freshFolder();
    const data = join(folder, 'data');
    const { code, complained } = await tidings(['restore', file], {
      cwd: folder,
      env: { TIDINGS_DATA: data },
    });
    expect([code, complained]).toEqual([0, '']);
    const copy = join(freshFolder(), 'data');
    cpSync(data, copy, { recursive: true });
    expect(folded(copy).size).toBeGreaterThanOrEqual(9);

    const elsewhere = await openHouse({ folder, script });
    expect(elsewhere.token).not.toBe(house.token);
    for (const { id, title } of chats) {
      const chat = elsewhere.client.chat(id);
      const there = (await chat.messages()).map((message) => message.id);
      expect(before.get(id)?.filter((message) => !there.includes(message))).toEqual([]);
      expect(new Set(there).size).toBe(there.length);
      // The same request again is known, if it was before the backup; the next one is new.
      if ((before.get(id)?.length ?? 0) > 0) {
        expect((await chat.say(`Hand out ${title}1.`, { id: 'm1' })).id).toBe(before.get(id)?.[0]);
      }
      await chat.say('And now?', { id: 'after' });
      const settled = async () => {
        const all = await chat.subagents();
        return [(await chat.view()).status, all.filter((one) => one.announcement !== 'read').length];
      };
      await expect.poll(settled, { timeout: 90_000 }).toEqual(['idle', 0]);
      const feed = await chat.events();
      const reads = feed.flatMap((entry) =>
        entry.name === 'announcement.read' ? [`${entry.data.subagentId} ${entry.data.attempt}`] : [],
      );
      expect(new Set(reads).size).toBe(reads.length);
      expect(reads).toHaveLength((await chat.subagents()).length);
    }
    expect(elsewhere.requests.some(isMain)).toBe(true);
    await elsewhere.stop();
  }
  expect(existsSync(join(house.data, 'owner.json'))).toBe(true);
});
