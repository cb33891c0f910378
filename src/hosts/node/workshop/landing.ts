/**
 * Owns how a session's work comes onto the branch that it began from: as one commit, or not at all. Refuses before it
 * changes anything, and never touches a branch but that one and the session's own. Runs one at a time for each
 * repository; others that move the same branch meanwhile are taken note of.
 */
import { existsSync } from 'node:fs';
import type { Landed, WorktreeRefusal } from '../../../core/ports.ts';
import { bringTo, type Change, type Checkout, changeBetween, inTheWay, readable } from './checkout.ts';
import { gitIdentity } from './environment.ts';
import type { Git } from './git.ts';
import { keepWork } from './keep-work.ts';
import { type Place, placeOf } from './landing-place.ts';
import { resumeLanding } from './landing-resume.ts';
import type { Landing, WorktreeRecord } from './record.ts';
import { commitOf } from './repository.ts';
import { leastGit, type Squashed, squash } from './squash.ts';
import { type BaseBranch, baseBranch, type Facts, factsOf, isKnown, ownRef } from './worktree-facts.ts';
import { refusal } from './worktree-refusal.ts';
import { withSnapshot } from './worktree-snapshot.ts';

export interface LandSetting {
  readonly git: Git;
  /** For files that are gone afterwards. */
  readonly partial: string;
  readonly save: (record: WorktreeRecord) => Promise<void>;
}

interface Words {
  readonly title: string;
  readonly body: string;
}

type Outcome = { readonly ok: true; readonly landed: Omit<Landed, 'overlaps'> } | WorktreeRefusal;

/** How often it begins anew when the base moves meanwhile. */
const tries = 5;

/** Lands the worktree's work. Repeatable: what the base holds already is not put there again. */
export async function land(setting: LandSetting, record: WorktreeRecord, words: Words): Promise<Outcome> {
  try {
    const found = await beforehand(setting, record);
    return 'ok' in found ? found : await landNow(setting, record, words, found);
  } catch (error) {
    return failed(record, error instanceof Error ? error.message : String(error));
  }
}

/** What shows before anything is changed: that it can't land, or has landed; else what there is to land. */
async function beforehand(setting: LandSetting, record: WorktreeRecord): Promise<Outcome | Facts> {
  const { git } = setting;
  const { branch, folder } = record;
  if (!existsSync(record.common))
    return refusal('none', `Its repository at ${record.common} is not there any more.`);
  if (!existsSync(folder) || !isKnown(record)) {
    const advice = `Steer the subagent and it is made again from the branch ${branch}, or merge that branch by hand.`;
    return refusal('none', `Its worktree ${folder} is gone. ${advice}`);
  }
  const old = await oldGit(git, record.common);
  if (old !== undefined) {
    const least = leastGit.join('.');
    return refusal('failed', `Landing needs git ${least} or newer; this is ${old}. Update git.`);
  }
  await resumeLanding(git, record);
  const facts = await factsOf(git, record);
  if (facts === undefined) return failed(record, 'git cannot tell what its worktree holds');
  if (facts.base === undefined) return noBranch(record);
  if (facts.tip === undefined && (await commitOf(git, record.common, ownRef(record))) !== undefined)
    return failed(record, `${branch} was made another name for a branch`);
  if (isSettled(facts) && facts.landing && facts.landing.tip === facts.tip)
    return already(git, record, facts.landing.commit);
  if (facts.commits === 0 && facts.uncommitted.length === 0) {
    return refusal('nothing', `There is nothing to land: ${branch} has no commit that ${record.base} lacks.`);
  }
  const place = await placeOf(git, record, facts.base.ref);
  if (!place.ok) return place;
  return isSettled(facts) ? facts : ((await rehearse(setting, record, facts, facts.base)) ?? facts);
}

/** Whether what is not committed yet would land, so that it need not be committed if it would not. */
async function rehearse(
  setting: LandSetting,
  record: WorktreeRecord,
  facts: Facts,
  base: BaseBranch,
): Promise<WorktreeRefusal | undefined> {
  return withSnapshot(setting, record, async ({ git, tree, refused }) => {
    if (refused.length > 0) return unreadable(refused);
    const parents = facts.tips.flatMap((tip) => ['-p', tip]);
    const env = gitIdentity(pathOf(record));
    const cwd = record.common;
    const work = await git(['commit-tree', tree, ...parents, '-m', 'to merge'], { cwd, env });
    if (work.code !== 0) return failed(record, work.error);
    const given = { base: base.tip, work: work.text, landed: facts.landing };
    return unmerged(record, await squash({ ...setting, git, common: cwd }, given));
  });
}

