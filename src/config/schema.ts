/**
 * The settings: their names, what each may be, and what it is when nobody says anything. The one schema for
 * the configuration file and, field by field, for the environment. Never reads either.
 *
 * A field's own error text ends the sentence "it must be …" if it begins with a small letter.
 */
import { z } from 'zod';
import { markerGroups } from '../markers/grammar.ts';
import { defaultModel, modelsSchema } from '../model/catalogue.ts';
import { isFetchRule } from '../tools/fetch-policy.ts';
import { trustSchema } from '../trust/rules.ts';
import { ipVersion } from './ip.ts';
import { sandboxSchema } from './sandbox.ts';

/** How long a token must be at least; generated ones are longer. */
export const tokenMinimum = 16;
/** What a bearer token may consist of (RFC 6750). */
export const tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/;
/** One line of printable ASCII without blanks. */
export const oneWord = /^[\x21-\x7e]+$/;

function whole(minimum: number, maximum: number) {
  const range = `a whole number from ${minimum} to ${maximum}`;
  return z.int(range).min(minimum, range).max(maximum, range);
}

function duration(minimum: number, maximum: number, unit: string) {
  const range = `a number of ${unit} from ${minimum} to ${maximum}`;
  return z.number(range).min(minimum, range).max(maximum, range);
}

function money() {
  const range = 'a number of US dollars from 0.01 to 1000000';
  return z.number(range).min(0.01, range).max(1_000_000, range);
}

function matching(pattern: RegExp, maximum: number, words: string) {
  return z.string(words).regex(pattern, words).max(maximum, words);
}

/** Whether a text is `http(s)://host[:port]` and nothing else that an origin doesn't hold. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  return web && url.hostname !== '' && `${url.origin}/` === url.href && !/[?#]/.test(text);
}

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i;
const isHost = (text: string): boolean =>
  ipVersion(unbracketed(text)) !== 0 || (hostName.test(text) && !/(^|\.)\d+$/.test(text));

const modelWords = 'the id of a model, or an alias from "models"';
const hostWords =
  'an IP address or a host name, such as 127.0.0.1, without scheme or port (the port is PORT)';
const originWords =
  'the address people type, such as https://chat.example.org: http or https, without a path';
const tokenWords = `a token of ${tokenMinimum} to 512 characters, each a letter, a digit or one of - . _ ~ + / (= at the end)`;
const logWords = 'silent, error, warn, info or debug';
const dataWords = 'the path of a folder';
const repositoryWords = 'a name of 1 to 64 of a-z, 0-9, _ and -, the first a letter or digit';
const skillsWords = 'a list of at most 100 folders, such as ["../my-skills"]';
const repositoriesWords = 'an object of names and paths, such as {"app": "../app"}';
const fetchRuleWords =
  'a host (docs.example.org), all names below one (*.example.org), an IP address or a range of them (10.1.0.0/16)';
const fetchRules = z
  .array(z.string(fetchRuleWords).max(300, fetchRuleWords).refine(isFetchRule, fetchRuleWords), {
    error: 'a list of hosts, addresses and ranges, such as ["wiki.example.org", "10.1.0.0/16"]',
  })
  .max(1_000, 'a list of at most 1000 entries')
  .default([]);

const markersWords = 'a list of "sessions" and "manager", such as ["sessions"]';
/** Sets of tools beside our own, under the names and shapes that clients of other programs know. */
export const dialectNames = ['247', 'tmux-worktree'] as const;
const dialectWords = `one of ${dialectNames.join(', ')}`;
const mcpWords = 'an object such as {"dialects": ["247"]}';

const retentionWords = 'an object such as {"toolOutputDays": 30, "endedTreesDays": 90}';

