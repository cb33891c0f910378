/**
 * The configuration that a Worker goes by: its variables and secrets over the text in TIDINGS_CONFIG_JSON over
 * defaults, checked as a whole. Says what of it means nothing there. Never asks for anything over the network.
 */

import {
  type Anthropic,
  anthropicVariables,
  type Environment,
  variable,
  variableSubject,
} from '../../config/environment.ts';
import { type Layers, readLayers } from '../../config/layers.ts';
import { modelProblems } from '../../config/models.ts';
import { ConfigError, show } from '../../config/problems.ts';
import { type AllowLists, listsOf, loopbackNames } from '../../config/reach.ts';
import {
  configVariable,
  environment,
  type SettingName,
  type Settings,
  tokenMinimum,
} from '../../config/schema.ts';
import { nothingWritten, readSettingsText, type Written } from '../../config/settings-text.ts';
import type { GatewaySettings } from '../../gateway/gateway.ts';

/** Its text is what the configuration file holds on Node. */
const textVariable = 'TIDINGS_CONFIG_JSON';

/** What the platform lets an object hold, and the variable that lowers it: a full chat refuses words before that. */
const platformBytes = 10_000_000_000;
const roomVariable = 'TIDINGS_OBJECT_BYTES';

/** What `makeGateway` takes, and what the Worker itself needs. */
export interface WorkerConfig extends GatewaySettings {
  /** The admin token. */
  readonly token: string;
  /** An origin. */
  readonly publicUrl?: string;
  /** At least one of them is there. Beside a key the token is not used. */
  readonly anthropic: Anthropic;
  readonly fetch: Settings['fetch'];
  readonly models: Settings['models'];
  readonly mcp: Settings['mcp'];
  readonly log: Settings['log'];
  /** What an object may hold in all, in bytes. */
  readonly objectBytes: number;
  /** Sentences for the operator: what is ignored, or hardly meant. */
  readonly warnings: readonly string[];
}

/** Settings that mean nothing in a Worker, and why. */
const ignored: readonly [SettingName, string][] = [
  ['host', 'requests come in under the names of the Worker'],
  ['port', 'requests come in under the names of the Worker'],
  ['data', 'the chats are kept in Durable Objects'],
  ['processes', 'there are no processes'],
  ['sandbox', 'there are no processes'],
  ['repositories', 'there is no file system'],
  ['skills', 'there is no file system, and only the skills that ship are there'],
];

/**
 * Reads and checks the whole configuration. Other bindings than variables and secrets may be among `bindings`.
 * @throws ConfigError with one line for each setting that is wrong
 */
