/**
 * Owns that a landing is brought to its end which a crash cut after the files were there and before the branch had
 * moved. Touches nothing unless files and index are those of that landing, to the last.
 */
import { checkoutsOf, underWay } from './checkout.ts';
import { gitIdentity } from './environment.ts';
import type { Git } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { baseBranch } from './worktree-facts.ts';

/** Moves the base to the commit of the latest landing if only that is left of it to do. Repeatable. */
export async function resumeLanding(git: Git, record: WorktreeRecord): Promise<void> {
  const begun = record.landings?.at(-1);
  const base = begun && (await baseBranch(git, record));
  if (!base || (await commitOf(git, record.common, `${begun.commit}^`)) !== base.tip) return;
  const [checkout, ...more] = await checkoutsOf(git, record.common, base.ref);
  if (!checkout || more.length > 0 || (await underWay(record.common, base.ref, checkout))) return;
  const quiet = ['--quiet', '--ignore-submodules=dirty'];
  for (const look of [
    ['diff-index', '--cached', ...quiet, begun.commit],
    ['diff-files', ...quiet],
  ]) {
    if ((await git(look, { cwd: checkout.folder })).code !== 0) return;
  }
  await git(['update-ref', '-m', `tidings: land ${record.branch}`, base.ref, begun.commit, base.tip], {
    cwd: record.common,
    env: gitIdentity(''),
  });
}