const model = matching(oneWord, 200, modelWords);
/** What `tidings.config.json` may hold. The environment's values are checked by the same fields. */
export const settingsSchema = z.strictObject({
  model: model.default(defaultModel),
  subagentModel: model.optional(),
  host: z.string(hostWords).refine(isHost, hostWords).transform(unbracketed).default('127.0.0.1'),
  port: whole(0, 65_535).default(8787),
  publicUrl: z
    .string(originWords)
    .refine(isOrigin, originWords)
    .transform((url) => new URL(url).origin)
    .optional(),
  token: matching(tokenPattern, 512, tokenWords).min(tokenMinimum, tokenWords).optional(),
  data: matching(/^(?!\s*$)[^\0]+$/, 4096, dataWords).default('.tidings'),
  maxChildren: whole(1, 10_000).default(8),
  maxDepth: whole(1, 16).default(3),
  maxSpawns: whole(1, 1_000_000).default(200),
  subagentMinutes: duration(0.01, 10_080, 'minutes').default(60),
  idleMinutes: duration(0.01, 10_080, 'minutes').default(10),
  mainToolSeconds: duration(0.1, 3_600, 'seconds').default(15),
  chatBudgetUsd: money().default(20),
  subagentBudgetUsd: money().default(2),
  chatBudgetTokens: whole(10_000, 1_000_000_000_000).optional(),
  subagentBudgetTokens: whole(10_000, 1_000_000_000_000).optional(),
  modelCalls: whole(1, 10_000).default(64),
  processes: whole(1, 1_000).default(16),
  log: z.enum(['silent', 'error', 'warn', 'info', 'debug'], logWords).default('warn'),
  instructions: matching(/\S/, 20_000, 'a text of 1 to 20000 characters, not blank').optional(),
  repositories: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, repositoryWords),
      matching(/^(?!\s*$)[^\0]+$/, 4096, dataWords),
      { error: repositoriesWords },
    )
    .default({}),
  fetch: z.strictObject({ allow: fetchRules, refuse: fetchRules }).default({ allow: [], refuse: [] }),
  webSearches: whole(0, 20).default(5),
  sandbox: sandboxSchema,
  trust: trustSchema,
  models: modelsSchema.default({}),
  skills: z
    .array(matching(/^(?!\s*$)[^\0]+$/, 4096, dataWords), skillsWords)
    .max(100, skillsWords)
    .default([]),
  markers: z.array(z.enum(markerGroups, markersWords), markersWords).default([]),
  mcp: z
    .strictObject(
      {
        dialects: z
          .array(z.enum(dialectNames, dialectWords), 'a list such as ["247", "tmux-worktree"]')
          .max(dialectNames.length, `a list of at most ${dialectNames.length} names`)
          .default([]),
      },
      { error: mcpWords },
    )
    .default({ dialects: [] }),
  retention: z
    .strictObject(
      {
        toolOutputDays: duration(0, 36_500, 'days').default(30),
        endedTreesDays: duration(0, 36_500, 'days').default(90),
      },
      { error: retentionWords },
    )
    .default({ toolOutputDays: 30, endedTreesDays: 90 }),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;
export const settingNames = settingsSchema.keyof().options;

/** The environment's name of each setting that has one, and how its text becomes a value. */
export const environment: Readonly<
  Partial<
    Record<
      SettingName,
      {
        readonly variable: string;
        readonly numeric: boolean;
        /** The variable says only this part of a setting that is an object; the file may say the rest. */
        readonly part?: string;
      }
    >
  >
> = {
  model: { variable: 'TIDINGS_MODEL', numeric: false },
  subagentModel: { variable: 'TIDINGS_SUBAGENT_MODEL', numeric: false },
  host: { variable: 'TIDINGS_HOST', numeric: false },
  port: { variable: 'PORT', numeric: true },
  publicUrl: { variable: 'TIDINGS_PUBLIC_URL', numeric: false },
  token: { variable: 'TIDINGS_TOKEN', numeric: false },
  data: { variable: 'TIDINGS_DATA', numeric: false },
  maxChildren: { variable: 'TIDINGS_MAX_CHILDREN', numeric: true },
  maxDepth: { variable: 'TIDINGS_MAX_DEPTH', numeric: true },
  maxSpawns: { variable: 'TIDINGS_MAX_SPAWNS', numeric: true },
  subagentMinutes: { variable: 'TIDINGS_SUBAGENT_MINUTES', numeric: true },
  idleMinutes: { variable: 'TIDINGS_IDLE_MINUTES', numeric: true },
  mainToolSeconds: { variable: 'TIDINGS_MAIN_TOOL_SECONDS', numeric: true },
  chatBudgetUsd: { variable: 'TIDINGS_CHAT_BUDGET_USD', numeric: true },
  subagentBudgetUsd: { variable: 'TIDINGS_SUBAGENT_BUDGET_USD', numeric: true },
  chatBudgetTokens: { variable: 'TIDINGS_CHAT_BUDGET_TOKENS', numeric: true },
  subagentBudgetTokens: { variable: 'TIDINGS_SUBAGENT_BUDGET_TOKENS', numeric: true },
  modelCalls: { variable: 'TIDINGS_MODEL_CALLS', numeric: true },
  processes: { variable: 'TIDINGS_PROCESSES', numeric: true },
  log: { variable: 'TIDINGS_LOG', numeric: false },
  sandbox: { variable: 'TIDINGS_SANDBOX', numeric: false, part: 'mode' },
};

/** Names the configuration file, so it can't stand in it. */
export const configVariable = 'TIDINGS_CONFIG';
/** Where the commands of a terminal find a gateway; no setting of the gateway itself. */
export const clientVariable = 'TIDINGS_URL';
