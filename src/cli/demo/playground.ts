/** The demo's folder and what programs see that run in it. Owns the folder from its making to its removal. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Beginning, makeRepository, type Repository, runGit } from './repository.ts';

export interface Playground {
  /** Absolute, free of links; its name is in the environment of every process of the demo. */
  readonly folder: string;
  /** What programs see that the demo starts: nothing of the person's own settings and keys. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those made so far. */
  readonly repositories: readonly Repository[];
  add(beginning: Beginning): Promise<Repository>;
  remove(): void;
}

/** @throws when git is missing or the folder can't be made */
export async function makePlayground(): Promise<Playground> {
  const given = {
    // This Node first: what the subagents call `node` is the one that runs the demo.
    PATH: [dirname(process.execPath), process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    TMPDIR: tmpdir(),
    LANG: process.env.LANG ?? 'C.UTF-8',
  };
  await runGit(['--version'], tmpdir(), given);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-demo-')));
  const home = join(folder, 'home');
  mkdirSync(home);
  const environment = { ...given, HOME: home };
  const repositories: Repository[] = [];
  return {
    folder,
    environment,
    repositories,
    async add(beginning) {
      const made = await makeRepository(folder, environment, beginning);
      repositories.push(made);
      return made;
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}
