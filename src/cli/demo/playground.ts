/**
 * The demo's folder: a small git repository with a real bug and a failing test, and looks at it from outside of
 * the gateway. Owns the folder from its making to its removal.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { repositoryName } from './story.ts';

export interface Playground {
  /** Absolute, free of links; its name is in the environment of every process of the demo. */
  readonly folder: string;
  readonly repository: string;
  /** What programs see that the demo starts: nothing of the person's own settings and keys. */
  readonly environment: Readonly<Record<string, string>>;
  /** The commit on `main` that everything starts from. */
  readonly base: string;
  /** What git prints, without its last line end. Rejects with git's words. */
  git(...args: readonly string[]): Promise<string>;
  /** Runs the tests of a branch in a fresh copy. */
  testsPass(branch: string): Promise<boolean>;
  remove(): void;
}

const files: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify({ name: repositoryName, private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  'README.md': '# Till\n\nSplits the bill.\n',
  'AGENTS.md': 'Run the tests with `node --test`. There is nothing to install.\n',
  'src/split.js': `/** Splits an amount among people, in whole cents. */
export function split(cents, people) {
  const share = Math.floor(cents / people);
  return Array.from({ length: people }, () => share);
}
`,
  'test/split.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { split } from '../src/split.js';

test('four share 10.00 evenly', () => {
  assert.deepEqual(split(1000, 4), [250, 250, 250, 250]);
});

test('no cent is lost when three share 10.00', () => {
  assert.equal(split(1000, 3).reduce((sum, share) => sum + share), 1000);
});
`,
};

/** @throws when git is missing or the folder can't be made */
export async function makePlayground(): Promise<Playground> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-demo-')));
  const repository = join(folder, repositoryName);
  const home = join(folder, 'home');
  const environment = {
    // This Node first: what the subagents call `node` is the one that runs the demo.
    PATH: [dirname(process.execPath), process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    HOME: home,
    TMPDIR: tmpdir(),
    LANG: process.env.LANG ?? 'C.UTF-8',
  };

  async function git(...args: readonly string[]): Promise<string> {
    const { code, text } = await run('git', args, repository, environment);
    if (code === NOT_STARTED)
      throw new Error(`git could not be started (${text}); the demo needs it: install git`);
    if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${text}`);
    return text;
  }

  try {
    mkdirSync(home);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repository, name)), { recursive: true });
      writeFileSync(join(repository, name), text);
    }
    await git('init', '-q');
    await git('symbolic-ref', 'HEAD', 'refs/heads/main');
    await git('config', 'user.name', 'The till team');
    await git('config', 'user.email', 'team@till.invalid');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'A till that splits the bill');
    const base = await git('rev-parse', 'main');
    let copies = 0;
    return {
      folder,
      repository,
      environment,
      base,
      git,
      async testsPass(branch) {
        copies += 1;
        const copy = join(folder, `copy-${copies}`);
        await git('clone', '-q', '--branch', branch, repository, copy);
        return (await run(process.execPath, ['--test'], copy, environment)).code === 0;
      },
      remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const NOT_STARTED = 127;

/** Ends with the program's exit code and all that it printed. */
function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const text = `${stdout}${error ? `${stderr}${stdout === '' && stderr === '' ? error.message : ''}` : ''}`;
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : NOT_STARTED;
      resolve({ code, text: text.trim() });
    });
  });
}
