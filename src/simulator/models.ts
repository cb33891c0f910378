/**
 * The models that the simulator pretends to be, and what each of them accepts.
 * Kept apart from the gateway's own catalogue on purpose: one checks the other. Knows no prices.
 */

export type ThinkingType = 'adaptive' | 'enabled' | 'disabled' | 'between_tools';
export const effortLevels = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof effortLevels)[number];

export interface ModelAbilities {
  readonly id: string;
  readonly name: string;
  /** Input tokens that fit. */
  readonly window: number;
  readonly maxOutput: number;
  readonly thinking: readonly ThinkingType[];
  /** Whether it thinks when a request says nothing about it. */
  readonly thinksByDefault: boolean;
  /** What a request gets that doesn't name a display: the thoughts' summary, or only their signature. */
  readonly display: 'summarized' | 'omitted';
  readonly efforts: readonly Effort[];
  /** The highest effort with which thinking may be disabled. */
  readonly disabledUpTo: Effort;
  /** Accepts `temperature`, `top_p`, `top_k` other than their defaults (under the older API version). */
  readonly sampling: boolean;
  /** Continues an assistant message that the request ends with. */
  readonly prefill: boolean;
  /** Accepts `role: "system"` inside messages. */
  readonly systemRole: boolean;
  /** Accepts a `tool_choice` that forces a tool. */
  readonly forcedTools: boolean;
  /** A thinking signature is bound to all that stands before it. */
  readonly boundThinking: boolean;
  /** Shorter prefixes, in tokens, are not cached. */
  readonly cacheMinimum: number;
}

type Line = 'fable' | 'mythos' | 'opus' | 'sonnet' | 'haiku';

function abilities(line: Line, generation: number, suffix = ''): ModelAbilities {
  const newest = generation >= 5.5 || (generation >= 5.1 && (line === 'fable' || line === 'mythos'));
  const large = generation >= 4.6;
  return {
    id: `claude-${line}-${String(generation).replace('.', '-')}${suffix}`,
    name: `Claude ${line[0]?.toUpperCase()}${line.slice(1)} ${generation}`,
    window: large ? 1_000_000 : 200_000,
    maxOutput: large ? 128_000 : 64_000,
    thinking: thinkingTypes(line, generation),
    thinksByDefault: generation >= 5,
    display: generation >= 4.7 ? 'omitted' : 'summarized',
    efforts: efforts(line, generation),
    disabledUpTo: (line === 'opus' && generation === 5) || line === 'haiku' ? 'high' : 'max',
    sampling: generation < 4.7,
    prefill: generation < 4.6,
    // Sources disagree about Sonnet 5; whoever must work everywhere should not rely on it.
    systemRole: generation >= 4.8 && !(line === 'sonnet' && generation === 5),
    forcedTools: !newest || line === 'haiku',
    boundThinking: newest,
    cacheMinimum: generation >= 5 ? 512 : 1024,
  };
}

function thinkingTypes(line: Line, generation: number): ThinkingType[] {
  if (generation <= 4.5) return ['enabled', 'disabled'];
  if (generation <= 4.6) return ['adaptive', 'enabled', 'disabled'];
  if (line === 'fable' || line === 'mythos') return ['adaptive'];
  if (generation >= 5.5 && line === 'opus') return ['adaptive'];
  if (generation >= 5.5 && line === 'sonnet') return ['adaptive', 'between_tools'];
  return ['adaptive', 'disabled'];
}

function efforts(line: Line, generation: number): readonly Effort[] {
  if (generation >= 4.7) return effortLevels;
  if (generation >= 4.6) return ['low', 'medium', 'high', 'max'];
  return line === 'opus' ? ['low', 'medium', 'high'] : [];
}

const known: readonly ModelAbilities[] = [
  abilities('fable', 5.2),
  abilities('mythos', 5.2),
  abilities('fable', 5.1),
  abilities('mythos', 5.1),
  abilities('opus', 5.5),
  abilities('sonnet', 5.5),
  abilities('haiku', 5.5),
  abilities('opus', 5),
  abilities('sonnet', 5),
  abilities('fable', 5),
  abilities('mythos', 5),
  abilities('opus', 4.8),
  abilities('opus', 4.7),
  abilities('opus', 4.6),
  abilities('sonnet', 4.6),
  abilities('haiku', 4.5),
  abilities('haiku', 4.5, '-20251001'),
  abilities('opus', 4.5),
  abilities('opus', 4.5, '-20251101'),
  abilities('sonnet', 4.5),
  abilities('sonnet', 4.5, '-20250929'),
];

const byId = new Map(known.map((model) => [model.id, model]));

export const models: readonly ModelAbilities[] = known;

export function findModel(id: string): ModelAbilities | undefined {
  return byId.get(id);
}
