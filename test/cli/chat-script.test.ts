/** `tidings chat`, `subagents` and `wait` where there is no terminal: what is printed where, and with which code they end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { shareSetting } from '../client/setting.ts';
import { TOKEN } from '../http/door.ts';
import { program, type Ran, tidings } from './tidings.ts';

const setting = shareSetting();
const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-cli-')));
afterAll(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }));

function run(
  args: readonly string[],
  more: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const { input, env } = more;
  return tidings(args, {
    cwd,
    env: { TIDINGS_URL: setting.proxy.url, TIDINGS_TOKEN: TOKEN, ...env },
    ...(input === undefined ? {} : { input }),
  });
}

/** One that is not waited for. */
function started(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, closed: once(child, 'close') };
}

const summarySchema = z.object({
  event: z.literal('summary'),
  chat: z.string(),
  status: z.string(),
  cursor: z.number(),
  answer: z.string(),
  subagents: z.array(z.object({ label: z.string(), status: z.string(), result: z.string().optional() })),
});

function linesOf({ printed }: Ran): unknown[] {
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const summaryOf = (ran: Ran) => summarySchema.parse(linesOf(ran).at(-1));

describe('tidings chat in a script', () => {
  test('prints what the assistant answers, and only that, on standard output', async () => {
    const { code, printed, complained } = await run(['chat'], { input: 'hello there\n' });
    expect({ code, printed }).toEqual({
      code: 0,
      printed: expect.stringMatching(/^heard: [^\n]*\nhello there\n$/),
    });
    expect(complained).toMatch(/^This is \S+\.\n$/);
  });

  test('goes on with a chat that is named by its title, or with the newest', async () => {
    const id = await setting.door.chat({ title: 'Garden plans' });
    const named = await run(['chat', 'garden', '-m', 'one', '--json']);
    expect(summaryOf(named).chat).toBe(id);
    const newest = await run(['chat', '--continue', '-m', 'two', '--wait', 'none', '--json']);
    expect(summaryOf(newest)).toMatchObject({ chat: id, status: 'done', answer: '' });
    await setting.door.chat({ title: 'Garden fence' });
    const unclear = await run(['chat', 'garden', '-m', 'three']);
    expect(unclear).toMatchObject({
      code: 2,
      printed: '',
      complained: expect.stringMatching(/may be .*say more/),
    });
  });

  test('waits for all that is at work, or as long as it is told, and sums up in a last line of JSON', async () => {
    const { door } = setting;
    const chat = await door.chat();
    const late = await run(['chat', chat, '-m', 'spawn:docs', '--wait', 'all', '--json', '--timeout', '0.7']);
    expect([late.code, summaryOf(late).status]).toEqual([4, 'timed_out']);
    const waiting = run(['chat', chat, '-m', 'and now?', '--wait', 'all', '--json']);
    await door.until(
      () => door.answered.filter((line) => line.includes(`${chat}/messages 202`)).length === 2,
    );
    door.model.release('docs');
    const done = await waiting;
    expect(done.code).toBe(0);
    expect(summaryOf(done)).toMatchObject({
      status: 'done',
      subagents: [{ label: 'docs', status: 'completed' }],
    });
    const names = linesOf(done).map((line) => z.object({ event: z.string() }).parse(line).event);
    expect(names).toEqual(
      expect.arrayContaining(['message', 'turn.ended', 'subagent.ended', 'announcement.read']),
    );
  });

  test('ends with 3 when somebody must answer first, and says how', async () => {
    const chat = await setting.door.chat();
    await setting.client.spawn(chat, { task: 'ask:red-or-blue', label: 'docs' });
    const asked = await run(['chat', chat, '-m', 'hello', '--wait', 'all']);
    expect(asked.code).toBe(3);
    expect(asked.complained).toContain(`tidings subagents answer docs allow|deny|WORDS --chat ${chat}`);
    const answered = await run(['subagents', 'answer', 'docs', 'the', 'red', 'one', '--chat', chat]);
    expect(answered).toMatchObject({ code: 0, printed: 'docs is answered: the red one\n' });
    await setting.door.until(
      async () => (await setting.client.subagent(chat, 'docs')).status === 'completed',
    );
  });

  test('ends with 1 when the chat is parked', async () => {
    const { code, complained } = await run(['chat', '-m', 'refuse']);
    expect(code).toBe(1);
    expect(complained).toContain('The chat is parked: ');
  });

  test('ends with 2, in words, when the chat it waits for is deleted', async () => {
    const { door } = setting;
    const chat = await door.chat();
    const waiting = run(['chat', chat, '-m', 'spawn:docs', '--wait', 'all']);
    await door.until(async () => (await setting.client.subagents(chat)).length === 1);
    await door.until(() => door.runtime.state(chat)?.status === 'idle');
    await door.remove(`/v1/chats/${chat}`);
    door.model.release('docs');
    const { code, complained } = await waiting;
    expect(complained.trim().split('\n').at(-1)).toBe('This chat was deleted.');
    expect(code).toBe(2);
  });

  test('ends with 2 for what can not be done as asked, and says what would be right', async () => {
    const token = 'wrong-token-of-somebody-0123456';
    const quiet = await setting.door.chat();
    const cases: [readonly string[], Parameters<typeof run>[1], string][] = [
      [['chat'], { input: ' \n' }, 'the words are empty'],
      [['chat', '--wiat', 'all', '-m', 'x'], {}, '--wiat'],
      [['chat', '--wait', 'ever', '-m', 'x'], {}, '--wait takes answer, all, none'],
      [['wait', '--timeout', 'soon'], {}, '--timeout takes seconds'],
      [['wait', '--after', 'x'], {}, '--after takes the cursor'],
      [['subagents', 'list'], { env: { TIDINGS_URL: 'http://127.0.0.1:9' } }, 'No gateway answers at'],
      [
        ['wait'],
        { env: { TIDINGS_TOKEN: token } },
        'does not know this token: put one of its own into TIDINGS_TOKEN',
      ],
      [['chatt', '--json'], {}, 'There is no command "chatt". Did you mean chat?'],
      [['subagents', 'answer', '--chat', quiet], {}, 'Nothing is asked at the moment.'],
      [['subagents', 'fire'], {}, 'There is no "tidings subagents fire"'],
    ];
    const ran = await Promise.all(cases.map(([args, more]) => run(args, more)));
    expect(ran).toEqual(
      cases.map(([, , words]) => ({ code: 2, printed: '', complained: expect.stringContaining(words) })),
    );
  });

  test('runs a gateway by itself where none is, and nothing of it is left', async () => {
    const { code, printed, complained } = await tidings(['chat', '-m', 'What is 2 + 3?'], {
      cwd,
      env: { PORT: '0', TIDINGS_DATA: join(cwd, 'data') },
    });
    expect({ code, printed }).toEqual({ code: 0, printed: '[simulator] 2 + 3 = 5\n' });
    expect(complained).toContain('so one runs here until this ends');
  });

  test('ends what it started in order when a signal ends it, with the code of the signal', async () => {
    const data = join(cwd, 'signalled');
    const child = spawn(process.execPath, [program, 'chat', '--wait', 'all'], {
      cwd,
      env: { PATH: process.env.PATH ?? '', PORT: '0', TIDINGS_DATA: data },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.end('spawn a subagent called docs to write a README');
    const closed = once(child, 'close');
    let complained = '';
    for await (const piece of child.stderr.setEncoding('utf8')) {
      complained += String(piece);
      // Once: a second one, later, means at once.
      if (!child.killed && complained.includes('docs has its task')) child.kill('SIGTERM');
    }
    expect(await closed).toEqual([143, null]);
    expect(readdirSync(data)).not.toContain('tidings.db-wal');
  });

  test('ends at a signal while it looks for the gateway, and in order while it starts one', async () => {
    const silent = createServer();
    onTestFinished(() => void silent.close());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const looking = started(['chat', '-m', 'x'], { TIDINGS_URL: `http://127.0.0.1:${port}` });
    const [socket] = await once(silent, 'connection');
    socket.unref();
    looking.child.kill('SIGINT');
    expect(await looking.closed).toEqual([130, null]);
    socket.destroy();
    const data = join(cwd, 'hardly-begun');
    const starting = started(['chat', '-m', 'x'], { PORT: '0', TIDINGS_DATA: data });
    await once(starting.child.stderr, 'data');
    starting.child.kill('SIGTERM');
    expect(await starting.closed).toEqual([143, null]);
    expect(readdirSync(data)).not.toContain('tidings.db-wal');
  });

  test('goes on where nobody reads its notes, and ends with 141 once nobody reads its output any more', async () => {
    const { door, proxy } = setting;
    const env = { TIDINGS_URL: proxy.url, TIDINGS_TOKEN: TOKEN };
    const noted = started(['chat', '-m', 'hello'], env);
    noted.child.stderr.destroy();
    let printed = '';
    for await (const piece of noted.child.stdout) printed += String(piece);
    expect([await noted.closed, printed]).toEqual([[0, null], expect.stringContaining('heard: ')]);
    const { child, closed } = started(['chat', '-m', 'spawn:unread', '--wait', 'all', '--json'], env);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    door.model.release('unread');
    expect(await closed).toEqual([141, null]);
  });

  test('says with --help what each takes', async () => {
    const said = await Promise.all(
      [['chat'], ['subagents'], ['wait'], ['start']].map((args) => run([...args, '--help'])),
    );
    expect(said.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(said.map(({ printed }) => printed.split('\n')[0])).toEqual([
      expect.stringContaining('tidings chat [CHAT]'),
      expect.stringContaining('tidings subagents list'),
      expect.stringContaining('tidings wait'),
      expect.stringContaining('Tidings'),
    ]);
  });
});

describe('tidings subagents and tidings wait', () => {
  test('list, show, steer and kill those of the chat that is at work, and say which that is', async () => {
    const { door, client } = setting;
    const chat = await door.chat({ title: 'the busy one' });
    await client.spawn(chat, { task: 'hold:one', label: 'one' });
    await client.spawn(chat, { task: 'hold:two', label: 'two' });
    const list = await run(['subagents', 'list']);
    expect(list.complained).toBe(`In ${chat} (the busy one):\n`);
    expect(list.printed).toMatch(/^two {2}at work .*\none {2}at work .*\n$/);
    const shown = await run(['subagents', 'show', 'one', '--chat', chat]);
    expect(shown.printed).toMatch(/^● one is at work .*\n {2}Task: hold:one\n/);
    const steered = await run(['subagents', 'steer', 'one', 'be', 'brief', '--chat', chat, '--json']);
    expect(linesOf(steered)).toEqual([{ chat, steer: { id: expect.any(String), state: 'queued' } }]);
    const killed = await run(['subagents', 'kill', 'all', '--chat', chat]);
    expect(killed.printed.trim().split('\n').toSorted()).toEqual(['one is ended.', 'two is ended.']);
    const nobody = await run(['subagents', 'show', 'three', '--chat', chat]);
    expect(nobody).toMatchObject({ code: 2, printed: '' });
  });

  test('wait ends with each news, once, when it goes on from the cursor before', async () => {
    const { door, client } = setting;
    const chat = await door.chat();
    const idle = await run(['wait', '--chat', chat, '--json']);
    expect(linesOf(idle)).toMatchObject([{ chat, status: 'done', news: [] }]);
    await client.spawn(chat, { task: 'hold:first', label: 'first' });
    const waiting = run(['wait', '--chat', chat, '--after', '0', '--json']);
    await client.spawn(chat, { task: 'ask:which', label: 'second' });
    const shape = z.tuple([
      z.object({ status: z.string(), cursor: z.number(), news: z.array(z.object({ event: z.string() })) }),
    ]);
    const [question] = shape.parse(linesOf(await waiting));
    expect(question).toMatchObject({ status: 'input_required', news: [{ event: 'input.requested' }] });
    const unasked = await run(['wait', '--chat', chat]);
    expect(unasked).toMatchObject({
      code: 3,
      printed: expect.stringMatching(/^\? second asks: which[\s\S]*cursor: \d+\n$/),
    });
    const after = ['wait', '--chat', chat, '--after'];
    const none = await run([...after, String(question.cursor), '--timeout', '0.3']);
    expect(none).toMatchObject({ code: 4, printed: expect.stringContaining('Nothing new') });
    const next = run([...after, String(question.cursor), '--json']);
    door.model.release('first');
    const ended = await next;
    expect(ended.code).toBe(0);
    expect(shape.parse(linesOf(ended))[0].news.map(({ event }) => event)).toEqual(['subagent.ended']);
    await client.kill(chat, 'all');
  });
});
