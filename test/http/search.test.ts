/** The search over HTTP: whose words are found, in which order, and what is no search. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nowhere } from '../../src/gateway/gateway.ts';
import { bearer, openDeskDoor } from '../security/desk.ts';
import { type Door, openDoor } from './door.ts';

const shape = z.object({
  hits: z.array(
    z.object({
      chat: z.string(),
      title: z.string(),
      message: z.string().optional(),
      seq: z.number().optional(),
      at: z.number(),
      role: z.string().optional(),
      snippet: z.object({ text: z.string(), marks: z.array(z.tuple([z.number(), z.number()])) }),
    }),
  ),
  next: z.string().nullable(),
});
const faults = z.object({ errors: z.array(z.object({ path: z.string(), message: z.string() })) });

async function search(door: Door, q: string, rest = '', headers?: Record<string, string>) {
  const { status, body } = await door.get(`/v1/search?q=${encodeURIComponent(q)}${rest}`, headers);
  expect(status, JSON.stringify(body)).toBe(200);
  return shape.parse(body);
}

async function say(door: Door, chat: string, text: string, headers?: Record<string, string>): Promise<void> {
  expect((await door.post(`/v1/chats/${chat}/messages`, { text }, headers)).status).toBe(202);
  await door.until(() => door.runtime.state(chat)?.status === 'idle');
}

/** Without what the model was told of who speaks. */
const texts = ({ hits }: z.infer<typeof shape>) =>
  hits.map(({ snippet }) => snippet.text.replace(/^heard: \[[^\]]*\] /, 'heard: '));

