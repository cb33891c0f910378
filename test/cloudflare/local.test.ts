/** What a stranger runs without an account: the local Worker, and the check of a deployment. Real wrangler. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { cast, spawn as spawnCall } from '../e2e/cast.ts';
import { makeClient } from '../e2e/client.ts';
import { freePort } from '../free-port.ts';

const root = join(import.meta.dirname, '..', '..');

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-local-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** `npm run dev:cloudflare` with these settings, until it listens. */
async function develop(env: Record<string, string>): Promise<{ child: ChildProcess; printed: () => string }> {
  const child = spawn(process.execPath, [join(root, 'build', 'dev-cloudflare.ts')], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listens = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('Stop: Ctrl-C')) resolve();
      });
    }
    child.once('close', () => reject(new Error(`it ended before it listened:\n${text}`)));
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  await listens;
  return { child, printed: () => text };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
  return child.exitCode;
}

test('the local Worker carries a chat with three subagents, a steer, a kill and a restart in between', async () => {
  let open = false;
  const waiting: (() => void)[] = [];
  const gate = (): Promise<void> => new Promise((go) => (open ? go() : waiting.push(go)));
  const parts = cast({
    main: (request) =>
      request.answers === 0
        ? {
            text: 'Three at once.',
            toolCalls: ['one', 'two', 'three'].map((label) => spawnCall(`Work on ${label}.`, { label })),
          }
        : { text: request.lastUserText.includes('subagent-announcement') ? 'News.' : 'Under way.' },
    'Work on one.': async (request) => {
      await gate();
      return { text: request.transcriptText.includes('Mind the gap.') ? 'Minded.' : 'One is done.' };
    },
    'Work on two.': async () => {
      await gate();
      return { text: 'Two is done.' };
    },
    'Work on three.': async () => {
      await gate();
      return { text: 'Three is done.' };
    },
  });
  const simulator = await startSimulator({ script: parts });
  onTestFinished(() => simulator.close());
  const folder = freshFolder();
  const port = await freePort();
  const env = {
    TIDINGS_DATA: folder,
    PORT: String(port),
    ANTHROPIC_API_KEY: 'sk-ant-stand-in',
    ANTHROPIC_BASE_URL: simulator.url,
  };
  const first = await develop(env);
  const secret = readFileSync(join(folder, 'admin-token'), 'utf8').trim();
  expect(statSync(join(folder, 'admin-token')).mode & 0o077).toBe(0);
  expect(first.printed()).not.toContain(secret);
  const client = makeClient({ url: () => `http://127.0.0.1:${port}`, token: () => secret });
  const chat = await client.newChat();
  await chat.say('Begin.');
  await simulator.until(() => simulator.counts.requests >= 5);
  await chat.steer('one', 'Mind the gap.');
  expect(await chat.kill('two')).toMatchObject({ killed: ['two'], unconfirmed: [] });
  expect(await stop(first.child)).toBe(143);
  // What it was given is nowhere any more but in its own memory.
  expect(existsSync(join(folder, 'variables.env'))).toBe(false);

  const second = await develop(env);
  open = true;
  for (const go of waiting) go();
  const ended = async () =>
    Object.fromEntries((await chat.subagents()).map(({ label, status }) => [label, status]));
  await expect
    .poll(ended, { timeout: 40_000, interval: 200 })
    .toEqual({ one: 'completed', two: 'killed', three: 'completed' });
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  expect((await chat.subagent('one')).result).toBe('Minded.');
  for (const one of await chat.subagents()) expect(one.announcement).toBe('read');
  expect(simulator.violations).toEqual([]);
  await stop(second.child);
});

test('a deployment is checked without an account, and binds one class of objects to each name', async () => {
  const { stdout } = await promisify(execFile)(
    join(root, 'node_modules', '.bin', 'wrangler'),
    ['deploy', '--dry-run', '--outdir', freshFolder()],
    {
      cwd: root,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' },
    },
  );
  for (const binding of [
    'env.SESSIONS (SessionObject)',
    'env.DIRECTORY (DirectoryObject)',
    'env.LANES (LanesObject)',
  ])
    expect(stdout).toContain(binding);
  expect(stdout).toContain('--dry-run: exiting now.');
});
