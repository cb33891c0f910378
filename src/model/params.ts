/**
 * Everything of a request that is not `messages`, as a prefix fixes it. Owns how large an answer may be; it places no
 * cache marks, since those move from request to request.
 */
import type { PrefixParams, ToolSchema } from '../core/ports.ts';
import type { Known } from './catalogue.ts';
import type { Thinking } from './thinking.ts';

/** Long enough for any one answer, short enough that a lost one doesn't ruin a budget. */
const usualMaxTokens = 32_000;
/** What is left for the answer beside the thinking that counts towards `max_tokens` as well. */
const roomForAnswer = 16_000;

/** A conversation of this many tokens is summarised, however large the window: each turn pays for all of it. */
const longEnough = 200_000;

/** Tokens from which on a conversation is summarised: there must be room for the answer, and for what comes meanwhile. */
export function compactAt(model: Pick<Known, 'window' | 'prices'>): number {
  const dearer = model.prices?.long?.promptTokens;
  const most = dearer === undefined ? longEnough : Math.min(longEnough, 0.9 * dearer);
  return Math.floor(Math.min(most, 0.75 * model.window));
}

/**
 * The parameters of a new prefix.
 * @param system the system prompt's parts, each a block of its own; blank ones are left out
 * @param thinking what `settle` found for this model
 */
export function prefixParams(wish: {
  readonly model: Known;
  readonly thinking: Thinking['params'];
  readonly system: readonly string[];
  readonly tools: readonly ToolSchema[];
}): PrefixParams {
  const { model, thinking } = wish;
  const budget = thinking.thinking?.budget_tokens;
  const wanted =
    typeof budget === 'number' ? Math.max(usualMaxTokens, budget + roomForAnswer) : usualMaxTokens;
  return {
    model: model.id,
    max_tokens: Math.min(model.maxOutput, wanted),
    system: wish.system.filter((text) => text.trim() !== '').map((text) => ({ type: 'text', text })),
    tools: wish.tools,
    ...thinking,
  };
}
