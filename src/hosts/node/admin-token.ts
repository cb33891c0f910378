/**
 * The admin token: the configured one, or one made at the first start and kept in the data folder. Never prints
 * it and never accepts a weaker one than the configuration would.
 */
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nanoid } from 'nanoid';
import { ConfigError } from '../../config/problems.ts';
import { tokenMinimum, tokenPattern } from '../../config/schema.ts';
import { writePrivateFile } from './private-file.ts';

interface AdminToken {
  readonly token: string;
  /** `made` only at the start that made it. */
  readonly from: 'configuration' | 'file' | 'made';
  /** Where it is kept; absent for a configured one, which is never written down. */
  readonly path?: string;
  /** What the person who starts the gateway should know. */
  readonly notice?: string;
}

/** 32 letters of 6 bits each: 192 bits. */
const generatedLength = 32;

/** Where a token that was made is kept. */
export function adminTokenPath(dataFolder: string): string {
  return join(dataFolder, 'admin-token');
}

/**
 * The token that has every scope. Only the owner of the data folder may call it: two at once could each make one.
 * @throws ConfigError when the kept token can't be read, written or used
 */
export function adminToken(config: { readonly token?: string }, dataFolder: string): AdminToken {
  if (config.token !== undefined) return { token: config.token, from: 'configuration' };
  const path = adminTokenPath(dataFolder);
  try {
    return keptToken(path) ?? makeToken(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `The admin token in ${path} can't be read or kept: ${reason}. Give this user the folder, name another in TIDINGS_DATA, or set TIDINGS_TOKEN.`,
    ]);
  }
}

function keptToken(path: string): AdminToken | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const token = found.isFile() ? readFileSync(path, 'utf8').trim() : '';
  if (token.length < tokenMinimum || !tokenPattern.test(token)) {
    const what = !found.isFile()
      ? 'is not a file'
      : token === ''
        ? 'is empty'
        : 'does not hold a usable token';
    throw new ConfigError([
      `${path} ${what}; it must hold the admin token of at least ${tokenMinimum} characters. Remove it, and the next start makes a new one, or set TIDINGS_TOKEN.`,
    ]);
  }
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return { token, from: 'file', path };
  chmodSync(path, 0o600);
  return {
    token,
    from: 'file',
    path,
    notice: `${path} was open to other users of this machine (mode ${mode.toString(8).padStart(4, '0')}); it is 0600 now. If somebody may have read it, remove it and start again for a new token.`,
  };
}

function makeToken(path: string): AdminToken {
  const token = nanoid(generatedLength);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivateFile(path, `${token}\n`);
  return { token, from: 'made', path };
}