async function landNow(
  setting: LandSetting,
  record: WorktreeRecord,
  words: Words,
  found: Facts,
): Promise<Outcome> {
  const { git } = setting;
  const cwd = record.common;
  if (!isSettled(found)) await keepWork(git, record, pathOf(record));
  for (let go = 0; go < tries; go += 1) {
    const facts = go === 0 && isSettled(found) ? found : await factsOf(git, record);
    const { tip: work, base, landing: landed } = facts ?? {};
    if (facts === undefined || work === undefined)
      return failed(record, 'git cannot tell what its worktree holds');
    if (facts.uncommitted.length > 0) return unreadable(facts.uncommitted);
    if (base === undefined) return noBranch(record);
    const squashed = await squash({ ...setting, common: cwd }, { base: base.tip, work, landed });
    if (squashed.kind !== 'merged') return unmerged(record, squashed) ?? failed(record, '');
    const change = await changeBetween(git, cwd, base.tip, squashed.tree);
    if (change.added.length + change.others.length === 0) {
      if (await changesNothing(git, record, facts, work))
        return refusal(
          'nothing',
          `There is nothing to land: the commits of ${record.branch} come to no change.`,
        );
      // So that nothing counts it as unlanded.
      await setting.save({ ...record, landings: landings(landed, work, base.tip) });
      return already(git, record, base.tip);
    }
    const place = await placeOf(git, record, base.ref);
    if (!place.ok) return place;
    const blocked = place.checkout ? await inTheWay(place.checkout, change) : [];
    if (blocked.length > 0) {
      const where = `${place.checkout?.folder}, where ${record.base} is checked out`;
      const why = `Files that git does not track lie in ${where}, in the place of files that would land.`;
      return refusal('dirty', `${why} Move them away, then land it again.`, blocked);
    }
    const commit = await commitTree(git, record, { tree: squashed.tree, parent: base.tip, work }, words);
    // Before the base moves: whatever ends the gateway then, it is known that this commit is this work.
    await setting.save({ ...record, landings: landings(landed, work, commit) });
    const moved = await moveBase(git, record, base, { ...change, to: commit }, place);
    if (moved === 'moved') {
      const files = [...change.added, ...change.others].map(readable).sort();
      return {
        ok: true,
        landed: { branch: record.branch, base: record.base, commit, files, already: false },
      };
    }
    if (moved !== 'again') return moved;
  }
  return refusal(
    'base',
    `${record.base} moved each time that ${record.branch} was about to land on it. Nothing was landed; try again when it rests.`,
  );
}

/** Moves the base to a commit on top of it, with its files where it is checked out; all of it or nothing. */
async function moveBase(
  git: Git,
  record: WorktreeRecord,
  { ref, tip }: BaseBranch,
  change: Change,
  { checkout }: Place,
): Promise<'moved' | 'again' | WorktreeRefusal> {
  if (checkout) {
    const stuck = await bringTo(git, checkout, change);
    if (stuck) {
      const where = `The files in ${checkout.folder}, where ${record.base} is checked out,`;
      return refusal(
        stuck.why,
        `${where} could not be brought to it, and are as they were: ${stuck.message}`,
      );
    }
  }
  const still = checkout && (await git(['symbolic-ref', '--quiet', 'HEAD'], { cwd: checkout.folder }));
  const label = `tidings: land ${record.branch}`;
  const done =
    still && still.text !== ref
      ? { code: 1, error: `something else than ${record.base} is checked out there by now` }
      : await git(['update-ref', '-m', label, ref, change.to, tip], {
          cwd: record.common,
          env: gitIdentity(pathOf(record)),
        });
  if (done.code === 0) return 'moved';
  if (checkout) await undo(git, checkout, change);
  const now = await baseBranch(git, record);
  return now?.tip === tip ? failed(record, done.error) : 'again';
}

