/**
 * The configuration that a start of the gateway goes by: environment over file over defaults, checked as a
 * whole, each value with where it came from. Never writes anything and never starts anything.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import {
  type Anthropic,
  type AnthropicName,
  anthropicVariables,
  type Environment,
} from '../../config/environment.ts';
import { readLayers } from '../../config/layers.ts';
import { modelProblems } from '../../config/models.ts';
import { ConfigError, show } from '../../config/problems.ts';
import { isLoopback, isWildcard } from '../../config/reach.ts';
import {
  clientVariable,
  configVariable,
  environment,
  type SettingName,
  type Settings,
  tokenMinimum,
} from '../../config/schema.ts';
import { readConfigFile } from './config/file.ts';
import { isFolder as folderExists, isRepository as repositoryExists } from './config/folders.ts';

/** Where a value came from: `environment PORT`, `file /chat/tidings.config.json`. */
export type Source = 'default' | `environment ${string}` | `file ${string}`;

/** Settings without a default of their own. */
type Optional = 'publicUrl' | 'token' | 'instructions' | 'chatBudgetTokens' | 'subagentBudgetTokens';

/**
 * `data` and the paths in `repositories`, `skills` and `sandbox` are absolute; durations are minutes and seconds as named, and may be
 * fractions; `publicUrl` is an origin; `host` has no brackets.
 */
export interface Config extends Readonly<Omit<Settings, 'subagentModel' | 'skills' | Optional>> {
  readonly subagentModel: string;
  readonly publicUrl?: string;
  readonly token?: string;
  readonly instructions?: string;
  readonly chatBudgetTokens?: number;
  readonly subagentBudgetTokens?: number;
  readonly repositories: Readonly<Settings['repositories']>;
  readonly models: Readonly<Settings['models']>;
  /** Absolute paths of folders with skills, in the order in which their names count. */
  readonly skills: readonly string[];
  /** What the official SDK would read from the environment. Beside a key it doesn't use the token. */
  readonly anthropic: Anthropic;
  /** Nothing says how to reach a model, so the built-in simulator answers. */
  readonly simulator: boolean;
  /** The configuration file's absolute path, and whether there is one. */
  readonly file: { readonly path: string; readonly exists: boolean };
  readonly sources: Readonly<Record<SettingName | AnthropicName, Source>>;
  /** Sentences for the person who starts it: what is not wrong, but hardly meant. */
  readonly warnings: readonly string[];
}

interface ConfigInput {
  readonly env: Environment;
  /** Absolute. */
  readonly cwd: string;
  /** The file's text, undefined if there is none; throws if there is one that can't be read. */
  readonly readFile?: (path: string) => string | undefined;
  readonly isFolder?: (path: string) => boolean;
  /** Asked only of folders. */
  readonly isRepository?: (path: string) => boolean;
}

/**
 * Reads and checks the whole configuration.
 * @throws ConfigError with one line for each setting that is wrong
 */
