/** Loads a configuration out of an environment and a file's text, and catches the lines of a refusal. */

import { ConfigError } from '../../src/config/problems.ts';
import { type Config, loadConfig } from '../../src/hosts/node/config.ts';

export const path = '/chat/tidings.config.json';

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  /** The file's text, or what it holds. */
  readonly file?: string | object;
}

/** In folder `/chat`, where every folder exists but those called `gone`, and all but those called `plain` are repositories. */
export function load({ env = {}, file }: Given): Config {
  const text = typeof file === 'object' ? JSON.stringify(file, null, 2) : file;
  return loadConfig({
    env,
    cwd: '/chat',
    readFile: (asked) => (asked === path ? text : undefined),
    isFolder: (asked) => !asked.endsWith('gone'),
    isRepository: (asked) => !asked.endsWith('plain'),
  });
}

/** The lines that the refusal prints. */
export function refusal(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
}
