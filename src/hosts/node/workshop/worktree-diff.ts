/** Owns what a worktree's work looks like as a patch. Never changes anything of it. */
import { existsSync } from 'node:fs';
import type { WorktreeRefusal } from '../../../core/ports.ts';
import type { Git } from './git.ts';
import type { WorktreeRecord } from './record.ts';
import { factsOf, isWithin } from './worktree-facts.ts';
import { refusal } from './worktree-refusal.ts';
import { withSnapshot } from './worktree-snapshot.ts';

/** Characters of a patch; nobody reads more. */
const mostPatch = 5_000_000;

/** All that the work changed since it began, as the worktree stands now. */
export async function diff(
  setting: { readonly git: Git; readonly partial: string },
  record: WorktreeRecord,
): Promise<{ readonly ok: true; readonly patch: string } | WorktreeRefusal> {
  if (!existsSync(record.common))
    return refusal('failed', `Its repository at ${record.common} is not there any more.`);
  const facts = await factsOf(setting.git, record);
  if (facts === undefined)
    return refusal('failed', `Git cannot tell what its worktree ${record.folder} holds.`);
  const { start, tip } = facts;
  if (!existsSync(record.folder)) {
    return { ok: true, patch: shorten(tip ? await patch(setting.git, record, start, tip) : '') };
  }
  return withSnapshot(setting, record, async ({ git, tree, head, refused }) => {
    const parts = [await patch(git, record, start, tree)];
    // It stands elsewhere at the moment: what is on its branch is its work, too.
    if (tip && head && !(await isWithin(git, record.common, tip, head))) {
      parts.push(await patch(git, record, start, tip));
    }
    const missing = refused.map((name) => JSON.stringify(name)).join(', ');
    if (missing !== '') parts.unshift(`Git could not read, so not shown: ${missing.slice(0, 2000)}\n`);
    return { ok: true, patch: shorten(parts.join('')) };
  });
}

async function patch(git: Git, { common }: WorktreeRecord, from: string, to: string): Promise<string> {
  const options = ['--no-color', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'];
  const made = await git(['diff-tree', '-r', '-p', '-M', ...options, from, to], { cwd: common });
  if (made.code !== 0) throw new Error(made.error);
  return visible(new TextDecoder('utf-8', { ignoreBOM: true }).decode(made.out));
}

/** What would act on a terminal or hide from a reader becomes a sign that shows. */
function visible(text: string): string {
  return text
    .replace(/(?![\n\t])\p{Cc}/gu, (char) => {
      const code = char.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
    })
    .toWellFormed();
}

function shorten(text: string): string {
  if (text.length <= mostPatch) return text;
  return `${text.slice(0, mostPatch).toWellFormed()}\n[… cut: the first ${mostPatch} of ${text.length} characters]\n`;
}
