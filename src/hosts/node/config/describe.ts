/**
 * Describes a loaded configuration to a person, setting by setting. Owns what stands for a secret and for what
 * is not set; never prints a secret's value.
 */
import { configText, type SettingLine } from '../../../cli/config.ts';
import { anthropicVariables } from '../../../config/environment.ts';
import { usualHosts } from '../../../config/sandbox.ts';
import { environment, type SettingName, settingNames } from '../../../config/schema.ts';
import { adminTokenPath } from '../admin-token.ts';
import type { Config, Source } from '../config.ts';

const secret = 'set (hidden)';

const meanings: Readonly<Record<SettingName, string>> = {
  model: 'who answers in a chat: an id, or an alias from models',
  subagentModel: 'who does the work that is handed on',
  host: 'the address to listen on; 127.0.0.1 is this machine only',
  port: 'the port to listen on; 0 is any free one',
  publicUrl: 'where people reach the gateway, if not on this machine',
  token: 'opens the HTTP API',
  data: 'the folder that keeps the chats',
  maxChildren: 'subagents at work at once for one session; more wait',
  maxDepth: 'how deep subagents may hand work on',
  maxSpawns: 'subagents that one chat may start in a day',
  subagentMinutes: 'a subagent at work longer than this is ended',
  idleMinutes: 'a subagent without progress for this long is ended',
  mainToolSeconds: "what the main session's tools may take",
  chatBudgetUsd: 'US dollars that a chat and its subagents may spend in a day (UTC)',
  subagentBudgetUsd: 'US dollars that each subagent gets of them',
  chatBudgetTokens: 'tokens that a chat and its subagents may use in a day (UTC)',
  subagentBudgetTokens: 'tokens that each subagent gets of them',
  modelCalls: 'requests to the model at once',
  processes: 'commands that run at once',
  log: 'what is written to standard error: silent, error, warn, info or debug',
  instructions: 'who the assistant is, in your words',
  repositories: 'name and path of each git repository to work in',
  fetch: 'what web_fetch may ask besides the public internet, and what never',
  webSearches: 'searches of the web that one answer may make; 0 switches them off',
  sandbox: 'what encloses the commands of sessions',
  trust: 'how far sessions act by themselves, and what is allowed, asked about or forbidden',
  models: 'aliases, and models that are not known yet',
  skills: 'folders with skills, besides those that ship',
  mcp: 'sets of MCP tools beside our own, under the names that other programs know: 247, tmux-worktree',
  markers: 'markers in words by which sessions may delegate: sessions, manager',
  retention: 'for how many days what is over is kept; 0 is for ever',
};

/** The whole text of `tidings config`. */
export function describeConfig(config: Config): string {
  return configText({
    file: config.file,
    answers: config.simulator
      ? `the built-in simulator, not a model. For a model set ${anthropicVariables.apiKey}.`
      : `${named(config)} at ${config.anthropic.baseUrl ?? 'https://api.anthropic.com'}.`,
    settings: [...anthropicLines(config), ...settingNames.flatMap((name) => settingLines(config, name))],
    warnings: config.warnings,
  });
}

function named({ model, models }: Config): string {
  const id = models[model]?.id ?? model;
  return id === model ? id : `${id} (alias ${model})`;
}

function anthropicLines({ anthropic, sources }: Config): SettingLine[] {
  const unset = (value: string | undefined, shown: string): string =>
    value === undefined ? 'not set' : shown;
  const used = anthropic.apiKey === undefined ? secret : `${secret}, not used beside a key`;
  return [
    {
      name: 'API key',
      value: unset(anthropic.apiKey, secret),
      from: origin(sources.apiKey),
      variable: anthropicVariables.apiKey,
      meaning: 'the key of the Anthropic API',
    },
    {
      name: 'API token',
      value: unset(anthropic.authToken, used),
      from: origin(sources.authToken),
      variable: anthropicVariables.authToken,
      meaning: 'a token of the Anthropic API, instead of a key',
    },
    {
      name: 'API address',
      value: anthropic.baseUrl ?? 'not set',
      from: origin(sources.baseUrl),
      variable: anthropicVariables.baseUrl,
      meaning: 'where the API is, if not at Anthropic',
    },
  ];
}

