/**
 * The platform's limits, by counters of our own at its interfaces in workerd, for the local runtime enforces few of
 * them: a row's bytes, a statement's parameters, rows that are read to wake, how long an alarm's handler runs,
 * connections that wait for headers, what one call between objects carries.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { partsOf } from '../../src/hosts/cloudflare/chunks.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { makeClient } from '../e2e/client.ts';
import { site } from '../security/web.ts';
import { startWorkerd } from '../workerd/host.ts';
import { meterAt, type ObjectFigures } from '../workerd/meter.ts';

const entry = join(import.meta.dirname, '..', 'workerd', 'metered-worker.ts');
const classes = { SESSIONS: 'SessionObject', DIRECTORY: 'DirectoryObject', LANES: 'LanesObject' };
const token = 'an-admin-token-for-the-limits-of-it';
const patience = { timeout: 30_000, interval: 50 };

/** What the platform allows. */
const ROW_BYTES = 2_000_000;
const PARAMETERS = 100;
const CALL_BYTES = 32 * 1024 * 1024;
const CONNECTIONS = 6;

const rowsSchema = z.array(z.object({ text: z.string() }));
const acceptedSchema = z.object({ body: z.object({ text: z.string() }) });

/** The Worker before a scripted model. */
async function scripted(script: (request: ParsedRequest) => Reply, config: object = {}) {
  const simulator = await startSimulator({ script, record: 'none' });
  onTestFinished(() => simulator.close());
  return { simulator, ...(await served({ model: simulator.url, config })) };
}

