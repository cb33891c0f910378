/** What people install: the tarball of `npm pack`, in an empty folder, without a registry. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { amount } from '../amounts.ts';
import { sandboxesWork } from '../workshop/enclosed.ts';
import { notRun } from '../workshop/setup.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-package-')));
const installed = join(folder, 'empty', 'node_modules', 'tidings');
/** Nothing of the test run's own npm, and no way to a registry but a closed port. */
const env = {
  PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
  HOME: folder,
  TMPDIR: folder,
  npm_config_cache: join(folder, 'cache'),
  npm_config_registry: 'http://127.0.0.1:9',
  npm_config_update_notifier: 'false',
};

/** A program's exit code and all that it printed. */
async function ended(command: string, args: readonly string[], cwd = join(folder, 'empty')) {
  const child = run(command, args, { cwd, env, maxBuffer: 20_000_000 });
  const { stdout, stderr } = await child.catch((error: { stdout?: string; stderr?: string }) => ({
    stdout: error.stdout ?? '',
    stderr: `${error.stderr ?? ''}\n${String(error)}`,
  }));
  return { code: child.child.exitCode, printed: stdout + stderr };
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(path, name)).isFile(),
  );
}

beforeAll(async () => {
  mkdirSync(join(folder, 'empty'));
  const packed = await ended('npm', ['pack', '--pack-destination', folder], root);
  expect(packed.code, packed.printed).toBe(0);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const flags = ['install', '--offline', '--no-audit', '--no-fund'];
  const into = await ended('npm', [...flags, join(folder, tarball ?? 'no tarball')]);
  expect(into.code, into.printed).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

describe('the package', () => {
  test('is small, brings nothing along, and holds what was built and no tests', () => {
    const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    expect(statSync(join(folder, tarball)).size).toBeLessThan(2_500_000);
    expect(
      readdirSync(join(folder, 'empty', 'node_modules')).filter((name) => !name.startsWith('.')),
    ).toEqual(['tidings']);
    const files = filesBelow(installed);
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/tidings.js',
        'dist/cli/main.js',
        'dist/web/index.html',
        'dist/cli/vendor/seccomp/x64/apply-seccomp',
        'dist/cli/vendor/seccomp/arm64/apply-seccomp',
        'skills/orchestrate/SKILL.md',
        'LICENSE',
      ]),
    );
    const sources = /(?<!^dist\/client\/[\w-]+\.d)\.ts$|\.test\.|^(src|test|bench|build)\//;
    expect(files.filter((name) => sources.test(name))).toEqual([]);
    expect(files.reduce((sum, name) => sum + statSync(join(installed, name)).size, 0)).toBeLessThan(
      9_500_000,
    );
    const manifest = z
      .looseObject({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')));
    expect(manifest.engines.node).toBe('>=24');
    // What every installer of a package takes: there is none of it.
    for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
      expect(manifest).not.toHaveProperty(field);
    }
  });

  test('names the licence of every package whose code it holds', () => {
    const text = readFileSync(join(installed, 'dist', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of [
      '@anthropic-ai/sandbox-runtime',
      '@anthropic-ai/sdk',
      '@preact/signals',
      'hono',
      'marked',
      'pino',
      'preact',
      'yaml',
      'zod',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)$`, 'm'));
    }
  });

  test('lists its skills with npx tidings skills', async () => {
    const { code, printed } = await ended('npx', ['tidings', 'skills']);
    expect(code, printed).toBe(0);
    expect(printed).toContain(`orchestrate  (${installed}/skills/orchestrate)`);
  });

  test('brings all that its sandbox needs of it, and runs one where the system has bubblewrap', async () => {
    if (!sandboxesWork()) return notRun('bubblewrap and socat');
    const { printed } = await ended('npx', ['tidings', 'doctor', '--json']);
    expect(printed).toMatch(/"check": ?"sandbox",\s*"status": ?"ok"/);
  });

  // The same play from the sources is one of the demo's own tests.
  if (amount(0, 1) === 1) {
    test('plays the demo to its end with npx tidings demo', async () => {
      const { code, printed } = await ended('npx', ['tidings', 'demo']);
      expect(code, printed).toBe(0);
      expect(printed).toContain('kill -9');
    });
  }

  test('runs the gateway with npx tidings start until it is told to stop, and its client speaks with it, with types of its own', async () => {
    const gateway = spawn('npx', ['tidings', 'start'], {
      cwd: join(folder, 'empty'),
      env: { ...env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its group is stopped as a terminal would stop it: npx and what it started.
      detached: true,
    });
    const closed = once(gateway, 'close');
    // A run that is cut short must not leave it behind.
    const last = (): void => signal(gateway, 'SIGKILL');
    process.once('exit', last);
    try {
      const url = await addressOf(gateway);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      await usesClient(url);
      signal(gateway, 'SIGTERM');
      await closed;
      await expect(fetch(`${url}/readyz`)).rejects.toThrow();
      expect(readdirSync(join(folder, 'empty', '.tidings'))).toContain('admin-token');
    } finally {
      last();
      process.off('exit', last);
    }
  });
});

/** A program of somebody else's: checked with strict types and nothing of ours but the package, then run. */
async function usesClient(url: string): Promise<void> {
  const there = join(folder, 'empty');
  const token = readFileSync(join(there, '.tidings', 'admin-token'), 'utf8').trim();
  writeFileSync(
    join(there, 'talk.mts'),
    `import { makeClient, ProblemError } from 'tidings/client';
const client = makeClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(token)} });
const { id, budget } = await client.createChat({ title: 'from outside' });
const free: number = budget.free.usd;
await client.send(id, { text: 'hello' });
for await (const event of client.stream(id, { after: 0 })) {
  if (event.event === 'message') console.log(event.data.message.role, event.data.message.text, free > 0);
  if (event.event === 'turn.ended') break;
}
const { messages } = await client.messages(id);
const files: string[] = messages.flatMap(({ parts }) => parts.flatMap((one) => (one.type === 'file' ? [one.name] : [])));
if (files.length > 0) throw new Error('no file was sent');
// @ts-expect-error a client that is typed knows what is not there
void budget.nothing;
const lost: unknown = await client.chat('chat_that_is_not').catch((error: unknown) => error);
console.log(lost instanceof ProblemError ? lost.status : 'no problem');
`,
  );
  const checked = await ended(join(root, 'node_modules', '.bin', 'tsc'), [
    ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2024'],
    ...['--lib', 'es2024,dom', '--types', '', '--ignoreConfig', 'talk.mts'],
  ]);
  expect(checked.code, checked.printed).toBe(0);
  const { code, printed } = await ended(process.execPath, ['talk.mts']);
  expect(code, printed).toBe(0);
  expect(printed).toMatch(/^user hello true$/m);
  expect(printed).toMatch(/^assistant \[simulator\] Hello!/m);
  expect(printed).toMatch(/^404$/m);
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended already.
  }
}

async function addressOf(gateway: ChildProcess): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    for (const stream of [gateway.stdout, gateway.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const url = /listens on (\S+)/.exec(printed)?.[1];
        if (url !== undefined) resolve(url);
      });
    }
    gateway.once('close', () => reject(new Error(`it ended before it listened:\n${printed}`)));
  });
}