/** One line, or one for each entry of a setting that is a list of names. */
function settingLines(config: Config, name: SettingName): SettingLine[] {
  const variable = environment[name]?.variable;
  const line = (value: string, entry?: string): SettingLine => ({
    name: entry === undefined ? name : `${name}.${entry}`,
    value,
    from: origin(config.sources[name]),
    ...(variable === undefined ? {} : { variable }),
    meaning: meanings[name],
  });
  switch (name) {
    case 'subagentModel':
      return [
        line(config.sources[name] === 'default' ? `${config.model} (same as model)` : config.subagentModel),
      ];
    case 'publicUrl':
      return [line(config.publicUrl ?? 'not set')];
    case 'token':
      return [
        line(
          config.token === undefined ? `made at first start, kept in ${adminTokenPath(config.data)}` : secret,
        ),
      ];
    case 'chatBudgetTokens':
    case 'subagentBudgetTokens':
      return [line(config[name] === undefined ? 'not set' : String(config[name]))];
    case 'instructions':
      return [line(config.instructions === undefined ? 'not set' : shortened(config.instructions))];
    case 'repositories':
      return entries(config.repositories, (path) => path, line);
    case 'skills':
    case 'markers':
      return [line(config[name].length === 0 ? 'none' : config[name].join(', '))];
    case 'fetch':
      return entries(
        Object.fromEntries(Object.entries(config.fetch).filter(([, list]) => list.length > 0)),
        (list) => list.join(', '),
        line,
      );
    case 'sandbox': {
      const { mode, hosts, write, hide } = config.sandbox;
      const usual = hosts.join() === usualHosts.join();
      const lists = { hosts: usual ? ['the usual package registries'] : hosts, write, hide };
      return [
        line(mode),
        ...Object.entries(lists).map(([entry, list]) =>
          line(list.length === 0 ? 'none' : list.join(', '), entry),
        ),
      ];
    }
    case 'trust': {
      const { main, subagents, ...rules } = config.trust;
      return [
        line(main, 'main'),
        line(subagents, 'subagents'),
        ...Object.entries(rules).flatMap(([kind, list]) =>
          list.length > 0 ? [line(list.join(', '), kind)] : [],
        ),
      ];
    }
    case 'models':
      return entries(
        config.models,
        ({ id, ...rest }) => [id, ...Object.entries(rest).map(pair)].join(', '),
        line,
      );
    case 'mcp': {
      const { dialects } = config.mcp;
      return [line(dialects.length === 0 ? 'none' : dialects.join(', '), 'dialects')];
    }
    case 'retention':
      return entries(config.retention, (days) => (days === 0 ? 'for ever' : `${days} days`), line);
    case 'model':
    case 'host':
    case 'port':
    case 'data':
    case 'maxChildren':
    case 'maxDepth':
    case 'maxSpawns':
    case 'subagentMinutes':
    case 'idleMinutes':
    case 'mainToolSeconds':
    case 'chatBudgetUsd':
    case 'subagentBudgetUsd':
    case 'modelCalls':
    case 'processes':
    case 'webSearches':
    case 'log':
      return [line(String(config[name]))];
    default:
      return name satisfies never;
  }
}

function entries<T>(
  all: Readonly<Record<string, T>>,
  value: (entry: T) => string,
  line: (value: string, entry?: string) => SettingLine,
): SettingLine[] {
  const lines = Object.entries(all).map(([name, entry]) => line(value(entry), name));
  return lines.length > 0 ? lines : [line('none')];
}

function pair([name, value]: [string, unknown]): string {
  return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 50 ? `${line.slice(0, 49)}… (${text.length} characters)` : line;
}

function origin(source: Source): SettingLine['from'] {
  if (source === 'default') return 'default';
  return source.startsWith('file ') ? 'file' : 'environment';
}
