/**
 * Owns how a repository's own instructions for agents reach a worker: which file, how much of it, and a fence
 * that its text can't close. Never follows a link out of the worktree.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { harmless } from '../../../tools/harmless.ts';
import { isInside, realOrUndefined } from './places.ts';

/** Characters of the instructions that are shown. */
const mostShown = 20_000;

/** The fenced text of AGENTS.md, or CLAUDE.md where there is none; undefined without either. */
export async function instructionsOf(folder: string): Promise<string | undefined> {
  for (const name of ['AGENTS.md', 'CLAUDE.md']) {
    const text = await textOf(folder, name);
    if (text === undefined || text.trim() === '') continue;
    const shown = text.slice(0, mostShown).toWellFormed();
    const cut =
      text.length > mostShown
        ? `\n[… cut: ${mostShown} of ${text.length} characters; the rest is in ${name}]`
        : '';
    // Made from the text, so no text can hold its own.
    const mark = createHash('sha256').update(text).digest('hex').slice(0, 8);
    return [
      `The repository's own instructions for agents follow, between the two lines that hold ${mark}.`,
      `--- ${name} ${mark} begins ---`,
      `${shown.trimEnd()}${cut}`,
      `--- ${name} ${mark} ends ---`,
    ].join('\n');
  }
  return undefined;
}

async function textOf(folder: string, name: string): Promise<string | undefined> {
  const path = await realOrUndefined(join(folder, name));
  if (path === undefined || !isInside(folder, path)) return undefined;
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > 5_000_000) return undefined;
    return harmless(await handle.readFile('utf8'));
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
