/**
 * The configuration file: which one it is, its text as an object of settings, the place of each. Never checks
 * a setting.
 */
import { resolve } from 'node:path';
import { type Environment, variable } from './environment.ts';
import { readJson } from './json.ts';
import { ConfigError } from './problems.ts';
import { configVariable } from './schema.ts';

const defaultFile = 'tidings.config.json';

interface ConfigFile {
  readonly path: string;
  /** False: nobody made one, and nothing is in it. */
  readonly exists: boolean;
  readonly values: Readonly<Record<string, unknown>>;
  /** How a line names a setting of this file: `models.quick.id (/chat/tidings.config.json, line 7)`. */
  readonly subject: (path: readonly PropertyKey[]) => string;
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
  const path = resolve(cwd, named ?? defaultFile);
  const text = textOf(path, readFile);
  if (text === undefined) {
    if (named === undefined)
      return { path, exists: false, values: {}, subject: (at) => `${at.join('.')} (${path})` };
    const shown = JSON.stringify(named);
    throw new ConfigError([
      `${configVariable} (environment) is ${shown}, and there is no file at ${path}; it must be the path of a JSON file with settings.`,
    ]);
  }
  const reading = readJson(text);
  if (!reading.ok) {
    throw new ConfigError([
      `${path} is broken at line ${reading.line}, column ${reading.column}: ${reading.message}.`,
    ]);
  }
  const { value, lineOf } = reading;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw new ConfigError([
      `${path} holds ${what}; it must hold one object of settings, such as {"port": 8787}.`,
    ]);
  }
  return {
    path,
    exists: true,
    values: { ...value },
    subject: (at) => `${at.join('.')} (${place(path, at, lineOf)})`,
  };
}

/** A missing value stands nowhere: then the line is that of the nearest thing around it. */
function place(
  path: string,
  at: readonly PropertyKey[],
  lineOf: (at: readonly PropertyKey[]) => number | undefined,
): string {
  for (let length = at.length; length > 0; length--) {
    const line = lineOf(at.slice(0, length));
    if (line !== undefined) return `${path}, line ${line}`;
  }
  return path;
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
