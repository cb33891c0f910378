/**
 * Owns that nothing a worker left in its worktree is lost: what is uncommitted becomes a commit, and whatever
 * branch or half-done merge it stands on, the commit can be reached from the subagent's branch. Never moves a
 * branch that isn't the subagent's, and leaves the files as they were.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkspaceReport } from '../../../core/ports.ts';
import { gitIdentity } from './environment.ts';
import type { Git, GitResult } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { stageAll } from './stage-all.ts';

/** The line by which a work-in-progress commit of ours is known again. */
const trailer = 'Tidings-Work-In-Progress';

/** Saves the work and says what the branch holds; undefined if neither worktree nor branch is left. Repeatable. */
export async function keepWork(
  git: Git,
  record: WorktreeRecord,
  path: string,
): Promise<WorkspaceReport | undefined> {
  if (existsSync(record.folder) && existsSync(join(record.gitFolder, 'HEAD'))) await save(git, record, path);
  const tip = await commitOf(git, record.common, own(record));
  if (tip === undefined) return undefined;
  const cwd = record.common;
  const count = await must(git(['rev-list', '--count', `${record.baseCommit}..${tip}`], { cwd }));
  const names = await must(
    git(['diff-tree', '-r', '-z', '--no-renames', '--name-only', record.baseCommit, tip], { cwd }),
  );
  return {
    branch: record.branch,
    base: record.base,
    commits: Number(count.text),
    files: names.out.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0),
    wip: (await message(git, cwd, tip)).includes(`${trailer}: ${record.session}`),
  };
}

async function save(git: Git, record: WorktreeRecord, path: string): Promise<void> {
  const here: Git = (args, options) =>
    git(['--git-dir', record.gitFolder, '--work-tree', record.folder, ...args], options);
  const cwd = record.folder;
  const env = gitIdentity(path);
  await dropStaleLocks(record);

  const head = await commitOf(here, cwd, 'HEAD');
  const on = (await here(['symbolic-ref', '--quiet', 'HEAD'], { cwd })).text;
  const tip = await commitOf(here, cwd, own(record));
  const { refused, git: inTree } = await stageAll(here, git, cwd, head);
  const tree = (await must(inTree(['write-tree'], { cwd }))).text;
  const merging = await mergeHeads(record);
  const dirty =
    merging.length > 0 ||
    (head === undefined
      ? tree !== (await emptyTree(inTree, cwd))
      : tree !== (await treeOf(inTree, cwd, head)));
  const rebasing = underWay(record).includes('rebase');

  const commit = async (contents: string, parents: readonly string[], words: string): Promise<string> => {
    const chain = parents.flatMap((parent) => ['-p', parent]);
    return (await must(inTree(['commit-tree', contents, ...chain, '-F', '-'], { cwd, env, input: words })))
      .text;
  };
  const place = on === '' ? 'on no branch' : `on ${on.replace(/^refs\/heads\//, '')}`;
  const left = refused.length === 0 ? '' : `\nGit could not take in: ${refused.join(', ').slice(0, 2000)}\n`;
  const wip = `${left}\n${trailer}: ${record.session}\n`;
  const move = async (to: string): Promise<void> => {
    const from = tip ?? '0'.repeat(to.length);
    if (to !== tip)
      // A branch that its worker made to stand for another must not move that one.
      await must(
        inTree(['update-ref', '--no-deref', '-m', 'tidings: keep the work', own(record), to, from], {
          cwd,
          env,
        }),
      );
  };
  const within = async (inner: string, outer: string): Promise<boolean> =>
    (await inTree(['merge-base', '--is-ancestor', inner, outer], { cwd })).code === 0;

  const already = dirty && tip !== undefined && (await holds(inTree, cwd, tip, tree, head, within));
  if (dirty && !already) {
    const parents = [...(head === undefined ? [] : [head]), ...merging];
    const work = await commit(tree, parents, `wip: what ${path} left uncommitted\n${wip}`);
    if (tip === undefined || on === own(record) || (await within(tip, work))) await move(work);
    else {
      // Two lines of work: a merge keeps both. Its files are the workspace's own, or, in a rebase that is
      // half done, those of the branch before it.
      const files = rebasing ? await treeOf(inTree, cwd, tip) : tree;
      await move(await commit(files, [tip, work], `wip: join what ${path} left ${place}\n${wip}`));
    }
  } else if (!dirty && head !== undefined && on !== own(record)) {
    if (tip === undefined) await move(head);
    else if (!(await within(head, tip)) && (await isWork(inTree, cwd, head, env))) {
      if (await within(tip, head)) await move(head);
      else {
        const files = await treeOf(inTree, cwd, rebasing ? tip : head);
        await move(await commit(files, [tip, head], `Join what ${path} left ${place}`));
      }
    }
  }
  if (refused.length === 0 && (on !== own(record) || underWay(record).length > 0))
    await settle(inTree, record, tree);
}