describe('a search', () => {
  test('finds what people and the assistant said, and titles, the latest first, with the places to mark', async () => {
    const door = openDoor();
    const one = await door.chat({ title: 'The Größe of it' });
    const two = await door.chat({ title: 'Other' });
    await say(door, one, 'say:GROSSE_Sache');
    await say(door, two, 'what grosse means');
    await door.post(`/v1/chats/${two}/subagents`, { task: 'grosse task say:quiet', label: 'boss' });
    await door.until(
      () => Object.values(door.runtime.state(two)?.tree.cards ?? {})[0]?.announcement === 'read',
    );
    const found = await search(door, 'große');
    expect(found.next).toBe(null);
    expect(texts(found)).toEqual([
      'heard: what grosse means',
      'what grosse means',
      'GROSSE_Sache',
      'say:GROSSE_Sache',
      'The Größe of it',
    ]);
    expect(found.hits.map(({ chat, role }) => [chat, role])).toEqual([
      [two, 'assistant'],
      [two, 'user'],
      [one, 'assistant'],
      [one, 'user'],
      [one, undefined],
    ]);
    expect(
      found.hits.map(({ snippet: { text, marks } }) => marks.map(([from, to]) => text.slice(from, to))),
    ).toEqual([['grosse'], ['grosse'], ['GROSSE'], ['GROSSE'], ['Größe']]);
    const title = found.hits.at(-1);
    expect([title?.message, title?.seq]).toEqual([undefined, undefined]);
    const { body } = await door.get(`/v1/chats/${two}/messages`);
    expect(JSON.stringify(body)).toContain(`"id":"${found.hits[1]?.message}","seq":${found.hits[1]?.seq}`);
  });

  test('comes in pages without a gap or a repetition', async () => {
    const door = openDoor();
    const chat = await door.chat({ title: 'word' });
    for (let n = 0; n < 5; n += 1) await say(door, chat, `word ${n}`);
    const all = texts(await search(door, 'word', '&limit=50'));
    expect(all.length).toBe(11);
    for (const limit of [1, 2, 3, 10, 11]) {
      const paged: string[] = [];
      for (let before: string | null = ''; before !== null; ) {
        const page: z.infer<typeof shape> = await search(
          door,
          'word',
          `&limit=${limit}${before === '' ? '' : `&before=${before}`}`,
        );
        expect(page.hits.length).toBeGreaterThan(0);
        paged.push(...texts(page));
        before = page.next;
      }
      expect(paged).toEqual(all);
    }
  });

  test('finds what is archived, the title of today alone, and nothing of a chat that goes or is gone', async () => {
    let sweep = (): void => {};
    const swept = new Promise<void>((resolve) => {
      sweep = resolve;
    });
    const discard = async () => {
      await swept;
      return { kept: [], left: [] };
    };
    const door = openDoor({ workshop: { ...nowhere, discard } });
    const chat = await door.chat({ title: 'before' });
    await say(door, chat, 'kept word');
    await door.patch(`/v1/chats/${chat}`, { title: 'after', archived: true });
    expect(texts(await search(door, 'kept'))).toEqual(['heard: kept word', 'kept word']);
    expect((await search(door, 'kept')).hits[0]?.title).toBe('after');
    expect(texts(await search(door, 'before'))).toEqual([]);
    expect(texts(await search(door, 'after'))).toEqual(['after']);
    const cursor = (await search(door, 'kept', '&limit=1')).next;
    const removal = door.remove(`/v1/chats/${chat}`);
    await door.until(() => door.runtime.state(chat)?.deleting === true);
    for (const q of ['kept', 'after']) expect((await search(door, q)).hits).toEqual([]);
    sweep();
    expect((await removal).status).toBe(200);
    for (const q of ['kept', 'after']) expect(await search(door, q)).toEqual({ hits: [], next: null });
    expect((await door.get(`/v1/search?q=kept&before=${cursor}`)).status).toBe(422);
  });

  test("finds nothing of another owner's, and goes on behind no place of theirs; an admin finds all", async () => {
    const door = openDeskDoor();
    const ada = bearer(door.desk.give('ada', ['chat']));
    const bob = bearer(door.desk.give('bob', ['read', 'chat']));
    const made = z.object({ chat: z.object({ id: z.string() }) });
    for (const [who, words] of [
      [ada, 'secret of ada'],
      [bob, 'secret of bob'],
    ] as const) {
      const { id } = made.parse((await door.post('/v1/chats', { title: `title ${words}` }, who)).body).chat;
      await say(door, id, words, who);
    }
    const own = (name: string) => [
      `heard: secret of ${name}`,
      `secret of ${name}`,
      `title secret of ${name}`,
    ];
    expect(texts(await search(door, 'secret', '', bob))).toEqual(own('bob'));
    expect(texts(await search(door, 'secret', '', ada))).toEqual(own('ada'));
    expect(texts(await search(door, 'secret'))).toEqual([...own('bob'), ...own('ada')]);
    expect(await search(door, 'ada', '', bob)).toEqual({ hits: [], next: null });
    const { next } = await search(door, 'secret', '&limit=1', ada);
    const [theirs, none] = await Promise.all(
      [next, 'chat_no.1'].map((before) => door.get(`/v1/search?q=secret&before=${before}`, bob)),
    );
    expect(theirs?.status).toBe(422);
    const { requestId: _, ...fault } = z.looseObject({}).parse(theirs?.body);
    const { requestId: __, ...same } = z.looseObject({}).parse(none?.body);
    expect(fault).toEqual(same);
    expect((await door.get('/v1/search?q=secret', { authorization: '' })).status).toBe(401);
  });

  test('takes any text as plain words: no sign is an operator, and none breaks it', async () => {
    const door = openDoor();
    const chat = await door.chat();
    await say(door, chat, 'plain words near 100% of it; DROP TABLE words');
    const asked = [
      '"plain',
      'plain"',
      '"plain words"',
      "plain'",
      'plain*',
      '*plain',
      'NEAR(plain words)',
      'plain NEAR words',
      'plain AND words',
      'plain OR nothing',
      'NOT plain',
      '-plain',
      '+plain',
      'said:plain',
      'said : plain',
      '{said} : plain',
      'owner:61',
      '^plain',
      '(plain',
      'plain)',
      'plain;',
      "'; DROP TABLE words; --",
      'plain%',
      'pla_n',
      'plain\\',
      'plain\u200b',
      '%',
      '\ufffd plain',
      'p'.repeat(200),
    ];
    for (const q of asked) {
      const { status, body } = await door.get(`/v1/search?q=${encodeURIComponent(q)}`);
      const ok = status === 200 || (status === 422 && faults.parse(body).errors[0]?.path === 'q');
      expect(ok, `${q}: ${JSON.stringify(body)}`).toBe(true);
      if (status === 200) for (const text of texts(shape.parse(body))) expect(text).toContain('plain words');
    }
    for (const q of ['"plain words"', 'plain*', '-plain', '^plain', '(plain', "plain'", '{words} near']) {
      expect(texts(await search(door, q)).length, q).toBe(3);
    }
    for (const q of ['plain OR nothing', 'NOT nothing', 'owner:61', 'pla%']) {
      expect(texts(await search(door, q)).length, q).toBe(q === 'pla%' ? 3 : 0);
    }
  });

  test('that is none is refused in words', async () => {
    const door = openDoor();
    const words: [string, RegExp][] = [
      ['', /^q is missing/],
      ['?q=', /^q must not be blank/],
      ['?q=%20', /^q must not be blank/],
      ['?q=%22*%22', /^q holds no word that could be looked for/],
      [`?q=${'x'.repeat(10_000)}`, /^q must be at most 200 characters, not 10000/],
      ['?q=a%00b', /^q holds the control character U\+0000/],
      ['?q=a&limit=0', /^limit must be at least 1/],
      ['?q=a&before=x', /^before is not where a page of a search went on/],
      ['?q=a&before=chat_no.1', /^before is not where a page of a search went on/],
      ['?q=a&after=1', /^after is not a field here/],
      ['?q=a&q=b', /^q is given 2 times/],
    ];
    for (const [query, detail] of words) {
      const { status, body } = await door.get(`/v1/search${query}`);
      expect([query, status]).toEqual([query, 422]);
      expect(z.object({ detail: z.string() }).parse(body).detail).toMatch(detail);
    }
  });
});
