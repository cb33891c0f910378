/**
 * The everyday care of a chat: its title, model, budget and place in the list are set, it is taken up again, it is
 * deleted. Decides nothing about what it is told or what it does.
 */
import type { Principal } from './card.ts';
import type { Answer, Command, Refusal } from './commands.ts';
import type { Draft } from './draft.ts';
import type { Session } from './session.ts';
import * as subagents from './subagents.ts';
import { titleFrom } from './title.ts';

const none: Answer = { kind: 'none' };

/** Wishes that a chat which is being deleted no longer takes. */
const wishes: ReadonlySet<Command['type']> = new Set<Command['type']>([
  'say',
  'spawn',
  'steer',
  'kill',
  'answer',
  'stop',
  'resume',
  'read',
  'change',
  'done',
  'forget',
]);

/** Why a command comes too late, if it does. */
export function tooLate(state: Session, command: Command): Refusal | undefined {
  if (!state.deleting || !wishes.has(command.type)) return undefined;
  return { kind: 'not_found', message: `there is no chat ${state.id} any more: it is being deleted` };
}

/** Sets what differs from what is so; the same again changes nothing. */
export function change(d: Draft, command: Extract<Command, { type: 'change' }>): Answer | Refusal {
  const { state } = d;
  if (state.kind !== 'main') return { kind: 'not_allowed', message: 'only chats can be changed' };
  const { title, model, budgetUsd, archived } = command;
  const set = {
    ...(title === undefined || title === state.title ? {} : { title }),
    ...(model === undefined || model === (state.chosenModel ?? state.model) ? {} : { model }),
    ...(budgetUsd === undefined || budgetUsd === state.budgetUsd ? {} : { budgetUsd }),
    ...(archived === undefined || archived === state.archived ? {} : { archived }),
  };
  if (Object.keys(set).length > 0) d.add({ type: 'chat.changed', ...set, by: command.from });
  return none;
}

/** A person spoke: a chat without a title gets one from it, and an archived one is listed again. */
export function takenUp(d: Draft, text: string): void {
  const { state } = d;
  const title = state.title === '' ? titleFrom(text) : undefined;
  if (title === undefined && !state.archived) return;
  d.add({
    type: 'chat.changed',
    ...(title === undefined ? {} : { title }),
    ...(state.archived ? { archived: false } : {}),
    by: 'gateway',
  });
}

/**
 * Begins a chat's end, which is durable from here on.
 * @param stop ends its turn and its whole tree, as a person's stop does
 */
export function remove(d: Draft, by: Principal, stop: () => void): Answer | Refusal {
  const { state } = d;
  if (state.kind !== 'main') return { kind: 'not_allowed', message: 'only chats can be deleted' };
  if (state.deleting) return none;
  d.add({ type: 'chat.deleting', by });
  stop();
  return none;
}

/** Nothing is left of forgotten subagents. */
export function removed(d: Draft, ids: readonly string[]): void {
  const gone = ids.filter((id) => d.state.leaving.includes(id));
  if (gone.length > 0) d.add({ type: 'subagent.removed', ids: gone });
}

/**
 * Whether a chat that is being deleted has nothing alive in it: then the sessions whose processes could not be
 * confirmed dead, though they were swept. Undefined otherwise.
 */
export function buried({ deleting, tree }: Session): readonly string[] | undefined {
  if (!deleting || subagents.liveChildren(tree).length > 0) return undefined;
  const cards = Object.values(tree.cards);
  // An empty list of what is left means that nobody has looked yet.
  const over = cards.every((card) => subagents.isEnded(card.status) && card.unswept?.length !== 0);
  return over ? cards.filter((card) => card.unswept !== undefined).map((card) => card.id) : undefined;
}
