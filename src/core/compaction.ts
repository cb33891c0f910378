/**
 * Keeping a conversation within its model's window: when a summary of it is made, what becomes of one that fails, and
 * the words around it. The summary is made beside the conversation, which goes on meanwhile; owns no call.
 */
import { compactCall, freeOf, nextWish, reserve } from './budget.ts';
import type { Command } from './commands.ts';
import type { Draft } from './draft.ts';
import { encodeBody, head } from './fence.ts';
import type { Block } from './ports.ts';
import { hasEnded, type Session } from './session.ts';
import { cut } from './spending.ts';

/** Tokens that a summary may have, besides what the model is given to think with. */
const SUMMARY_TOKENS = 16_000;
/** After this many summaries in a row that failed, the next is put off no longer. */
const MOST_PUT_OFF = 6;

/** What was summarised must have grown by this part of the bounds before it is again: a small window would do nothing else. */
const GROWTH = 1 / 8;

/** Has a summary made when the conversation has outgrown its bounds, none is being made, and it can be paid. */
export function compactIfDue(d: Draft): void {
  const { state } = d;
  if (state.compaction || state.closing || hasEnded(state) || state.steps < state.compactFrom) return;
  const { tokens } = state.contents;
  const { compactAt } = d.context.rules.terms(state.model);
  const since = typeof state.summarisedTo === 'number' ? state.summarisedTo : -compactAt;
  if (tokens < compactAt || tokens - since < GROWTH * compactAt) return;
  startCompaction(d, false);
}

/**
 * Has a summary made, if it can be paid.
 * @param forced the next request doesn't fit, and waits for the summary; one that can't be paid has failed
 */
export function startCompaction(d: Draft, forced: boolean): void {
  const { state, context } = d;
  const n = state.compactions + 1;
  const wish = { ...nextWish(state, context.rules, SUMMARY_REQUEST.length, '5m') };
  const most = Math.min(wish.most, SUMMARY_TOKENS + wish.least);
  const held = reserve(freeOf(state, context.rules.budget, context.at), { ...wish, most });
  if (!held && !forced) return;
  const none = { usd: 0, tokens: 0, maxTokens: 0, ttl: '5m' as const };
  d.add({ type: 'compaction.started', n, forced, reserved: held ?? none });
  if (held) return;
  cut(d, compactCall(n), { how: 'unsent' });
  d.add({ type: 'compaction.failed', n, why: 'it could not be paid' });
}

/** What its call came to is spent, whatever became of the summary. */
export function summarised(d: Draft, command: Extract<Command, { type: 'summarised' }>): void {
  cut(d, compactCall(command.n), command.cut);
  if (!isOpen(d.state, command.n)) return;
  d.add({
    type: 'compaction.made',
    n: command.n,
    summary: command.summary,
    ...(command.from ? { from: command.from } : {}),
  });
}

export function unsummarised(d: Draft, command: Extract<Command, { type: 'unsummarised' }>): void {
  cut(d, compactCall(command.n), command.cut);
  if (isOpen(d.state, command.n)) d.add({ type: 'compaction.failed', n: command.n, why: command.why });
}

function isOpen(state: Session, n: number): boolean {
  return state.compaction?.n === n && state.compaction.made === undefined;
}

/** The step before which no further summary is tried: later and later, the more have failed. */
export function tryAgainFrom(steps: number, failures: number): number {
  return steps + 2 ** Math.min(failures, MOST_PUT_OFF);
}

/** What the model is asked for, behind the conversation that it is to summarise. */
export const SUMMARY_REQUEST = `<gateway-note>
This conversation is getting long for your window. Write a summary of it now, which will stand in its place: you will go on from the summary and the latest messages alone. Call no tool, and answer nobody; write only the summary. Say, in this order and leaving out what there is none of:
1. What was asked for and by whom, and which of it is still to be done; promises you made.
2. What was decided, and why; preferences and facts about people and their projects.
3. What is known: findings, names, paths, branches, commands, numbers, exactly as they are.
4. What was done, and how it was checked.
5. What is under way: subagents by label and what each is for, questions that wait for an answer.
6. What you were about to do next.
Be complete rather than short, but leave out small talk, dead ends and the output of tools beyond what it showed.
</gateway-note>`;

/** Words without a model's help, for when no summary could be made and the conversation no longer fits. */
const NO_SUMMARY =
  'The older part of this conversation no longer fits your window, and no summary of it could be made. Below is what was asked for, word for word, and how things stand. Ask when you need to know more.';

/** Characters of people's words that stand behind a summary word for word; a task stands whole. */
const WORDS_CHARS = 24_000;
const ONE_CHARS = 4_000;

export interface Words {
  readonly kind: 'task' | 'workspace' | 'words';
  readonly text: string;
}

/**
 * What stands first in a compacted conversation: the summary, and what was asked for word for word, so that no
 * summary can lose it. The latest words come whole within `most` characters; older ones only as they are summarised.
 */
export function summaryBlock(summary: string | undefined, asked: readonly Words[], most: number): Block {
  const sections = [
    summary === undefined
      ? NO_SUMMARY
      : `The older part of this conversation stands here as the summary that you wrote of it:\n\n${summary}`,
  ];
  for (const { kind, text } of asked) {
    if (kind === 'task') sections.push(`Your task, word for word:\n${text}`);
    if (kind === 'workspace') sections.push(text);
  }
  let left = Math.min(WORDS_CHARS, most);
  const latest: string[] = [];
  const words = asked.filter(({ kind }) => kind === 'words').reverse();
  for (const { text } of words) {
    const shown = text.length > ONE_CHARS ? `${head(text, ONE_CHARS)} […]` : text;
    // What was said last stands there however long it is.
    if (shown.length > left && latest.length > 0) break;
    left -= shown.length;
    latest.unshift(shown);
  }
  if (latest.length > 0) {
    const all = latest.length === words.length ? '' : ' (the latest)';
    sections.push(`What was said to you, word for word${all}:\n\n${latest.join('\n\n')}`);
  }
  return { type: 'text', text: `<gateway-note>\n${encodeBody(sections.join('\n\n'))}\n</gateway-note>` };
}
