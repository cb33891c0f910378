/**
 * Owns whether a branch may take a new commit: what is half done to it or not committed where it is checked out stands
 * against that. Only looks.
 */
import type { WorktreeRefusal } from '../../../core/ports.ts';
import { type Checkout, changedIn, checkoutsOf, underWay } from './checkout.ts';
import type { Git } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { refusal } from './worktree-refusal.ts';

export interface Place {
  readonly ok: true;
  /** Absent: it is checked out nowhere. */
  readonly checkout?: Checkout;
}

/** Where the record's base, the branch `ref`, is to take a commit, or why it can't now. */
export async function placeOf(
  git: Git,
  { common, base }: WorktreeRecord,
  ref: string,
): Promise<Place | WorktreeRefusal> {
  const [checkout, ...more] = await checkoutsOf(git, common, ref);
  if (checkout && more.length > 0) {
    const folders = [checkout, ...more].map(({ folder }) => folder).join(', ');
    return refusal('base', `${base} is checked out in several folders: ${folders}. Leave it in one only.`);
  }
  const half = await underWay(common, ref, checkout);
  if (half) {
    return refusal(
      'dirty',
      `${half.what} of ${base} is under way in ${half.folder}. It must be ended or given up first.`,
    );
  }
  if (!checkout) return { ok: true };
  const changed = await changedIn(git, checkout);
  if (changed.length > 0) {
    return refusal(
      'dirty',
      `${base} is checked out in ${checkout.folder} with changes that are not committed. Commit or stash them, then land it again.`,
      changed,
    );
  }
  return { ok: true, checkout };
}
