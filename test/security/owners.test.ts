/** One owner's chats do not exist for another: not in lists, not by id, not by guessing, not by a repeated request. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { indexedSearch } from '../../src/http/search.ts';
import { localShelf } from '../../src/http/shelf.ts';
import { makeMetrics } from '../../src/runtime/metrics.ts';
import { amount } from '../amounts.ts';
import { type Door, TOKEN } from '../http/door.ts';
import { addressOf, bearer, chatIn, type DeskDoor, openDeskDoor, routeTable } from './desk.ts';

const withChats = z.object({ chats: z.array(z.object({ id: z.string() })), next: z.string().nullable() });

const NEVER = 'chat_0000000000000000';

/** An answer without what differs from request to request, and with one chat's id for another's. */
async function told(response: Response, chat: string) {
  const { requestId: _, ...rest } = z.looseObject({ requestId: z.string() }).parse(await response.json());
  const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
  return JSON.stringify([response.status, headers, rest]).replaceAll(chat, '(chat)');
}

async function twoOwners() {
  const door = openDeskDoor();
  const ada = bearer(door.desk.give('ada', ['chat', 'answer']));
  const bob = bearer(door.desk.give('bob', ['read', 'chat', 'answer']));
  const chat = chatIn((await door.post('/v1/chats', { id: 'one', title: 'Secret' }, ada)).body);
  return { door, ada, bob, chat: chat.id };
}

describe("another owner's chat", () => {
  test('is answered exactly as one that never was, at every route there is', async () => {
    const { door, ada, bob, chat } = await twoOwners();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:a', label: 'a', id: 's' }, ada);
    await door.post(`/v1/chats/${chat}/messages`, { text: 'hello', id: 'm' }, ada);
    await door.until(() => door.model.calls >= 1 && door.runtime.state(chat)?.status === 'idle');
    const sub = Object.keys(door.runtime.state(chat)?.tree.cards ?? {})[0] ?? '';
    const before = door.store.session(chat)?.seq;
    // Whoever has a ticket for a socket needs no token: that it is good for one chat only is told with the sockets.
    const table = (await routeTable(door)).filter(
      (one) => one.path.includes('{chat}') && one.scope !== undefined,
    );
    expect(table.length).toBeGreaterThan(12);
    for (const route of table) {
      for (const target of ['a', sub, 'all', 'nobody']) {
        // What would be right, wrong and broken, and a request that the owner has made before.
        for (const body of [{}, { text: 'hello', id: 'm' }, { task: 'hold:a', label: 'a', id: 's' }, '{']) {
          const where = `${route.method} ${route.path} ${target} ${JSON.stringify(body)}`;
          const ask = (id: string) =>
            door.request(
              route.method,
              addressOf(route, id, target),
              route.method === 'GET' ? undefined : body,
              bob,
            );
          const [there, never] = [await ask(chat), await ask(NEVER)];
          expect(there.status, where).toBe(route.scope === 'admin' ? 403 : 404);
          expect(await told(there, chat), where).toBe(await told(never, NEVER));
        }
      }
    }
    expect(door.store.session(chat)?.seq).toBe(before);
    expect((await door.get(`/v1/chats/${chat}`, ada)).status).toBe(200);
    expect((await door.get(`/v1/chats/${chat}`, bearer(TOKEN))).status).toBe(200);
  });

  test('is not found by the id of a subagent in it, either', async () => {
    const { door, ada, bob, chat } = await twoOwners();
    await door.post(`/v1/chats/${chat}/subagents`, { task: 'hold:a', label: 'a' }, ada);
    const sub = Object.keys(door.runtime.state(chat)?.tree.cards ?? {})[0] ?? '';
    for (const who of [ada, bob]) {
      for (const rest of ['', '/messages', '/events']) {
        expect((await door.get(`/v1/chats/${sub}${rest}`, who)).status).toBe(404);
      }
    }
  });

  test('is never loaded for whoever may not see it', async () => {
    const { door, bob, chat } = await twoOwners();
    const asked: string[] = [];
    const runtime: Door['runtime'] = {
      ...door.runtime,
      metrics: makeMetrics(),
      state(id) {
        asked.push(id);
        return door.runtime.state(id);
      },
    };
    const { store, clock } = door;
    const shelf = localShelf({
      runtime,
      store,
      clock,
      budget: { chatUsd: 1_000, subagentUsd: 100 },
      search: indexedSearch({ runtime, store, clock }),
    });
    const watching = openDeskDoor({ ports: { store, runtime, shelf } });
    watching.desk.give('bob', ['read', 'chat', 'answer']);
    for (const route of await routeTable(watching)) {
      const body = route.method === 'GET' ? undefined : {};
      if (route.path.includes('{chat}'))
        await watching.request(route.method, addressOf(route, chat), body, bob);
    }
    expect(asked).toEqual([]);
    await watching.get(`/v1/chats/${chat}`);
    expect(asked).toEqual([chat]);
  });

  test('is no cursor of a list, and is answered as one that never was', async () => {
    const { door, bob, chat } = await twoOwners();
    const ask = async (id: string) =>
      told(await door.request('GET', `/v1/chats?before=${id}`, undefined, bob), id);
    expect(await ask(chat)).toBe(await ask(NEVER));
    expect((await door.get(`/v1/chats?before=${chat}`, bob)).status).toBe(422);
  });

  test('made under an id leaves that id free: the same request makes another owner a chat of its own', async () => {
    const { door, ada, bob, chat } = await twoOwners();
    const own = await door.post('/v1/chats', { id: 'one', title: 'Secret' }, bob);
    expect(own.status).toBe(201);
    const made = chatIn(own.body);
    expect(made).toMatchObject({ owner: 'bob' });
    expect(made.id).not.toBe(chat);
    // Nor does another body under it tell that it was used.
    expect((await door.post('/v1/chats', { id: 'one', title: 'Other' }, bearer(TOKEN))).status).toBe(201);
    expect(await door.post('/v1/chats', { id: 'one', title: 'Secret' }, ada)).toMatchObject({
      status: 200,
      body: { chat: { id: chat } },
    });
  });
});

