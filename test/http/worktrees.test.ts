import { describe, expect, test } from 'vitest';
import type { WorktreeRefusal, Worktrees } from '../../src/core/ports.ts';
import { nowhere } from '../../src/gateway/gateway.ts';
import { type Door, openDoor } from './door.ts';

const landed = {
  branch: 'subagent/a',
  base: 'main',
  commit: 'c0ffee12345678',
  files: ['x', 'y'],
  already: false,
  overlaps: [],
};

/** A door whose subagent `a` has ended, and whose worktree answers like this. */
async function door(worktrees: Partial<Worktrees> = {}): Promise<{ door: Door; at: string }> {
  const opened = openDoor({ workshop: { ...nowhere, worktrees: { ...nowhere.worktrees, ...worktrees } } });
  const chat = await opened.chat();
  const at = `/v1/chats/${chat}`;
  await opened.post(`${at}/subagents`, { task: 'quick', label: 'a' });
  await opened.until(() =>
    Object.values(opened.runtime.state(chat)?.tree.cards ?? {}).some(({ status }) => status === 'completed'),
  );
  return { door: opened, at };
}

describe('landing over HTTP', () => {
  test('is done once for a request with an id, told in the chat, and answered as the first time', async () => {
    let times = 0;
    const { door: open, at } = await door({
      land: async () => {
        times += 1;
        return { ok: true, landed };
      },
    });
    const body = { message: 'Add x', id: 'l1' };
    const first = await open.post(`${at}/subagents/a/land`, body);
    expect(first).toMatchObject({
      status: 200,
      body: { landed: { commit: 'c0ffee12345678', base: 'main' } },
    });
    expect(await open.post(`${at}/subagents/a/land`, body)).toMatchObject({ status: 200, body: first.body });
    const later = open.restart();
    expect(await later.post(`${at}/subagents/a/land`, body)).toMatchObject({ status: 200, body: first.body });
    expect(times).toBe(1);
    expect((await later.post(`${at}/subagents/a/land`, { ...body, message: 'Other' })).status).toBe(409);
    const { body: messages } = await later.get(`${at}/messages`);
    expect(JSON.stringify(messages)).toContain('a landed on main as c0ffee123456: 2 files.');
  });

  test('the same request twice at once is done once, and both are told the same', async () => {
    let times = 0;
    const { door: open, at } = await door({
      remove: async () => {
        times += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return times === 1
          ? { ok: true, branch: 'subagent/a', lost: 0 }
          : { ok: false, why: 'none', message: 'It has no worktree.', files: [] };
      },
    });
    const twice = await Promise.all([1, 2].map(() => open.post(`${at}/subagents/a/remove`, { id: 'r1' })));
    expect(twice.map(({ status }) => status)).toEqual([200, 200]);
    expect(twice[0]?.body).toEqual(twice[1]?.body);
    expect(times).toBe(1);
  });

  test.each([
    ['conflict', 409],
    ['dirty', 409],
    ['unlanded', 409],
    ['nothing', 409],
    ['base', 409],
    ['none', 404],
    ['failed', 503],
  ] as const)('that is refused as %s is answered %i, with the words and the files', async (why, status) => {
    const refusal: WorktreeRefusal = { ok: false, why, message: 'It does not fit.', files: ['src/a.ts'] };
    const { door: open, at } = await door({ land: async () => refusal });
    expect(await open.post(`${at}/subagents/a/land`)).toMatchObject({
      status,
      body: { detail: 'a: It does not fit.', files: ['src/a.ts'] },
    });
  });

  test('of one that is at work, that is nobody’s, or that more than one could be is refused', async () => {
    const { door: open, at } = await door();
    await open.post(`${at}/subagents`, { task: 'hold:b', label: 'b' });
    expect(await open.post(`${at}/subagents/b/land`)).toMatchObject({
      status: 409,
      body: { detail: 'b is still at work: wait for its news, or kill it.' },
    });
    expect((await open.post(`${at}/subagents/c/land`)).status).toBe(404);
    expect((await open.post(`${at}/subagents/b/remove`, { discard: true })).status).toBe(409);
    expect(await open.post(`${at}/subagents/a/land`, { message: ' ' })).toMatchObject({ status: 422 });
    expect(await open.post(`${at}/subagents/a/remove`, { discard: 'yes' })).toMatchObject({ status: 422 });
  });
});

describe('a patch over HTTP', () => {
  test('comes by pages, the last of which says so', async () => {
    const patch = 'x'.repeat(200_001);
    const { door: open, at } = await door({ diff: async () => ({ ok: true, patch }) });
    const { body: first } = await open.get(`${at}/subagents/a/diff`);
    expect(first).toMatchObject({ diff: { chars: 200_001, next: 200_000 } });
    expect(await open.get(`${at}/subagents/a/diff?offset=200000`)).toMatchObject({
      body: { diff: { patch: 'x', next: null } },
    });
    expect((await open.get(`${at}/subagents/a/diff?offset=-1`)).status).toBe(422);
  });
});