async function undo(git: Git, checkout: Checkout, change: Change): Promise<void> {
  const { added, others } = await changeBetween(git, checkout.folder, change.to, change.from);
  const stuck = await bringTo(git, checkout, { from: change.to, to: change.from, added, others });
  if (stuck) throw new Error(`its files in ${checkout.folder} could not be put back: ${stuck.message}`);
}

async function commitTree(
  git: Git,
  record: WorktreeRecord,
  { tree, parent, work }: { tree: string; parent: string; work: string },
  { title, body }: Words,
): Promise<string> {
  const line = plain(title).replace(/\s+/g, ' ').trim() || `Land ${record.branch}`;
  const text = [line, plain(body).trim(), `Tidings-Landed: ${record.session} ${work}`]
    .filter((part) => part !== '')
    .join('\n\n');
  const made = await git(['commit-tree', tree, '-p', parent, '-F', '-'], {
    cwd: record.common,
    env: gitIdentity(pathOf(record)),
    input: `${text}\n`,
  });
  if (made.code !== 0) throw new Error(made.error);
  return made.text;
}

/** Git takes no NUL in a message, and a reader of the log no other control character. */
function plain(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, ' ').toWellFormed();
}

async function already(git: Git, record: WorktreeRecord, commit: string): Promise<Outcome> {
  const parent = await commitOf(git, record.common, `${commit}^`);
  const change = parent ? await changeBetween(git, record.common, parent, commit) : undefined;
  const files = [...(change?.added ?? []), ...(change?.others ?? [])].map(readable).sort();
  const { branch, base } = record;
  return { ok: true, landed: { branch, base, commit, files, already: true } };
}

/** Whether the work, as it stands, is what it began from. */
async function changesNothing(
  git: Git,
  record: WorktreeRecord,
  { start, landing }: Facts,
  work: string,
): Promise<boolean> {
  const change = await changeBetween(git, record.common, landing?.tip ?? start, work);
  return change.added.length + change.others.length === 0;
}

/** Whether all of the work is committed, on its branch. */
function isSettled({ uncommitted, tips, tip }: Facts): boolean {
  return uncommitted.length === 0 && tips.length === 1 && tip !== undefined;
}

/** Of those before only the latest that the base holds is of any use. */
function landings(before: Landing | undefined, tip: string, commit: string): Landing[] {
  return [...(before ? [before] : []), { tip, commit }];
}

/** The subagent's path; from its branch, which may have a number behind it, where it was not noted. */
function pathOf({ path, branch }: WorktreeRecord): string {
  return path ?? branch.replace(/^subagent\//, '').replaceAll('_', '/');
}

/** The version of a git that is too old to land with. */
async function oldGit(git: Git, cwd: string): Promise<string | undefined> {
  const { text } = await git(['version'], { cwd });
  const [, version = text, major = '0', minor = '0'] = /((\d+)\.(\d+)\S*)/.exec(text) ?? [];
  const [least, then] = leastGit;
  const enough = Number(major) > least || (Number(major) === least && Number(minor) >= then);
  return enough ? undefined : version;
}

function unmerged({ branch, base }: WorktreeRecord, squashed: Squashed): WorktreeRefusal | undefined {
  switch (squashed.kind) {
    case 'merged':
      return undefined;
    case 'conflict': {
      const advice = `Steer its subagent to merge ${base} into its branch and settle the conflict, then land it again.`;
      return refusal(
        'conflict',
        `${branch} and ${base} changed the same places, so nothing was landed. ${advice}`,
        squashed.files,
      );
    }
    case 'failed':
      return refusal('failed', `${branch} could not be merged onto ${base}: ${squashed.message}`);
  }
}

function unreadable(files: readonly string[]): WorktreeRefusal {
  return refusal(
    'failed',
    'Git cannot take in all that is in the worktree, so nothing was landed: it cannot read these files, refuses their names, or the disk is full.',
    files,
  );
}

function noBranch({ base, branch, repository }: WorktreeRecord): WorktreeRefusal {
  return refusal(
    'base',
    `${branch} began from ${base}, which is no branch of ${repository} (a tag, a commit, another name for a branch, or one that is gone), so it has nothing to land on. Merge it by hand.`,
  );
}

function failed({ branch, base }: WorktreeRecord, why: string): WorktreeRefusal {
  return refusal('failed', `${branch} could not be landed, and ${base} is where it was: ${why}`);
}
