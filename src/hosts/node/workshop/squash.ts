/**
 * Owns how a branch's work becomes one tree on top of another commit: merged beside every working tree, so that
 * nothing but new objects comes of it. Never moves a branch.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gitIdentity } from './environment.ts';
import type { Git, GitResult } from './git.ts';
import type { Landing } from './record.ts';
import { isWithin } from './worktree-facts.ts';

export type Squashed =
  | { readonly kind: 'merged'; readonly tree: string }
  | { readonly kind: 'conflict'; readonly files: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

/** The first git that merges without a working tree. */
export const leastGit = [2, 38] as const;

/** What the commit `base` is with the work of the commit `work`, less what `landed` of it is there already. */
export async function squash(
  setting: { readonly git: Git; readonly common: string; readonly partial: string },
  given: { readonly base: string; readonly work: string; readonly landed: Landing | undefined },
): Promise<Squashed> {
  const folder = await mkdtemp(join(setting.partial, 'merge-'));
  try {
    const cwd = join(folder, 'files');
    await mkdir(cwd);
    const env = {
      ...gitIdentity(''),
      GIT_DIR: setting.common,
      GIT_WORK_TREE: cwd,
      GIT_INDEX_FILE: join(folder, 'index'),
    };
    const git: Git = (args, options) => setting.git(args, { ...options, env: { ...env, ...options.env } });
    await putAttributes(git, cwd, given.base);
    const [ours, theirs] = await sides(git, cwd, given);
    const merged = await git(
      ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs],
      { cwd },
    );
    const [tree = '', ...files] = merged.text.split('\0').filter((part) => part !== '');
    if (merged.code === 1 && tree !== '') return { kind: 'conflict', files: [...new Set(files)] };
    if (merged.code !== 0) return { kind: 'failed', message: merged.error };
    return { kind: 'merged', tree };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Git asks the files of a working tree how each file is to be merged: those of the base are put there. */
async function putAttributes(git: Git, cwd: string, base: string): Promise<void> {
  await must(git(['read-tree', base], { cwd }));
  const { out } = await must(git(['ls-files', '-z', '--', ':(glob)**/.gitattributes'], { cwd }));
  if (out.length > 0) await must(git(['checkout-index', '--quiet', '-z', '--stdin'], { cwd, input: out }));
}

/**
 * The commits to merge. What has landed came to the base without its history, so git would merge it once more and
 * find conflicts with itself: two commits stand for the real ones then, with what has landed as their parent.
 */
async function sides(
  git: Git,
  cwd: string,
  { base, work, landed }: { base: string; work: string; landed: Landing | undefined },
): Promise<readonly [string, string]> {
  if (!landed || (await isWithin(git, cwd, landed.commit, work))) return [base, work];
  const stand = async (commit: string, parents: readonly string[]): Promise<string> =>
    (await must(git(['commit-tree', `${commit}^{tree}`, ...parents, '-m', 'to merge'], { cwd }))).text;
  const parent = await stand(landed.tip, []);
  return [await stand(base, ['-p', parent]), await stand(work, ['-p', parent])];
}

async function must(running: Promise<GitResult>): Promise<GitResult> {
  const result = await running;
  if (result.code !== 0) throw new Error(result.error);
  return result;
}