export function loadConfig({
  env,
  cwd,
  readFile = readText,
  isFolder = folderExists,
  isRepository = repositoryExists,
}: ConfigInput): Config {
  const file = readConfigFile(env, cwd, readFile);
  const {
    settings: checked,
    anthropic,
    from,
    subject,
    ...found
  } = readLayers(env, file, [configVariable, clientVariable]);
  if (checked === undefined || found.problems.length > 0) throw new ConfigError(found.problems);
  const {
    subagentModel,
    publicUrl,
    token,
    instructions,
    chatBudgetTokens,
    subagentBudgetTokens,
    ...settings
  } = checked;
  const problems = modelProblems(checked, subject, 'the configuration file');

  const source = (name: SettingName): Source => {
    const entry = environment[name];
    if (entry !== undefined && from(name) === 'environment') return `environment ${entry.variable}`;
    return from(name) === 'written' ? `file ${file.path}` : 'default';
  };
  const absolute = (path: string, of: SettingName, written = from(of) === 'written'): string => {
    const home = /^~(?=\/|$)/.test(path) ? join(env.HOME?.trim() || homedir(), path.slice(1)) : path;
    return resolve(written ? dirname(file.path) : cwd, home);
  };

  const repositories: Record<string, string> = {};
  for (const [name, path] of Object.entries(settings.repositories)) {
    const folder = absolute(path, 'repositories');
    repositories[name] = folder;
    const lacking = !isFolder(folder)
      ? `there is no folder at ${folder}`
      : !isRepository(folder)
        ? `${folder} is not the top folder of a git repository (git init makes it one)`
        : undefined;
    if (lacking !== undefined) {
      problems.push(
        `${file.subject(['repositories', name])} ${show(path)}, and ${lacking}; it must be the path of a git repository, absolute or from the configuration file's folder.`,
      );
    }
  }
  const skills = settings.skills.map((path, at) => {
    const folder = absolute(path, 'skills');
    if (!isFolder(folder)) {
      problems.push(
        `${file.subject(['skills', at])} ${show(path)}, and there is no folder at ${folder}; it must be a skill's folder or a folder of them, absolute or from the configuration file's folder.`,
      );
    }
    return folder;
  });
  // Only the file can name any, whatever says how strict it is.
  const folderOf = (path: string): string => absolute(path, 'sandbox', true);
  const sandbox = {
    ...settings.sandbox,
    write: settings.sandbox.write.map(folderOf),
    hide: settings.sandbox.hide.map(folderOf),
  };
  const data = absolute(settings.data, 'data');
  sandbox.write.forEach((folder, at) => {
    const what = file.subject(['sandbox', 'write', at]);
    const given = show(settings.sandbox.write[at]);
    if (!isFolder(folder)) {
      problems.push(`${what} ${given}, and there is no folder at ${folder}; it must be one that is there.`);
    } else if (within(folder, data) || within(data, folder) || within(folder, file.path)) {
      problems.push(
        `${what} ${given}, where the gateway's own files are; it must be a folder apart from ${data} and ${file.path}.`,
      );
    }
  });
  if (!isLoopback(settings.host) && token === undefined) {
    problems.push(
      `${subject('host')} ${show(settings.host)}, where other machines can reach the gateway; it must be a loopback host such as 127.0.0.1, unless TIDINGS_TOKEN, or token in the file, sets an explicit token of at least ${tokenMinimum} characters.`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);

  const warnings = [...found.warnings];
  if (isWildcard(settings.host) && publicUrl === undefined) {
    warnings.push(
      `The gateway listens on every address (${settings.host}), but lets in only requests to localhost; set TIDINGS_PUBLIC_URL to the address that people type.`,
    );
  }

  const sourceOf = (name: AnthropicName): Source =>
    anthropic[name] === undefined ? 'default' : `environment ${anthropicVariables[name]}`;
  return {
    ...settings,
    subagentModel: subagentModel ?? settings.model,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(token === undefined ? {} : { token }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(chatBudgetTokens === undefined ? {} : { chatBudgetTokens }),
    ...(subagentBudgetTokens === undefined ? {} : { subagentBudgetTokens }),
    data,
    repositories,
    skills,
    sandbox,
    anthropic,
    simulator: Object.keys(anthropic).length === 0,
    file: { path: file.path, exists: file.exists },
    sources: {
      model: source('model'),
      subagentModel: source('subagentModel'),
      host: source('host'),
      port: source('port'),
      publicUrl: source('publicUrl'),
      token: source('token'),
      data: source('data'),
      maxChildren: source('maxChildren'),
      maxDepth: source('maxDepth'),
      maxSpawns: source('maxSpawns'),
      subagentMinutes: source('subagentMinutes'),
      idleMinutes: source('idleMinutes'),
      mainToolSeconds: source('mainToolSeconds'),
      chatBudgetUsd: source('chatBudgetUsd'),
      subagentBudgetUsd: source('subagentBudgetUsd'),
      chatBudgetTokens: source('chatBudgetTokens'),
      subagentBudgetTokens: source('subagentBudgetTokens'),
      modelCalls: source('modelCalls'),
      processes: source('processes'),
      log: source('log'),
      instructions: source('instructions'),
      repositories: source('repositories'),
      fetch: source('fetch'),
      webSearches: source('webSearches'),
      sandbox: source('sandbox'),
      trust: source('trust'),
      models: source('models'),
      skills: source('skills'),
      markers: source('markers'),
      mcp: source('mcp'),
      retention: source('retention'),
      apiKey: sourceOf('apiKey'),
      authToken: sourceOf('authToken'),
      baseUrl: sourceOf('baseUrl'),
    },
    warnings,
  };
}

function within(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === sep ? sep : `${folder}${sep}`);
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
