/** Requests of one object that wait for headers: never more than the platform allows, and nobody is forgotten. */
import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { makeConnections } from '../../src/hosts/cloudflare/connections.ts';
import { fetchPage } from '../../src/hosts/cloudflare/fetch-page.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { makeFetchPolicy } from '../../src/tools/fetch-policy.ts';
import { modelAt, request } from '../model/stand-in.ts';
import { rawSite, site } from '../security/web.ts';

const policy = makeFetchPolicy({ allow: ['127.0.0.1'], refuse: [] });
const wanted = { signal: new AbortController().signal };
const listener = { ...wanted, onText: () => {}, onAlive: () => {}, onBilled: () => {} };

/** The platform's fetch, and how many of its requests waited for headers at once. */
function counting() {
  const count = { now: 0, most: 0 };
  const counted: typeof fetch = async (input, init) => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    try {
      return await fetch(input, init);
    } finally {
      count.now -= 1;
    }
  };
  return { count, fetch: counted };
}

/** A server that answers only when it is told to, and whose answers then have no end. */
async function holding() {
  const held: { path: string; response: ServerResponse }[] = [];
  const { url } = await site((asked, response) => held.push({ path: asked.url ?? '', response }));
  return {
    url,
    held,
    paths: () => held.map(({ path }) => path),
    heads: (index: number) => held[index]?.response.writeHead(200).write('x'),
  };
}

test('fifty pages and three model calls at once all end, and never do more than six wait', async () => {
  const simulator = await startSimulator({ script: () => ({ text: 'Here.' }) });
  onTestFinished(() => simulator.close());
  const pages = await site((_, response) => {
    setTimeout(() => response.setHeader('content-type', 'text/plain').end('a page'), 20);
  });
  const { count, fetch } = counting();
  const connections = makeConnections(6, fetch);
  const model = modelAt(simulator.url, { fetch: connections.fetch('model') });
  const [texts, answers] = await Promise.all([
    Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        fetchPage({ policy, fetch: connections.fetch('page') }, { url: `${pages.url}/${i}` }, wanted),
      ),
    ),
    Promise.all(Array.from({ length: 3 }, () => model.call(request, listener))),
  ]);
  expect(texts.filter(({ ok, text }) => ok && text.includes('a page'))).toHaveLength(50);
  expect(answers.map(({ kind }) => kind)).toEqual(['answered', 'answered', 'answered']);
  expect(pages.heard).toHaveLength(50);
  expect(count.most).toBeLessThanOrEqual(6);
  expect(connections.peak).toBe(count.most);
  expect(connections).toMatchObject({ waitingForHeaders: 0, inLine: 0 });
});

test('six wait when there are enough, and a seventh in line', async () => {
  const slow = await holding();
  const { count, fetch } = counting();
  const connections = makeConnections(undefined, fetch);
  const control = new AbortController();
  const all = [
    ...Array.from({ length: 5 }, () => connections.fetch('page')),
    ...Array.from({ length: 3 }, () => connections.fetch('model')),
  ].map((ask) => ask(slow.url, { signal: control.signal }));
  await expect.poll(() => slow.held.length).toBe(6);
  expect(connections).toMatchObject({ waitingForHeaders: 6, peak: 6, inLine: 2 });
  control.abort();
  await Promise.allSettled(all);
  expect(connections).toMatchObject({ waitingForHeaders: 0, peak: 6, inLine: 0 });
  expect(count.most).toBe(6);
});

test('a model call begins though more pages wait than there are places', async () => {
  const slow = await holding();
  const quick = await site((_, response) => response.end('quick'));
  const connections = makeConnections();
  const control = new AbortController();
  const pages = Array.from({ length: 20 }, () =>
    connections.fetch('page')(slow.url, { signal: control.signal }),
  );
  await expect.poll(() => slow.held.length).toBe(4);
  for (let i = 0; i < 5; i += 1) {
    expect(await (await connections.fetch('model')(quick.url)).text()).toBe('quick');
  }
  expect(connections).toMatchObject({ waitingForHeaders: 4, inLine: 16 });
  control.abort();
  await Promise.allSettled(pages);
});

test('what waits begins in the order in which it came, model calls before pages', async () => {
  const slow = await holding();
  const connections = makeConnections(1);
  const control = new AbortController();
  const begun: string[] = [];
  const ask = (kind: 'model' | 'page', name: string) =>
    connections.fetch(kind)(`${slow.url}/${name}`, { signal: control.signal }, () => begun.push(name));
  const all = [
    ask('page', 'a'),
    ask('page', 'b'),
    ask('page', 'c'),
    ask('model', 'd'),
    ask('model', 'e'),
    ask('page', 'f'),
  ];
  for (let i = 0; i < all.length; i += 1) {
    await expect.poll(() => slow.held.length).toBe(i + 1);
    slow.heads(i);
  }
  await Promise.all(all);
  expect(slow.paths()).toEqual(['/a', '/d', '/e', '/b', '/c', '/f']);
  expect(begun).toEqual(['a', 'd', 'e', 'b', 'c', 'f']);
  control.abort();
});

test('a place is free again when headers are there, though the body has no end', async () => {
  const slow = await holding();
  const connections = makeConnections(1);
  const control = new AbortController();
  const first = connections.fetch('model')(slow.url, { signal: control.signal });
  await expect.poll(() => slow.held.length).toBe(1);
  slow.heads(0);
  expect((await first).status).toBe(200);
  expect(connections.waitingForHeaders).toBe(0);
  const second = connections.fetch('model')(slow.url, { signal: control.signal });
  await expect.poll(() => slow.held.length).toBe(2);
  control.abort();
  await expect(second).rejects.toThrow();
});

test('a place is free again after an error and after an abort', async () => {
  const closing = await rawSite((socket) => socket.destroy());
  const slow = await holding();
  const connections = makeConnections(1);
  await expect(connections.fetch('page')(closing.url)).rejects.toThrow();
  await expect(connections.fetch('page')('http://[nonsense')).rejects.toThrow();
  expect(connections.waitingForHeaders).toBe(0);
  const control = new AbortController();
  const waiting = connections.fetch('page')(slow.url, { signal: control.signal });
  await expect.poll(() => slow.held.length).toBe(1);
  control.abort(new Error('not wanted'));
  await expect(waiting).rejects.toThrow('not wanted');
  expect(connections.waitingForHeaders).toBe(0);
});

test('what is aborted in line never begins, and those behind it move up', async () => {
  const slow = await holding();
  const connections = makeConnections(1);
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const ask = (name: string, control: AbortController) =>
    connections.fetch('page')(new Request(`${slow.url}/${name}`, { signal: control.signal }));
  const [a, b, c] = [ask('a', first), ask('b', second), ask('c', third)];
  await expect.poll(() => slow.paths()).toEqual(['/a']);
  second.abort(new Error('not wanted'));
  await expect(b).rejects.toThrow('not wanted');
  expect(connections.inLine).toBe(1);
  slow.heads(0);
  await a;
  await expect.poll(() => slow.paths()).toEqual(['/a', '/c']);
  slow.heads(1);
  await c;
  await expect(ask('d', second)).rejects.toThrow('not wanted');
  expect(slow.paths()).toEqual(['/a', '/c']);
  expect(connections).toMatchObject({ waitingForHeaders: 0, inLine: 0, peak: 1 });
  for (const control of [first, third]) control.abort();
});
