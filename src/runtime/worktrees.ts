/**
 * The worktrees of a session's descendants: which of them it may list, review, land and remove, and when. What is
 * done to a worktree is the workshop's; a session that is not a descendant does not exist here.
 */
import type { Card } from '../core/card.ts';
import { head } from '../core/fence.ts';
import * as policy from '../core/policy.ts';
import type { Landed, Workshop, Worktree, WorktreeRefusal } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import type { Sessions } from './elsewhere.ts';

/** Why nothing was done. `none`: the subagent has no worktree. `at_work`: it has not ended. */
export interface WorktreeFault {
  readonly ok: false;
  readonly why: WorktreeRefusal['why'] | 'not_found' | 'ambiguous' | 'at_work';
  readonly message: string;
  /** Those in the way, if files are. */
  readonly files: readonly string[];
}

export interface ListedWorktree {
  readonly subagent: Card;
  readonly worktree: Worktree;
}

/** What may be asked for a session, or for the people of its chat, whose main session sees all. */
export interface ChatWorktrees {
  /** Newest subagent first. */
  list(state: Session): Promise<readonly ListedWorktree[]>;
  diff(
    state: Session,
    target: string,
  ): Promise<{ readonly ok: true; readonly subagent: Card; readonly patch: string } | WorktreeFault>;
  /** @param words.message the commit's title; absent: made from label and task */
  land(
    state: Session,
    target: string,
    words: { readonly message?: string | undefined },
  ): Promise<{ readonly ok: true; readonly subagent: Card; readonly landed: Landed } | WorktreeFault>;
  remove(
    state: Session,
    target: string,
    options: { readonly discard: boolean },
  ): Promise<
    | { readonly ok: true; readonly subagent: Card; readonly branch: string; readonly lost: number }
    | WorktreeFault
  >;
}

/** Characters of a title that is made from a task. */
const TITLE_CHARS = 100;

export function makeChatWorktrees(ports: {
  readonly workshop: Pick<Workshop, 'worktrees'>;
  readonly sessions: Pick<Sessions, 'row'>;
}): ChatWorktrees {
  const { worktrees } = ports.workshop;

  /** Whether it has ended and nothing on its way to it will set it to work again, as far as is known here. */
  async function rests(state: Session, card: Card): Promise<boolean> {
    const steered = state.tree.children[card.id]?.steered ?? 0;
    if (!isEnded(card.status) || steered > card.heard) return false;
    // Its own log knows before its news arrives.
    return (await ports.sessions.row(card.id))?.endedAt !== null;
  }

  async function ended(state: Session, target: string): Promise<Card | WorktreeFault> {
    const card = found(state, target);
    if (isFault(card) || (await rests(state, card))) return card;
    return fault('at_work', `${card.path} is still at work: wait for its news, or kill it.`);
  }

  return {
    async list(state) {
      const cards = Object.values(state.tree.cards).toReversed();
      const listed = await worktrees.list(cards.map(({ id }) => id));
      return listed.flatMap((worktree) => {
        const subagent = state.tree.cards[worktree.session];
        return subagent ? [{ subagent, worktree }] : [];
      });
    },

    async diff(state, target) {
      const subagent = found(state, target);
      if (isFault(subagent)) return subagent;
      const outcome = await worktrees.diff(subagent.id);
      return outcome.ok ? { ok: true, subagent, patch: outcome.patch } : told(subagent, outcome);
    },

    async land(state, target, { message }) {
      const subagent = await ended(state, target);
      if (isFault(subagent)) return subagent;
      const { id, path, attempt } = subagent;
      const title = message ?? titleOf(subagent);
      const body = `By the subagent ${path} (${id}), attempt ${attempt}.`;
      const outcome = await worktrees.land(id, { title, body });
      return outcome.ok ? { ok: true, subagent, landed: outcome.landed } : told(subagent, outcome);
    },

    async remove(state, target, options) {
      const subagent = await ended(state, target);
      if (isFault(subagent)) return subagent;
      const outcome = await worktrees.remove(subagent.id, options);
      return outcome.ok ? { ...outcome, subagent } : told(subagent, outcome);
    },
  };
}

function found(state: Session, target: string): Card | WorktreeFault {
  const card = policy.descendant(state, target);
  if (!policy.isRefusal(card)) return card;
  const { kind, message } = card;
  return fault(
    kind === 'ambiguous' ? 'ambiguous' : 'not_found',
    `${message[0]?.toUpperCase()}${message.slice(1)}.`,
  );
}

function isFault(value: Card | WorktreeFault): value is WorktreeFault {
  return 'ok' in value;
}

function fault(why: WorktreeFault['why'], message: string): WorktreeFault {
  return { ok: false, why, message, files: [] };
}

function told({ path }: Card, { why, message, files }: WorktreeRefusal): WorktreeFault {
  return { ok: false, why, message: `${path}: ${message}`, files };
}

function titleOf({ label, task }: Card): string {
  const line = task.split('\n', 1)[0]?.trim() ?? '';
  const title = `${label}: ${line}`;
  return title.length <= TITLE_CHARS ? title : `${head(title, TITLE_CHARS - 1)}…`;
}