async function served({ model, config = {} }: { readonly model: string; readonly config?: object }) {
  const host = await startWorkerd({
    entry,
    classes,
    chaos: true,
    bindings: {
      ANTHROPIC_API_KEY: 'sk-ant-scripted',
      ANTHROPIC_BASE_URL: model,
      TIDINGS_TOKEN: token,
      TIDINGS_LOG: 'silent',
      TIDINGS_CONFIG_JSON: JSON.stringify(config),
    },
  });
  onTestFinished(() => host.stop());
  const meter = meterAt(() => host.url);
  const client = makeClient({ url: () => host.url, token: () => token });
  /** What was counted of a session's object. */
  const figures = async (session: string): Promise<ObjectFigures> => {
    const own = (await meter.figures()).objects.SessionObject?.[session];
    if (!own) throw new Error(`nothing was counted of ${session}`);
    return own;
  };
  const keepsToItsRows = async (): Promise<void> => {
    const { objects } = await meter.figures();
    for (const own of Object.values(objects).flatMap((ofKind) => Object.values(ofKind))) {
      expect(own.largestRow).toBeLessThan(ROW_BYTES);
      expect(own.mostParameters).toBeLessThanOrEqual(PARAMETERS);
    }
  };
  const exported = async (chat: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${host.url}/v1/chats/${chat}/export?format=jsonl`, { headers })).text();
  };
  return { host, meter, client, figures, keepsToItsRows, exported };
}

/** A model that doesn't keep to `max_tokens`, as the simulator does: it says in one block what `words` makes it say. */
async function wordyModel(words: (asked: string) => string): Promise<string> {
  const usage = { input_tokens: 10, output_tokens: 10 };
  const { url } = await site(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const said = words(body);
    const send = (event: { readonly type: string; readonly [field: string]: unknown }) =>
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'wordy', content: [], usage };
    send({ type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null } });
    send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    for (const text of partsOf(said, 200_000)) {
      send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
    }
    send({ type: 'content_block_stop', index: 0 });
    send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage });
    send({ type: 'message_stop' });
    response.end();
  });
  return url;
}

/** Of many bytes a character, so that no cut at a number of bytes is one between characters by chance. */
function words(units: number): string {
  return 'Äpfel, 林檎, 🍏 and "quotes"\\\n'.repeat(Math.ceil(units / 28)).trimEnd();
}

test('an answer of several megabytes is read back as it was said, and no row is larger than the platform takes', async () => {
  const answer = words(2_500_000);
  const { host, client, figures, keepsToItsRows, exported } = await served({
    model: await wordyModel((asked) => (asked.includes('Say all of it.') ? answer : 'Noted.')),
  });
  const chat = await client.newChat();
  await chat.say('Say all of it.');
  await expect.poll(async () => (await chat.said()).length, patience).toBe(1);
  await host.evict('SESSIONS', chat.id);
  expect((await chat.said())[0] === answer).toBe(true);
  expect((await figures(chat.id)).largestRow).toBeGreaterThan(900_000);

  // A subagent's, which an export reads out of another object.
  const parent = await client.newChat();
  const child = await parent.spawn({ task: 'Say all of it.', label: 'long' });
  await expect.poll(async () => (await parent.subagent('long')).status, patience).toBe('completed');
  expect((await exported(parent.id)).includes(JSON.stringify(answer))).toBe(true);
  expect((await figures(child.id)).largestRow).toBeGreaterThan(900_000);
  await keepsToItsRows();
});

test('a chat of thousands of events is woken with a few rows', async () => {
  const steps = 8;
  const calls = 200;
  const { host, client, figures, keepsToItsRows } = await scripted(({ toolResults, lastUserText }) => {
    const done =
      lastUserText.includes('over and out') || toolResults.some(({ input }) => input.target === `${steps}`);
    if (done) return { text: 'That was all.' };
    const step = toolResults.length === 0 ? 1 : Number(toolResults[0]?.input.target) + 1;
    const look = { name: 'subagents', input: { action: 'show', target: `${step}` } };
    return { toolCalls: Array.from({ length: calls }, () => look) };
  });
  const chat = await client.newChat();
  await chat.say('Look again and again.');
  await expect.poll(async () => (await chat.view()).status, patience).toBe('idle');
  expect(await chat.said()).toContain('That was all.');
  const [row] = await host.rows('SessionObject', { name: chat.id }, 'SELECT seq FROM session');
  expect(row).toMatchObject({ seq: expect.toSatisfy((seq: number) => seq > 1_500) });

  await host.evict('SESSIONS', chat.id);
  const before = await figures(chat.id);
  expect((await chat.view()).status).toBe('idle');
  const after = await figures(chat.id);
  expect(after.lives).toBe(before.lives + 1);
  expect(after.rowsRead - before.rowsRead).toBeLessThan(100);
  await keepsToItsRows();
});

test('an alarm’s handler is over at once, however long the model takes', async () => {
  const { simulator, meter, client, figures } = await scripted(() => ({ text: 'At last.', gate: 'later' }));
  const chat = await client.newChat();
  await chat.say('Take your time.');
  await simulator.until(() => simulator.waiting('later') === 1, patience.timeout);
  for (let rung = 1; rung <= 3; rung++) {
    await meter.ring(chat.id);
    await expect.poll(async () => (await figures(chat.id)).calls.alarm, patience).toBe(rung);
    await expect.poll(async () => (await figures(chat.id)).alarms.running, patience).toBe(0);
  }
  const { alarms, lives } = await figures(chat.id);
  expect(alarms).toEqual({ running: 0, most: 1 });
  expect(lives).toBe(1);
  // All the while it was the same call.
  expect(simulator.waiting('later')).toBe(1);
  expect(simulator.counts.requests).toBe(1);
  simulator.open('later');
  await expect.poll(() => chat.said(), patience).toEqual(['At last.']);
});

test('no more than six requests of an object wait for headers, whatever one step asks for', async () => {
  let waiting = 0;
  let most = 0;
  const pages = await site((_, response) => {
    waiting += 1;
    most = Math.max(most, waiting);
    setTimeout(() => {
      waiting -= 1;
      response.setHeader('content-type', 'text/plain').end('a page');
    }, 30);
  });
  const { meter, client } = await scripted(
    ({ toolNames, toolResults, lastUserText }) => {
      if (toolNames.includes('stay_silent')) return { text: lastUserText.slice(0, 300) };
      const read = toolResults.filter(({ text }) => text.includes('a page')).length;
      if (toolResults.length > 0) return { text: `Read ${read} pages.` };
      const toolCalls = Array.from({ length: 40 }, (_, i) => ({
        name: 'web_fetch',
        input: { url: `${pages.url}/${i}` },
      }));
      return { toolCalls };
    },
    { fetch: { allow: ['127.0.0.1'] } },
  );
  const chat = await client.newChat();
  await chat.spawn({ task: 'Read all of it.', label: 'reader' });
  await expect.poll(async () => (await chat.subagent('reader')).status, patience).toBe('completed');
  expect((await chat.subagent('reader')).result).toContain('Read 40 pages.');
  expect(most).toBeGreaterThan(1);
  // Those of all objects together, for nobody else asked for anything.
  expect((await meter.figures()).headers.most).toBeLessThanOrEqual(CONNECTIONS);
});

test('mail of more than one call can carry arrives whole and in order, in several', {
  timeout: 300_000,
}, async () => {
  // Whoever finds nobody comes back after a pause, which is the longer the longer that was so.
  const patient = { ...patience, timeout: 120_000 };
  const { simulator, host, meter, client, figures, keepsToItsRows } = await scripted(
    ({ toolNames, lastUserText, toolResults }) => {
      if (
        toolNames.includes('stay_silent') ||
        !lastUserText.includes('Hand it on.') ||
        toolResults.length > 0
      ) {
        return { text: 'At work.', gate: 'work' };
      }
      const spawn = (label: string) => ({
        name: 'sessions_spawn',
        input: { label, task: 'Wait for words.' },
      });
      return { toolCalls: [spawn('one'), spawn('two')] };
    },
  );
  const chat = await client.newChat();
  const boss = await chat.spawn({ task: 'Hand it on.', label: 'boss' });
  await simulator.until(() => simulator.waiting('work') === 3, patience.timeout);
  const targets = ['boss', 'boss/one', 'boss/two'];
  const ids = await Promise.all(targets.map(async (target) => (await chat.subagent(target)).id));
  await meter.lose(boss.id);
  const before = await figures(boss.id);
  const steers = Array.from({ length: 90 }, (_, i) => `${i} ${'🍏'.repeat(99_000)}`);
  // A connection that the local runtime closes under a request of this size is a matter of its own: with its id the
  // request is the same one, and does nothing twice.
  const tell = async (i: number, steer: string, tries = 10): Promise<void> => {
    try {
      await chat.steer(targets[i % 3] ?? '', steer, { id: `steer-${i}` });
    } catch (error) {
      if (!(error instanceof TypeError) || tries === 1) throw error;
      await tell(i, steer, tries - 1);
    }
  };
  for (const [i, steer] of steers.entries()) await tell(i, steer);
  await meter.find(boss.id);

  /** The steers that a session has accepted, in the order of its log. */
  const accepted = async (id: string): Promise<string[]> => {
    const texts: string[] = [];
    const select = `SELECT text FROM events WHERE text LIKE '%mail.accepted%' AND text LIKE '%🍏%'
      ORDER BY key LIMIT 20 OFFSET ?`;
    for (;;) {
      const rows = rowsSchema.parse(await host.rows('SessionObject', { name: id }, select, texts.length));
      for (const { text } of rows) texts.push(acceptedSchema.parse(JSON.parse(text)).body.text);
      if (rows.length < 20) return texts;
    }
  };
  const all = async (id: string): Promise<number> => {
    const select = "SELECT count(*) AS n FROM events WHERE text LIKE '%mail.accepted%' AND text LIKE '%🍏%'";
    const [row] = await host.rows('SessionObject', { name: id }, select);
    return z.object({ n: z.number() }).parse(row).n;
  };
  await expect.poll(() => all(boss.id), patient).toBe(steers.length);
  expect((await accepted(boss.id)).every((text, i) => text === steers[i])).toBe(true);
  // Two thirds of them go further down.
  for (const at of [1, 2]) {
    const id = ids[at] ?? '';
    const meant = steers.filter((_, i) => i % 3 === at);
    await expect.poll(() => all(id), patient).toBe(meant.length);
    expect((await accepted(id)).every((text, i) => text === meant[i])).toBe(true);
  }

  const { mail, calls } = await figures(boss.id);
  // A character takes two bytes on its way.
  expect(2 * (mail.chars - before.mail.chars)).toBeGreaterThan(CALL_BYTES);
  expect(2 * mail.most).toBeLessThan(CALL_BYTES);
  expect((calls.mail ?? 0) - (before.calls.mail ?? 0)).toBeGreaterThan(3);
  await keepsToItsRows();
  await chat.kill('all');
});
