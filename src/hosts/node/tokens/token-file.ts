/**
 * The file that keeps the named tokens, `tokens.json` in the data folder: digests, scopes, owners, times. Owns its
 * form, and that two who change it lose nothing of each other. Holds no token.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { doneRequestSchema } from '../../../http/token-keeper.ts';
import { type KeptToken, keptTokenSchema, TokenError } from '../../../http/token-rules.ts';
import { ensurePrivateFile, writePrivateFile } from '../private-file.ts';
import { makeFolder } from '../store/data-folder.ts';
import { sqliteFailure } from '../store/sqlite-failure.ts';

/** What isn't known is refused: a scope or a bound that this release doesn't know must not be read as none. */
const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z.array(keptTokenSchema).refine(namesDiffer, 'a name stands twice'),
  /** Requests over HTTP that had an id, so that each is done once. */
  requests: z.array(doneRequestSchema).optional(),
});
export type TokenFile = Readonly<Omit<z.output<typeof fileSchema>, 'version'>>;

// The command shows what this file keeps, and what can't be done with it.
export { type KeptToken, TokenError } from '../../../http/token-rules.ts';

/** How long one change waits for another to end. */
const WAIT_MS = 10_000;

export function tokenFilePath(dataFolder: string): string {
  return join(dataFolder, 'tokens.json');
}

/**
 * All tokens that were ever made, oldest first; none where there is no file.
 * @throws TokenError when the file can't be read or isn't whole
 */
export function readTokens(dataFolder: string): KeptToken[] {
  return readTokenFile(dataFolder).tokens;
}

function readTokenFile(dataFolder: string): TokenFile {
  const path = tokenFilePath(dataFolder);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { tokens: [] };
    throw new TokenError(1, `The named tokens in ${path} can't be read: ${reason(error)}.`, error);
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TokenError(
      1,
      `${path} is damaged, or of another release: ${reason(error)}. Put back a copy of it, or remove it: then no named token is left, and new ones can be made.`,
      error,
    );
  }
}

/**
 * Replaces what is kept, one change at a time whoever else makes one. If `change` throws, or gives back what it was
 * given, nothing has changed.
 * @throws TokenError when the file can't be read or written
 */
export function changeTokens(dataFolder: string, change: (kept: TokenFile) => TokenFile): void {
  const path = tokenFilePath(dataFolder);
  let lock: DatabaseSync | undefined;
  try {
    makeFolder(dataFolder);
    lock = takeLock(join(dataFolder, 'tokens.lock'));
    const before = readTokenFile(dataFolder);
    const after = change(before);
    if (after === before) return;
    writePrivateFile(path, `${JSON.stringify(fileSchema.parse({ version: 1, ...after }), null, 2)}\n`);
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError(1, `The named tokens in ${path} can't be changed: ${reason(error)}.`, error);
  } finally {
    lock?.close();
  }
}

/** An open exclusive transaction, as on the data folder itself: the system ends it with the process. */
function takeLock(path: string): DatabaseSync {
  ensurePrivateFile(path);
  const lock = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteFailure(error)?.kind !== 'busy') throw error;
    throw new TokenError(
      1,
      `Another command has been changing the tokens for ${WAIT_MS / 1_000} s (${path}).`,
    );
  }
}

function namesDiffer(tokens: readonly KeptToken[]): boolean {
  return new Set(tokens.map(({ name }) => name)).size === tokens.length;
}

/** Never what stands in the file: somebody may have written a token there by hand. */
function reason(error: unknown): string {
  if (error instanceof z.ZodError) {
    const first = error.issues[0];
    return `"${first?.path.join('.') ?? ''}" is not what it should be`;
  }
  if (error instanceof SyntaxError) return 'it is not JSON';
  return error instanceof Error ? error.message : String(error);
}
