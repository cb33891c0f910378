/** The configuration file: which one it is, and what is written in it. Never checks a setting. */
import { resolve } from 'node:path';
import { type Environment, variable } from '../../../config/environment.ts';
import { ConfigError } from '../../../config/problems.ts';
import { configVariable } from '../../../config/schema.ts';
import { nothingWritten, readSettingsText, type Written } from '../../../config/settings-text.ts';

/** The configuration file's name where none is named, in the working directory. */
export const usualConfigFile = 'tidings.config.json';

interface ConfigFile extends Written {
  readonly path: string;
  /** False: nobody made one, and nothing is in it. */
  readonly exists: boolean;
}

/**
 * Reads the file that the environment names, or the one in `cwd` if there is one.
 * @throws ConfigError when it is named but missing, can't be read, or isn't a JSON object
 */
export function readConfigFile(
  env: Environment,
  cwd: string,
  readFile: (path: string) => string | undefined,
): ConfigFile {
  const named = variable(env, configVariable);
  const path = resolve(cwd, named ?? usualConfigFile);
  const text = textOf(path, readFile);
  if (text === undefined) {
    if (named === undefined) return { path, exists: false, ...nothingWritten(path) };
    const shown = JSON.stringify(named);
    throw new ConfigError([
      `${configVariable} (environment) is ${shown}, and there is no file at ${path}; it must be the path of a JSON file with settings.`,
    ]);
  }
  const reading = readSettingsText(text, path);
  if (!reading.ok) throw new ConfigError([reading.problem]);
  return { path, exists: true, values: reading.values, subject: reading.subject };
}

function textOf(path: string, readFile: (path: string) => string | undefined): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `${path} can't be read: ${reason}. It must be a JSON file that this user may read.`,
    ]);
  }
}
