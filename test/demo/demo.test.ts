/** The demo as a person runs it: a process, with real gateways, git and kills. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { processesOf } from '../../src/cli/demo/processes.ts';

const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const limitMs = 240_000;

interface Demo {
  /** All that it printed so far, on both streams. */
  readonly text: string;
  /** Resolves when it has printed `words`, or has ended. */
  printed(words: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** What it left in the folder that it has for temporary files, and processes that still name that folder. */
  leftovers(): { files: string[]; processes: string[] };
}

/** @param env what it sees besides the usual: settings that must not disturb it, for instance */
function runDemo(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  env: (temporary: string) => Readonly<Record<string, string>> = () => ({}),
): Demo {
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'demo-test-')));
  const given = process.env.PATH ?? '';
  const child = spawn(process.execPath, [program, 'demo'], {
    cwd: temporary,
    env: { PATH: given, HOME: process.env.HOME ?? temporary, TMPDIR: temporary, ...env(temporary) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      child.emit('printed');
    });
  const ended = once(child, 'close').then(() => child.signalCode ?? child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(temporary, { recursive: true, force: true });
  });
  return {
    get text() {
      return text;
    },
    async printed(words) {
      while (!text.includes(words) && child.exitCode === null)
        await Promise.race([once(child, 'printed'), ended]);
    },
    signal: (name) => void child.kill(name),
    ended,
    leftovers: () => ({
      files: readdirSync(temporary).filter((name) => name.startsWith('tidings')),
      processes: (processesOf(temporary) ?? []).map(({ command }) => command),
    }),
  };
}

/** A `git` that will not commit for one of the subagents. */
function stubbornGit(folder: string): string {
  const script = join(folder, 'git');
  writeFileSync(
    script,
    `#!/bin/sh
case "$GIT_AUTHOR_NAME/$1" in *write-docs/commit) echo "no commits today" >&2; exit 1;; esac
PATH=\${PATH#*:}
exec env PATH="\${PATH#"${folder}":}" git "$@"
`,
  );
  chmodSync(script, 0o755);
  return [folder, process.env.PATH ?? ''].join(delimiter);
}

describe.concurrent('tidings demo', () => {
  test('plays the story to its end, finds all as it should be, and leaves nothing behind', {
    timeout: limitMs,
  }, async (context) => {
    // Settings of the person who runs it are not the demo's.
    const demo = runDemo(context, () => ({ TIDINGS_MAX_CHILDREN: '1', TIDINGS_TOKEN: 'short', PORT: '1' }));
    expect(await demo.ended, demo.text).toBe(0);
    expect(demo.text).toContain('All 34 hold.');
    expect(demo.text).not.toContain('✗');
    expect(demo.text.match(/✓ read: the news of/g)).toHaveLength(7);
    expect(demo.text).not.toMatch(/^\s+at .+:\d+/m);
    expect(demo.text).not.toContain('\u001b');
    expect(demo.leftovers()).toEqual({ files: [], processes: [] });
  });

  test('ends with 1, says what is off and keeps its folder where something went wrong', {
    timeout: limitMs,
  }, async (context) => {
    const demo = runDemo(context, (folder) => ({ PATH: stubbornGit(folder) }));
    expect(await demo.ended, demo.text).toBe(1);
    expect(demo.text).toMatch(/✗ Each of the two committed/);
    expect(demo.text).toContain('1 of 34 checks failed.');
    const { files, processes } = demo.leftovers();
    expect(processes).toEqual([]);
    expect(files).toHaveLength(1);
    expect(demo.text.replaceAll(/\s+/g, '')).toContain(`Itsfolderiskept,tolookat:`);
    expect(demo.text).toContain(files[0]);
  });

  test.for(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s with nothing left, whatever was at work',
    { timeout: limitMs },
    async (name, context) => {
      const demo = runDemo(context);
      await demo.printed('runs the tests 500 times over');
      await context.expect.poll(() => demo.leftovers().processes.length).toBeGreaterThan(3);
      demo.signal(name);
      expect(await demo.ended, demo.text).toBe(name === 'SIGINT' ? 130 : 143);
      expect(demo.text).toContain('Stopped, and nothing is left of it.');
      expect(demo.leftovers()).toEqual({ files: [], processes: [] });
    },
  );

  test('says in a line what it needs where git is missing', { timeout: limitMs }, async (context) => {
    const demo = runDemo(context, (folder) => ({ PATH: folder }));
    expect(await demo.ended).toBe(1);
    expect(demo.text).toMatch(/git could not be started .* install\s+git/s);
    expect(demo.leftovers().files).toEqual([]);
  });
});
