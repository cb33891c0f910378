/**
 * How a wished level of thinking is put to a model. Owns the translation from our levels to `thinking` and
 * `output_config`; it never sends what the model would refuse, and says in words where the wish couldn't be met.
 */
import type { PrefixParams } from '../core/ports.ts';
import type { Known, ThinkingLevel } from './catalogue.ts';
import type { Effort } from './known-models.ts';

export interface Thinking {
  readonly params: Pick<PrefixParams, 'thinking' | 'output_config'>;
  /** What to tell who asked for the level, where the model has no such level. */
  readonly note?: string;
}

const order: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Tokens to think with, for models that take a budget instead of an effort. */
const budgets: Readonly<Record<Effort, number>> = {
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_000,
  max: 48_000,
};
const smallestBudget = 1_024;

/**
 * The parameters for `model` to think as much as `level` says, or, if undefined, as is usual for it. Pure; the
 * result is valid for the model whatever the level.
 */
export function settle(model: Known, level: ThinkingLevel | undefined): Thinking {
  if (level !== undefined) return settled(model, level);
  // Nobody asked, so nobody needs the note.
  if (model.defaultThinking !== undefined) return { params: settled(model, model.defaultThinking).params };
  return { params: model.thinking.includes('adaptive') ? { thinking: { type: 'adaptive' } } : {} };
}

function settled(model: Known, level: ThinkingLevel): Thinking {
  if (level === 'off') return withoutThinking(model);
  if (model.thinking.includes('adaptive')) return withEffort(model, level);
  if (model.thinking.includes('enabled')) return withBudget(model, level);
  return { params: {}, note: `${model.name} takes no thinking level; it runs as it does by itself.` };
}

function withoutThinking(model: Known): Thinking {
  // No effort goes along: some models take these only up to an effort, which their default doesn't exceed.
  if (model.thinking.includes('disabled')) return { params: { thinking: { type: 'disabled' } } };
  if (model.thinking.includes('between_tools')) return { params: { thinking: { type: 'between_tools' } } };
  if (!model.thinking.includes('adaptive')) return { params: {} };
  const lowest = model.efforts[0];
  return {
    params: {
      thinking: { type: 'adaptive' },
      ...(lowest !== undefined && { output_config: { effort: lowest } }),
    },
    note: `${model.name} can't be kept from thinking; it runs at its lowest level${lowest === undefined ? '' : `, ${lowest}`}.`,
  };
}

function withEffort(model: Known, level: Effort): Thinking {
  const nearest = nearestEffort(model.efforts, level);
  if (nearest === undefined)
    return {
      params: { thinking: { type: 'adaptive' } },
      note: `${model.name} has no thinking levels; it decides by itself how much it thinks.`,
    };
  const params = { thinking: { type: 'adaptive' }, output_config: { effort: nearest } };
  return nearest === level
    ? { params }
    : { params, note: `${model.name} has no thinking level ${level}; it runs at the nearest, ${nearest}.` };
}

/** Of two that are equally near the lower, which costs less. */
function nearestEffort(efforts: readonly Effort[], wished: Effort): Effort | undefined {
  let nearest: Effort | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const effort of efforts) {
    const apart = Math.abs(order.indexOf(effort) - order.indexOf(wished));
    if (apart < distance) {
      nearest = effort;
      distance = apart;
    }
  }
  return nearest;
}

function withBudget(model: Known, level: Effort): Thinking {
  // Thinking counts towards `max_tokens`: at least half of a small model's output is left for the answer.
  const room = model.maxOutput - Math.min(16_000, Math.ceil(model.maxOutput / 2));
  const budget = Math.min(budgets[level], room);
  if (budget < smallestBudget)
    return { params: {}, note: `${model.name}'s answers are too short for thinking; it runs without.` };
  const params = { thinking: { type: 'enabled', budget_tokens: budget } };
  return budget === budgets[level]
    ? { params }
    : {
        params,
        note: `${model.name} has no room for thinking level ${level}; it thinks with up to ${budget} tokens.`,
      };
}