test('two tokens of one owner share its chats and its request ids', async () => {
  const { door, chat } = await twoOwners();
  const phone = bearer(door.desk.give('phone', ['chat'], 'ada'));
  expect((await door.get('/v1/chats', phone)).body).toMatchObject({ chats: [{ id: chat }] });
  expect(await door.post('/v1/chats', { id: 'one', title: 'Secret' }, phone)).toMatchObject({
    status: 200,
    body: { chat: { id: chat } },
  });
});

type Deed =
  | { readonly do: 'make'; readonly who: number; readonly id: number | undefined }
  | { readonly do: 'say' | 'show'; readonly who: number; readonly which: number }
  | {
      readonly do: 'list';
      readonly who: number;
      readonly limit: number;
      readonly before: number | undefined;
    };

const owners = ['ada', 'bob', 'cleo'];
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constant('make' as const),
    who: fc.nat(3),
    id: fc.option(fc.nat(3), { nil: undefined }),
  }),
  fc.record({ do: fc.constantFrom('say' as const, 'show' as const), who: fc.nat(3), which: fc.nat(20) }),
  fc.record({
    do: fc.constant('list' as const),
    who: fc.nat(3),
    limit: fc.integer({ min: 1, max: 5 }),
    before: fc.option(fc.nat(20), { nil: undefined }),
  }),
);

/** The chats as they must look to each: newest first. */
async function live(door: DeskDoor, deeds: readonly Deed[]): Promise<void> {
  const callers = [...owners.map((one) => bearer(door.desk.give(one, ['chat']))), bearer(TOKEN)];
  const ownerOf = (who: number) => owners[who] ?? 'admin';
  const chats: { id: string; owner: string }[] = [];
  const visible = (who: number) =>
    chats.filter(({ owner }) => ownerOf(who) === 'admin' || owner === ownerOf(who)).toReversed();
  const nth = (which: number) => (chats.length === 0 ? undefined : chats[which % chats.length]);
  for (const one of deeds) {
    const caller = callers[one.who] ?? {};
    switch (one.do) {
      case 'make': {
        const answer = await door.post('/v1/chats', one.id === undefined ? {} : { id: `r${one.id}` }, caller);
        const chat = chatIn(answer.body);
        const known = chats.find(({ id }) => id === chat.id);
        expect(answer.status).toBe(known ? 200 : 201);
        expect(chat.owner).toBe(ownerOf(one.who));
        if (known) expect(known.owner).toBe(chat.owner);
        else chats.push({ id: chat.id, owner: chat.owner });
        break;
      }
      case 'say':
      case 'show': {
        const chat = nth(one.which);
        if (!chat) break;
        const seen = visible(one.who).includes(chat);
        const answer =
          one.do === 'show'
            ? await door.get(`/v1/chats/${chat.id}`, caller)
            : await door.post(`/v1/chats/${chat.id}/stop`, {}, caller);
        expect(answer.status).toBe(seen ? 200 : 404);
        break;
      }
      case 'list': {
        const before = one.before === undefined ? undefined : nth(one.before);
        const from = before ? `&before=${before.id}` : '';
        const answer = await door.get(`/v1/chats?limit=${one.limit}${from}`, caller);
        const all = visible(one.who);
        if (before && !all.includes(before)) {
          expect(answer.status).toBe(422);
          break;
        }
        const rest = before ? all.slice(all.indexOf(before) + 1) : all;
        const page = withChats.parse(answer.body);
        expect(page.chats.map(({ id }) => id)).toEqual(rest.slice(0, one.limit).map(({ id }) => id));
        expect(page.next).toBe(rest.length > one.limit ? rest[one.limit - 1]?.id : null);
        break;
      }
    }
  }
}

test('whatever several owners do, each sees its own chats and nobody else’s, the admin all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 40 }), async (deeds) => {
      const door = openDeskDoor();
      await live(door, deeds);
      expect(door.failures).toEqual([]);
    }),
    { numRuns: amount(25, 500) },
  );
});
