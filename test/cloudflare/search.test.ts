/** The search over chats that each keep themselves: the newest first, a bounded number for one page, none hidden by another. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const shape = z.object({
  hits: z.array(
    z.object({ chat: z.string(), seq: z.number().optional(), snippet: z.object({ text: z.string() }) }),
  ),
  next: z.string().nullable(),
});
const made = z.object({ chat: z.object({ id: z.string() }) });

test('a search asks the newest chats that its caller sees, so many for one page, and goes on where it ended', async () => {
  const house = await openWorkerHouse(() => ({ text: 'needle of the answer' }));
  const ada = bearer(await giveToken(house, 'ada', ['chat']));
  const bob = bearer(await giveToken(house, 'bob', ['chat']));
  const create = async (title: string, who = ada) => {
    const answer = await house.post('/v1/chats', { title }, who);
    expect(answer.status).toBe(201);
    return made.parse(answer.body).chat.id;
  };
  const search = async (q: string, rest = '', who = ada) => {
    const { status, body } = await house.get(`/v1/search?q=${encodeURIComponent(q)}${rest}`, who);
    expect(status, JSON.stringify(body)).toBe(200);
    return shape.parse(body);
  };
  const whole = async (q: string, limit: number) => {
    const hits: z.infer<typeof shape>['hits'] = [];
    const sizes: number[] = [];
    for (let before: string | null = ''; before !== null; ) {
      const page: z.infer<typeof shape> = await search(
        q,
        `&limit=${limit}${before === '' ? '' : `&before=${before}`}`,
      );
      hits.push(...page.hits);
      sizes.push(page.hits.length);
      before = page.next;
    }
    return { hits, sizes };
  };

  const ids: string[] = [];
  for (let n = 0; n < 52; n += 1) ids.push(await create(n === 0 ? 'rare needle' : `needle ${n}`));
  const theirs = await create('needle of bob', bob);
  const newestFirst = ids.toReversed();

  // A page asks 48 chats: one that finds little goes on all the same.
  const all = await whole('needle', 50);
  expect(all.hits.map(({ chat }) => chat)).toEqual(newestFirst);
  expect(all.sizes).toEqual([48, 4]);
  const rare = await whole('rare', 50);
  expect([rare.hits.map(({ chat }) => chat), rare.sizes]).toEqual([[ids[0]], [0, 1]]);
  expect((await search('needle', '', bob)).hits.map(({ chat }) => chat)).toEqual([theirs]);

  // Within a chat: its title, then what was said last.
  const talked = newestFirst[1] ?? '';
  await house.talk(talked, 'a needle of ours');
  for (const limit of [1, 2]) {
    const { hits } = await whole('needle of', limit);
    expect(hits.map(({ snippet }) => snippet.text)).toEqual(['needle of the answer', 'a needle of ours']);
  }
  const first = await search('needle', '&limit=4');
  expect(first.hits.map(({ chat, seq }) => [chat, seq === undefined])).toEqual([
    [newestFirst[0], true],
    [talked, true],
    [talked, false],
    [talked, false],
  ]);
  for (const limit of [3, 50]) {
    const { hits } = await whole('needle', limit);
    expect(hits.length).toBe(54);
    expect(new Set(hits.map((one) => `${one.chat}.${one.seq}`)).size).toBe(54);
  }

  // One that can't be opened hides no other.
  const shut = newestFirst[2] ?? '';
  await house.rows(shut, "INSERT INTO schema (number, name) VALUES (99, 'of a later release')");
  await house.host.abortAll();
  const left = await whole('needle', 50);
  expect(left.hits.length).toBe(53);
  expect(left.hits.some(({ chat }) => chat === shut)).toBe(false);
});
