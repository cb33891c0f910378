/**
 * Finds, once a day, what is over for so long that it need not be kept: output of tools, and subagents that ended.
 * Only proposes: whether a subagent is forgotten is its chat's own decision. Goes in small pieces, so that nothing
 * waits for it.
 */
import type { Command } from '../core/commands.ts';
import { forgettable } from '../core/forgetting.ts';
import type { Clock, EndedAt, Store, Workshop } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { isEnded } from '../core/subagents.ts';
import type { Sessions } from './elsewhere.ts';

/** Milliseconds since it was over; absent: kept for ever. */
export interface Retained {
  readonly toolOutputMs?: number;
  readonly endedTreesMs?: number;
}

export interface Retention {
  /** Goes over all once. Never rejects. */
  sweep(): Promise<void>;
  /** The same for one chat's subagents alone: for a host that keeps each chat by itself. Never rejects. */
  sweepChat(chat: string, endedTreesMs: number): Promise<void>;
  start(): void;
  stop(): void;
}

/** Not in the first minute, in which there is enough to do. */
const FIRST_MS = 60_000;
const EVERY_MS = 24 * 3_600_000;
const ROWS = 100;
/** Subagents that a chat forgets in one go. */
const ROOTS = 20;

export function makeRetention(ports: {
  store: Store;
  sessions: Pick<Sessions, 'row'>;
  clock: Clock;
  workshop: Workshop;
  retained: Retained;
  state: (session: string) => Session | undefined;
  send: (session: string, command: Command) => Promise<unknown>;
  failed: (error: unknown) => void;
}): Retention {
  const { store, sessions, clock, workshop, retained } = ports;
  let stopped = false;
  let cancel = (): void => {};

  const breath = (): Promise<void> => new Promise((resolve) => clock.soon(resolve));

  async function forgetTrees(before: number): Promise<void> {
    const seen = new Set<string>();
    let after: EndedAt | undefined;
    while (!stopped) {
      const rows = store.ended({ before, limit: ROWS, ...(after ? { after } : {}) });
      for (const { chat } of rows) {
        if (stopped || seen.has(chat)) continue;
        seen.add(chat);
        await breath();
        await forgetIn(chat, before).catch(ports.failed);
      }
      after = rows.at(-1);
      if (rows.length < ROWS) return;
    }
  }

  async function forgetIn(chat: string, before: number): Promise<void> {
    const state = stopped ? undefined : ports.state(chat);
    if (!state) return;
    const trees: string[][] = [];
    for (const cards of forgettable(state, before)) {
      const rows = await Promise.all(cards.map(({ id }) => sessions.row(id)));
      if (rows.every((row) => row?.wants !== true)) trees.push(cards.map((card) => card.id));
    }
    for (let from = 0; from < trees.length && !stopped; from += ROOTS) {
      const some = trees.slice(from, from + ROOTS);
      const kept = new Set((await workshop.unlanded(some.flat())).map(({ session }) => session));
      const roots = some.flatMap(([root, ...below]) =>
        root === undefined || kept.has(root) || below.some((id) => kept.has(id)) ? [] : [root],
      );
      if (roots.length > 0 && !stopped) await ports.send(chat, { type: 'forget', before, ids: roots });
      await breath();
    }
  }

  /** Whether a session of the chat is at work that may have been told of a file. */
  function atWork(chat: string): boolean {
    const state = ports.state(chat);
    if (!state) return false;
    return state.turn !== undefined || Object.values(state.tree.cards).some((card) => !isEnded(card.status));
  }

  async function dropOutput(before: number): Promise<void> {
    for (const chat of await workshop.outputs()) {
      await breath();
      if (stopped) return;
      if (!atWork(chat)) await workshop.dropOutput(chat, before).catch(ports.failed);
    }
  }

  async function sweep(): Promise<void> {
    const { toolOutputMs, endedTreesMs } = retained;
    if (endedTreesMs !== undefined) await forgetTrees(clock.now() - endedTreesMs).catch(ports.failed);
    if (toolOutputMs !== undefined) await dropOutput(clock.now() - toolOutputMs).catch(ports.failed);
  }

  function after(ms: number): void {
    cancel = clock.after(ms, () => {
      void sweep().then(() => {
        if (!stopped) after(EVERY_MS);
      });
    });
  }

  return {
    sweep,
    sweepChat: (chat, endedTreesMs) => forgetIn(chat, clock.now() - endedTreesMs).catch(ports.failed),
    start() {
      if (retained.toolOutputMs !== undefined || retained.endedTreesMs !== undefined) after(FIRST_MS);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
