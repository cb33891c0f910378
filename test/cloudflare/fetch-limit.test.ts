/** What a tool of a Worker may take in all: the wait for a place is part of it. */
import { expect, test, vi } from 'vitest';
import type { QueuedFetch } from '../../src/hosts/cloudflare/connections.ts';
import { fetchWorkshop } from '../../src/hosts/cloudflare/workshop.ts';
import { makeFetchPolicy } from '../../src/tools/fetch-policy.ts';

const LIMIT_MS = 600_000;

test('a page that had to wait for its place has only the rest of the time', async () => {
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  // Each page comes when the test says so.
  const fetch: QueuedFetch = (input, init, onTurn) => {
    const url = String(input);
    asked.push(url);
    onTurn?.();
    return new Promise((resolve, reject) => {
      const signal = init?.signal;
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      answers.set(url, () => resolve(new Response('Here.', { headers: { 'content-type': 'text/plain' } })));
    });
  };
  const workshop = fetchWorkshop({ policy: makeFetchPolicy({ allow: [], refuse: [] }), fetch });
  const read = (n: number) =>
    workshop.run(
      { session: 'chat_1', chat: 'chat_1', attempt: 0, path: '' },
      { id: `call_${n}`, name: 'web_fetch', input: { url: `https://site.example.org/${n}` } },
      { signal: new AbortController().signal, onAlive: () => {}, limitMs: LIMIT_MS },
    );
  const first = [1, 2, 3, 4].map(read);
  const waits = read(5);
  await expect.poll(() => asked.length).toBe(4);
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + LIMIT_MS);
  try {
    for (const answer of answers.values()) answer();
    for (const one of await Promise.all(first)) expect(one).toMatchObject({ ok: true });
    expect(await waits).toMatchObject({ ok: false, text: expect.stringMatching(/^Not fetched: /) });
  } finally {
    clock.mockRestore();
  }
});
