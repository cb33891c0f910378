/**
 * The models that the Messages API is known to have: limits, prices, abilities. Owns the table and nothing else;
 * it never reads configuration, never decides what a request says. Prices are US dollars per million tokens.
 */

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';
/** What `thinking.type` a model takes; anything else is refused by the API. */
export type ThinkingForm = 'adaptive' | 'enabled' | 'disabled' | 'between_tools';

export interface Prices {
  readonly input: number;
  readonly output: number;
  /** A token read from the prompt cache costs this share of an input token. Absent: a tenth. */
  readonly cacheRead?: number;
  /** Requests whose prompt (cached or not) is longer than `promptTokens` cost `times` as much throughout. */
  readonly long?: { readonly promptTokens: number; readonly times: number };
}

export interface ModelFacts {
  readonly id: string;
  readonly name: string;
  /** Tokens that prompt and answer may have together. */
  readonly window: number;
  /** The most that `max_tokens` may be. */
  readonly maxOutput: number;
  /** Absent: not known; what it costs must come from the configuration. */
  readonly prices?: Prices;
  readonly thinking: readonly ThinkingForm[];
  /** Levels of `output_config.effort`, lowest first; empty: the parameter is refused. */
  readonly efforts: readonly Effort[];
  /** What the API does when no effort is sent. */
  readonly defaultEffort?: Effort;
  /** Whether messages with the role `system` may stand among the others. */
  readonly systemMessages: boolean;
  /** Whether it has the API's own search of the web. */
  readonly webSearch?: boolean;
}

type Abilities = Pick<ModelFacts, 'thinking' | 'efforts' | 'defaultEffort' | 'systemMessages' | 'webSearch'>;

const million = { window: 1_000_000, maxOutput: 128_000 };
const small = { window: 200_000, maxOutput: 64_000 };

const allEfforts: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Thinks always; how much is a matter of effort. */
const alwaysThinks: Abilities = {
  thinking: ['adaptive'],
  efforts: allEfforts,
  defaultEffort: 'high',
  systemMessages: true,
  webSearch: true,
};
/** Thinks by itself unless told not to. */
const mayThink: Abilities = { ...alwaysThinks, thinking: ['adaptive', 'disabled'] };
/** The last ones that also took a budget. `xhigh` came after them. */
const fourSix: Abilities = {
  thinking: ['adaptive', 'enabled', 'disabled'],
  efforts: ['low', 'medium', 'high', 'max'],
  defaultEffort: 'high',
  systemMessages: false,
  webSearch: true,
};
/** Thinks only with a budget of tokens. */
const fourFive: Abilities = {
  thinking: ['enabled', 'disabled'],
  efforts: [],
  systemMessages: false,
  webSearch: true,
};

const fable: Prices = { input: 10, output: 50 };
/** Reads from the cache are cheaper than elsewhere. */
const fableOne: Prices = { ...fable, cacheRead: 0.025 };
const opus: Prices = { input: 5, output: 25 };
const olderSonnet: Prices = { input: 3, output: 15 };
const sonnet: Prices = { input: 2, output: 10 };

/** Newest first, as people and models are shown them. */
export const knownModels: readonly ModelFacts[] = [
  { id: 'claude-fable-5-2', name: 'Claude Fable 5.2', ...million, ...alwaysThinks, prices: fable },
  { id: 'claude-mythos-5-2', name: 'Claude Mythos 5.2', ...million, ...alwaysThinks, prices: fable },
  { id: 'claude-fable-5-1', name: 'Claude Fable 5.1', ...million, ...alwaysThinks, prices: fableOne },
  { id: 'claude-mythos-5-1', name: 'Claude Mythos 5.1', ...million, ...alwaysThinks, prices: fableOne },
  {
    id: 'claude-opus-5-5',
    name: 'Claude Opus 5.5',
    ...million,
    ...alwaysThinks,
    defaultEffort: 'medium',
    prices: { input: 4, output: 20 },
  },
  {
    id: 'claude-sonnet-5-5',
    name: 'Claude Sonnet 5.5',
    ...million,
    ...mayThink,
    thinking: ['adaptive', 'between_tools'],
    prices: sonnet,
  },
  {
    id: 'claude-haiku-5-5',
    name: 'Claude Haiku 5.5',
    ...million,
    ...mayThink,
    defaultEffort: 'medium',
    prices: { input: 0.1, output: 0.5, long: { promptTokens: 100_000, times: 5 } },
  },
  { id: 'claude-opus-5', name: 'Claude Opus 5', ...million, ...mayThink, prices: opus },
  {
    id: 'claude-sonnet-5',
    name: 'Claude Sonnet 5',
    ...million,
    ...mayThink,
    // Sources disagree on this one; without them a request is valid either way.
    systemMessages: false,
    prices: sonnet,
  },
  { id: 'claude-fable-5', name: 'Claude Fable 5', ...million, ...alwaysThinks, prices: fable },
  { id: 'claude-mythos-5', name: 'Claude Mythos 5', ...million, ...alwaysThinks, prices: fable },
  { id: 'claude-opus-4-8', name: 'Claude Opus 4.8', ...million, ...mayThink, prices: opus },
  {
    id: 'claude-opus-4-7',
    name: 'Claude Opus 4.7',
    ...million,
    ...mayThink,
    systemMessages: false,
    prices: opus,
  },
  { id: 'claude-opus-4-6', name: 'Claude Opus 4.6', ...million, ...fourSix, prices: opus },
  { id: 'claude-sonnet-4-6', name: 'Claude Sonnet 4.6', ...million, ...fourSix, prices: olderSonnet },
  {
    id: 'claude-haiku-4-5',
    name: 'Claude Haiku 4.5',
    ...small,
    ...fourFive,
    prices: { input: 1, output: 5 },
  },
  { id: 'claude-opus-4-5', name: 'Claude Opus 4.5', ...small, ...fourFive, prices: opus },
  { id: 'claude-sonnet-4-5', name: 'Claude Sonnet 4.5', ...small, ...fourFive, prices: olderSonnet },
];