/** Leaves the worktree clean on the subagent's branch, for whoever goes on there. */
async function settle(git: Git, record: WorktreeRecord, tree: string): Promise<void> {
  const cwd = record.folder;
  for (const what of underWay(record)) await git([what, '--quit'], { cwd });
  const tip = await commitOf(git, cwd, own(record));
  if (tip === undefined) return;
  // Refuses to overwrite anything, and then HEAD stays where it was.
  const switched = await git(['read-tree', '-m', '-u', '--no-recurse-submodules', tree, tip], { cwd });
  if (switched.code === 0)
    await git(['symbolic-ref', '-m', 'tidings: back to the branch', 'HEAD', own(record)], { cwd });
}

/** Whether the branch already holds these contents from this head: a save that a crash cut short. */
async function holds(
  git: Git,
  cwd: string,
  tip: string,
  tree: string,
  head: string | undefined,
  within: (inner: string, outer: string) => Promise<boolean>,
): Promise<boolean> {
  for (const revision of [tip, `${tip}^2`]) {
    const commit = await commitOf(git, cwd, revision);
    if (commit === undefined || !(await message(git, cwd, commit)).includes(trailer)) continue;
    if ((await treeOf(git, cwd, commit)) !== tree) continue;
    if (head === undefined || (await within(head, commit))) return true;
  }
  return false;
}

/** Whether a commit is the worker's: by its committer, or because nothing else would keep it. */
async function isWork(
  git: Git,
  cwd: string,
  commit: string,
  env: ReturnType<typeof gitIdentity>,
): Promise<boolean> {
  const committer = await git(['show', '-s', '--format=%ce', commit], { cwd });
  if (committer.text === env.GIT_COMMITTER_EMAIL) return true;
  const holder = await git(['for-each-ref', '--count=1', '--contains', commit, '--format=%(refname)'], {
    cwd,
  });
  return holder.text === '';
}

/** Locks of a git that was killed: those of this worktree and of its branch only, and only if nobody lets go. */
async function dropStaleLocks(record: WorktreeRecord): Promise<void> {
  const locks = [
    join(record.gitFolder, 'index.lock'),
    join(record.gitFolder, 'HEAD.lock'),
    join(record.common, `${own(record)}.lock`),
  ];
  for (let wait = 0; wait < 5 && locks.some((lock) => existsSync(lock)); wait += 1) await sleep(100);
  for (const lock of locks) await rm(lock, { force: true });
}

async function mergeHeads(record: WorktreeRecord): Promise<string[]> {
  const text = await readFile(join(record.gitFolder, 'MERGE_HEAD'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** The git commands that the worktree is in the middle of. */
function underWay(record: WorktreeRecord): string[] {
  const there = (name: string): boolean => existsSync(join(record.gitFolder, name));
  return [
    ...(there('rebase-merge') || (there('rebase-apply') && !there('rebase-apply/applying'))
      ? ['rebase']
      : []),
    ...(there('rebase-apply/applying') ? ['am'] : []),
    ...(there('MERGE_HEAD') ? ['merge'] : []),
    ...(there('CHERRY_PICK_HEAD') ? ['cherry-pick'] : []),
    ...(there('REVERT_HEAD') ? ['revert'] : []),
  ];
}

async function treeOf(git: Git, cwd: string, commit: string): Promise<string> {
  return (await must(git(['rev-parse', '--verify', `${commit}^{tree}`], { cwd }))).text;
}

async function emptyTree(git: Git, cwd: string): Promise<string> {
  return (await must(git(['hash-object', '-t', 'tree', '--stdin'], { cwd, input: '' }))).text;
}

async function message(git: Git, cwd: string, commit: string): Promise<string> {
  return (await must(git(['show', '-s', '--format=%B', commit], { cwd }))).text;
}

function own(record: WorktreeRecord): string {
  return `refs/heads/${record.branch}`;
}

async function must(running: Promise<GitResult>): Promise<GitResult> {
  const result = await running;
  if (result.code !== 0) throw new Error(`The work could not be saved: ${result.error}`);
  return result;
}
