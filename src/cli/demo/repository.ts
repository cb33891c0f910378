/**
 * A small git repository of the demo, and looks at it from outside of the gateway. Owns its making; what is in it
 * comes from the act that plays in it.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a repository begins with. */
export interface Beginning {
  /** The name under which the gateway's configuration knows it. */
  readonly name: string;
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
  /** Of its first commit. */
  readonly subject: string;
}

export interface Repository {
  readonly name: string;
  readonly path: string;
  /** The commit on `main` that everything starts from. */
  readonly base: string;
  /** What git prints, without its last line end. Rejects with git's words. */
  git(...args: readonly string[]): Promise<string>;
  /** Runs the tests of a branch in a fresh copy. */
  testsPass(branch: string): Promise<boolean>;
}

/** @throws when the folder can't be made */
export async function makeRepository(
  folder: string,
  environment: Readonly<Record<string, string>>,
  { name, files, subject }: Beginning,
): Promise<Repository> {
  const path = join(folder, name);
  const git = (...args: readonly string[]): Promise<string> => runGit(args, path, environment);

  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  await git('init', '-q');
  await git('symbolic-ref', 'HEAD', 'refs/heads/main');
  await git('config', 'user.name', `The ${name} team`);
  await git('config', 'user.email', `team@${name}.invalid`);
  await git('add', '-A');
  await git('commit', '-q', '-m', subject);
  let copies = 0;
  return {
    name,
    path,
    base: await git('rev-parse', 'main'),
    git,
    async testsPass(branch) {
      copies += 1;
      const copy = join(folder, `${name}-copy-${copies}`);
      await git('clone', '-q', '--branch', branch, path, copy);
      return (await run(process.execPath, ['--test'], copy, environment)).code === 0;
    },
  };
}

/** What git prints, without its last line end. Rejects with git's words, or with advice where there is no git. */
export async function runGit(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, text } = await run('git', args, cwd, environment);
  if (code === NOT_STARTED)
    throw new Error(`git could not be started (${text}); the demo needs it: install git`);
  if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${text}`);
  return text;
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
