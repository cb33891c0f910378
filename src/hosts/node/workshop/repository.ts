/**
 * Owns what must hold of a configured repository before a worktree is made of it, and which commit a base
 * means. Only looks; never changes a repository.
 */
import { existsSync, statSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Git } from './git.ts';

export type Repositories = Readonly<Record<string, string>>;

export interface Repository {
  readonly name: string;
  /** Its top folder, absolute. */
  readonly top: string;
  /** The folder that all its worktrees share: `.git` of the main one. */
  readonly common: string;
  /** Its own git folder; the same as `common` unless it is itself a linked worktree. */
  readonly own: string;
}

export interface Base {
  /** As it is shown: a branch, or what was asked for. */
  readonly name: string;
  readonly commit: string;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** Splits `name` or `name@base`; a configured name may itself hold an `@`. */
export function parseRepo(
  repositories: Repositories,
  spec: string,
): Answer<{ readonly name: string; readonly path: string; readonly base?: string }> {
  const names = Object.keys(repositories);
  const name = names
    .filter((known) => spec === known || spec.startsWith(`${known}@`))
    .sort((a, b) => b.length - a.length)[0];
  const path = name === undefined ? undefined : repositories[name];
  if (name === undefined || path === undefined) {
    const there = names.length === 0 ? 'none is configured' : `there are ${names.sort().join(', ')}`;
    return no(`There is no repository ${JSON.stringify(spec.split('@')[0])}; ${there}.`);
  }
  if (spec === name) return { ok: true, value: { name, path } };
  return { ok: true, value: { name, path, base: spec.slice(name.length + 1) } };
}

/** The repository at `path`, if worktrees can be made of it. */
export async function inspect(git: Git, name: string, path: string): Promise<Answer<Repository>> {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    return no(`The repository ${name} is configured as ${path}, but there is no such folder.`);
  }
  const top = await realpath(path);
  // A plain folder inside some other repository is not a repository: git must not look further up.
  const asked = await git(['rev-parse', '--is-bare-repository', '--git-common-dir', '--git-dir'], {
    cwd: top,
    env: { GIT_CEILING_DIRECTORIES: dirname(top) },
  });
  if (asked.code !== 0) {
    const why = /not a git repository/i.test(asked.error) ? '' : ` (git says: ${asked.error.slice(0, 300)})`;
    return no(
      `${path}, configured as ${name}, is not the top folder of a git repository${why}. Run git init there, or mend the configuration.`,
    );
  }
  const [bare, common = '', own = ''] = asked.text.split('\n');
  if (bare === 'true') {
    return no(
      `The repository ${name} at ${path} is bare: it has no files to work on. Configure a clone of it that has a working tree.`,
    );
  }
  const value = {
    name,
    top,
    common: await realpath(resolve(top, common)),
    own: await realpath(resolve(top, own)),
  };
  return { ok: true, value };
}

/** The commit that work starts from: what was asked for, else the repository's current branch. */
export async function findBase(
  git: Git,
  repository: Repository,
  asked: string | undefined,
): Promise<Answer<Base>> {
  const { name, top, own } = repository;
  const any = await git(['rev-list', '--all', '--max-count=1'], { cwd: top });
  const head = await commitOf(git, top, 'HEAD');
  if (head === undefined && any.text === '') {
    return no(
      `The repository ${name} has no commits yet, so there is nothing to start from. Make a first commit there.`,
    );
  }
  const rebased = await branchUnderRebase(own);
  if (asked === undefined || asked === 'HEAD') {
    if (rebased !== undefined) {
      return no(
        `In the repository ${name} a rebase is under way${rebased === '' ? '' : ` (of ${rebased})`}, so it has no current branch. End it with git rebase --continue or --abort, or name a base: ${name}@<branch>.`,
      );
    }
    const branch = await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], { cwd: top });
    if (head === undefined) {
      return no(
        `The current branch ${branch.text} of the repository ${name} has no commits. Name another base: ${name}@<branch>; ${await branches(git, top)}.`,
      );
    }
    return { ok: true, value: { name: branch.code === 0 ? branch.text : head.slice(0, 12), commit: head } };
  }
  if (!plausible(asked)) {
    return no(
      `${JSON.stringify(asked.slice(0, 100))} can't be the name of a base. Name a branch, tag or commit of ${name}; ${await branches(git, top)}.`,
    );
  }
  const commit = (await commitOf(git, top, `refs/heads/${asked}`)) ?? (await commitOf(git, top, asked));
  if (commit === undefined) {
    return no(
      `The repository ${name} has no branch, tag or commit ${JSON.stringify(asked)}; ${await branches(git, top)}.`,
    );
  }
  if (rebased === asked) {
    return no(
      `In the repository ${name} a rebase of ${asked} is under way, so ${asked} is about to change. End it with git rebase --continue or --abort first.`,
    );
  }
  return { ok: true, value: { name: asked, commit } };
}

/** The id of the commit that a revision means, or undefined. The revision is ours or has been checked. */
export async function commitOf(git: Git, cwd: string, revision: string): Promise<string | undefined> {
  const found = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], {
    cwd,
  });
  return found.code === 0 && found.text !== '' ? found.text : undefined;
}

/** Whether a model's words can be a branch, tag or commit, and nothing that git reads as more than a name. */
function plausible(name: string): boolean {
  return (
    name.length <= 200 &&
    /^[^\s~^:?*[\\\p{Cc}]+$/u.test(name) &&
    !/^[-/.@]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)|[/.]$/.test(name)
  );
}

/** The branch that a rebase in the working tree moves; '' if that can't be told; undefined without one. */
async function branchUnderRebase(gitFolder: string): Promise<string | undefined> {
  for (const folder of ['rebase-merge', 'rebase-apply']) {
    // rebase-apply is also what `git am` uses, which leaves HEAD on its branch.
    if (!existsSync(join(gitFolder, folder)) || existsSync(join(gitFolder, folder, 'applying'))) continue;
    const head = await readFile(join(gitFolder, folder, 'head-name'), 'utf8').catch(() => '');
    return head.trim().replace(/^refs\/heads\//, '');
  }
  return undefined;
}

async function branches(git: Git, top: string): Promise<string> {
  const list = await git(
    ['for-each-ref', '--count=21', '--sort=-committerdate', '--format=%(refname:short)', 'refs/heads'],
    {
      cwd: top,
    },
  );
  const names = list.text.split('\n').filter((name) => name !== '');
  if (names.length === 0) return 'it has no branches';
  return `its branches are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
}

function no(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