export function readConfig(bindings: object): WorkerConfig {
  const { env, problems } = textsOf(bindings);
  const written = readWritten(env, problems);
  const layers = readLayers(env, written, [configVariable, textVariable, roomVariable]);
  problems.push(...layers.problems);
  if (variable(env, 'TIDINGS_TOKEN') === undefined && !Object.hasOwn(written.values, 'token')) {
    problems.push(
      `TIDINGS_TOKEN (environment) is missing; it must be a token of at least ${tokenMinimum} characters, which opens the HTTP API: set it with \`npx wrangler secret put TIDINGS_TOKEN\`.`,
    );
  }
  if (Object.keys(layers.anthropic).length === 0) {
    problems.push(
      `${anthropicVariables.apiKey} (environment) is missing, and nothing else says how to reach a model: set it with \`npx wrangler secret put ${anthropicVariables.apiKey}\`, or set ${anthropicVariables.authToken} or ${anthropicVariables.baseUrl}. On Cloudflare Workers there is no simulator to answer instead.`,
    );
  }
  const room = variable(env, roomVariable);
  if (room !== undefined && !/^[1-9]\d{0,10}$/.test(room)) {
    problems.push(
      `${roomVariable} (environment) ${show(room)}; it must be a whole number of bytes, such as ${platformBytes}.`,
    );
  }
  const { settings } = layers;
  if (settings !== undefined) problems.push(...modelProblems(settings, layers.subject, textVariable));
  if (problems.length > 0 || settings?.token === undefined) throw new ConfigError(problems);

  const warnings = [...layers.warnings, ...ignoredWarnings(env, layers)];
  if (layers.from('token') === 'written') {
    warnings.push(
      `${layers.subject('token')} is in plain sight of all who may see the Worker's variables; a secret is not: \`npx wrangler secret put TIDINGS_TOKEN\`.`,
    );
  }
  return {
    model: settings.model,
    subagentModel: settings.subagentModel ?? settings.model,
    ...(settings.instructions === undefined ? {} : { instructions: settings.instructions }),
    repositories: [],
    maxChildren: settings.maxChildren,
    maxDepth: settings.maxDepth,
    maxSpawns: settings.maxSpawns,
    subagentMinutes: settings.subagentMinutes,
    idleMinutes: settings.idleMinutes,
    mainToolSeconds: settings.mainToolSeconds,
    modelCalls: settings.modelCalls,
    webSearches: settings.webSearches,
    retention: settings.retention,
    trust: settings.trust,
    markers: settings.markers,
    budget: {
      chatUsd: settings.chatBudgetUsd,
      subagentUsd: settings.subagentBudgetUsd,
      ...(settings.chatBudgetTokens === undefined ? {} : { chatTokens: settings.chatBudgetTokens }),
      ...(settings.subagentBudgetTokens === undefined
        ? {}
        : { subagentTokens: settings.subagentBudgetTokens }),
    },
    token: settings.token,
    ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
    anthropic: layers.anthropic,
    fetch: settings.fetch,
    models: settings.models,
    mcp: settings.mcp,
    log: settings.log,
    objectBytes: Number(variable(env, roomVariable) ?? platformBytes),
    warnings,
  };
}

/**
 * What `Host` and `Origin` a request may carry: the public URL's; without one, those of the Worker's own name below
 * `workers.dev`; always those of this machine, for `wrangler dev`.
 */
export function allowedAt({ publicUrl }: Pick<WorkerConfig, 'publicUrl'>, requestUrl: string): AllowLists {
  const { protocol, hostname, port, origin } = new URL(requestUrl);
  const addresses = loopbackNames.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`);
  if (publicUrl !== undefined) addresses.push(publicUrl);
  else if (hostname.endsWith('.workers.dev')) addresses.push(origin);
  return listsOf(addresses);
}

const ours = new Set([
  ...Object.values(environment).map((entry) => entry.variable),
  ...Object.values(anthropicVariables),
  configVariable,
  textVariable,
]);

/** Variables as texts: wrangler's file may hold numbers and tables, too. Other bindings are none of ours. */
function textsOf(bindings: object): { env: Environment; problems: string[] } {
  const env: Record<string, string> = {};
  const problems: string[] = [];
  const entries: [string, unknown][] = Object.entries(bindings);
  for (const [name, value] of entries) {
    if (typeof value === 'string') env[name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') env[name] = String(value);
    else if (ours.has(name) && value !== undefined)
      problems.push(`${name} (environment) ${show(value)}; it must be a text in double quotes.`);
  }
  return { env, problems };
}

function readWritten(env: Environment, problems: string[]): Written {
  const text = env[textVariable] ?? '';
  if (text.trim() === '') return nothingWritten(textVariable);
  const reading = readSettingsText(text, textVariable);
  if (reading.ok) return reading;
  problems.push(reading.problem);
  return nothingWritten(textVariable);
}

function ignoredWarnings(env: Environment, { from, subject }: Pick<Layers, 'from' | 'subject'>): string[] {
  const line = (what: string, why: string) => `${what} is ignored on Cloudflare Workers: ${why}.`;
  const lines = ignored
    .filter(([name]) => from(name) !== 'default')
    .map(([name, why]) => line(subject(name), why));
  if (variable(env, configVariable) !== undefined) {
    lines.push(
      line(variableSubject([configVariable]), `there is no file; settings can stand in ${textVariable}`),
    );
  }
  return lines;
}
