/**
 * What people typed, until the gateway has it: kept in order, each with one id for good, sent again until it is
 * acknowledged or refused. Owns the queue; where it is kept through a reload is its user's to say.
 */
import { ProblemError } from './errors.ts';
import { newId, waitAfter } from './request.ts';
import type { Client, SentPart, Words } from './surface.ts';
import type { Message } from './types.ts';
import { backOff, onReturn, sleep } from './waiting.ts';

export interface OutboxEntry {
  readonly id: string;
  readonly chat: string;
  /** When it was typed, in milliseconds since the epoch. */
  readonly at: number;
  readonly text?: string;
  readonly parts?: readonly SentPart[];
  readonly interrupt?: boolean;
}

/** Where entries outlive the page; several outboxes may share one, as two tabs do. */
export interface OutboxStore {
  load(): readonly OutboxEntry[];
  save(entries: readonly OutboxEntry[]): void;
}

/** What it does: nothing; sending; waiting to try again, or for somebody to sign in. */
export type OutboxState =
  | { readonly state: 'idle' }
  | { readonly state: 'sending' }
  | {
      readonly state: 'waiting';
      readonly attempts: number;
      readonly retryInMs: number;
      readonly because: string;
    }
  | { readonly state: 'signed-out'; readonly because: string };

export interface OutboxOptions {
  readonly store?: OutboxStore;
  /** It is the gateway's now, as this message. */
  readonly onSent?: (entry: OutboxEntry, message: Message) => void;
  /** It was refused for good and is no longer kept here: tell why, and give the words back. */
  readonly onRefused?: (entry: OutboxEntry, problem: ProblemError) => void;
  /** What waits, or what is done about it, has changed. */
  readonly onChange?: () => void;
}

export interface Outbox {
  /** What has not been acknowledged, in the order in which it goes out. */
  readonly entries: readonly OutboxEntry[];
  readonly state: OutboxState;
  /** Takes it over: from here on it is not lost. */
  add(chat: string, words: Words): OutboxEntry;
  /** Takes one back that is not on its way yet; false: it may have been heard already. */
  drop(id: string): boolean;
  /** Tries at once: the feed is live again, or somebody has signed in. */
  flush(): void;
  /** Resolves once nothing is left to send. */
  empty(): Promise<void>;
  /** Sends no more. What is kept in the store stays there. */
  close(): void;
}

/** Sends by itself from now on, beginning with what the store holds. */
export function makeOutbox(client: Pick<Client, 'sendOnce'>, options: OutboxOptions = {}): Outbox {
  const { store, onSent, onRefused, onChange } = options;
  let entries: readonly OutboxEntry[] = [];
  let state: OutboxState = { state: 'idle' };
  let closed = false;
  let running = false;
  /** Of what the gateway can't have heard of: added here and not sent yet. */
  const unheard = new Set<string>();
  /** Of what this outbox is through with: another's older copy does not bring it back. */
  const done = new Set<string>();
  let hurry = (): void => {};
  let waiters: (() => void)[] = [];

  /** With what others keep in the same store, theirs in their order and ours behind. */
  function refresh(): void {
    const kept = (store?.load() ?? []).filter((one) => isEntry(one) && !done.has(one.id));
    const known = new Set(kept.map(({ id }) => id));
    entries = [...kept, ...entries.filter(({ id }) => !known.has(id))];
  }

  function keep(): void {
    try {
      store?.save(entries);
    } catch {
      // A store that is full or forbidden loses nothing as long as the page is open.
    }
    onChange?.();
  }

  function become(next: OutboxState): void {
    state = next;
    onChange?.();
  }

  function finish(entry: OutboxEntry): void {
    done.add(entry.id);
    unheard.delete(entry.id);
    refresh();
    entries = entries.filter(({ id }) => id !== entry.id);
    keep();
  }

  async function run(): Promise<void> {
    if (running || closed) return;
    running = true;
    let attempts = 0;
    for (;;) {
      const [entry] = entries;
      if (!entry || closed) break;
      become({ state: 'sending' });
      unheard.delete(entry.id);
      const outcome = await attempt(entry);
      if (closed) break;
      if (outcome.kind === 'sent') {
        attempts = 0;
        finish(entry);
        onSent?.(entry, outcome.message);
      } else if (outcome.kind === 'refused') {
        attempts = 0;
        finish(entry);
        onRefused?.(entry, outcome.problem);
      } else if (outcome.kind === 'signed-out') {
        become({ state: 'signed-out', because: outcome.because });
        await rest(undefined);
      } else {
        attempts += 1;
        const retryInMs = Math.max(outcome.retryInMs ?? 0, backOff(attempts));
        become({ state: 'waiting', attempts, retryInMs, because: outcome.because });
        await rest(retryInMs);
      }
    }
    running = false;
    if (entries.length > 0) return;
    if (state.state !== 'idle') become({ state: 'idle' });
    for (const wake of waiters) wake();
    waiters = [];
  }

  async function attempt({ chat, id, at: _, ...words }: OutboxEntry): Promise<Outcome> {
    try {
      return { kind: 'sent', message: await client.sendOnce(chat, { ...words, id }) };
    } catch (error) {
      if (!(error instanceof ProblemError)) {
        if (waitAfter(error, 1) === undefined) throw error;
        return { kind: 'later', because: error instanceof Error ? error.message : '' };
      }
      if (error.status === 401) return { kind: 'signed-out', because: error.detail };
      const { detail: because, retryAfterMs } = error;
      // Whether a gateway that failed inside has it nobody knows: the same again finds out.
      const passing = [500, 502, 503, 504].includes(error.status) || retryAfterMs !== undefined;
      if (!passing) return { kind: 'refused', problem: error };
      return { kind: 'later', because, ...(retryAfterMs === undefined ? {} : { retryInMs: retryAfterMs }) };
    }
  }

  async function rest(ms: number | undefined): Promise<void> {
    const over = new AbortController();
    hurry = () => over.abort();
    const unreturn = onReturn(hurry);
    if (ms === undefined) {
      await new Promise((resolve) => over.signal.addEventListener('abort', resolve));
    } else {
      await sleep(ms, over.signal);
    }
    unreturn();
    hurry = () => {};
  }

  function start(): void {
    hurry();
    void run();
  }

  refresh();
  start();
  return {
    get entries() {
      return entries;
    },
    get state() {
      return state;
    },
    add(chat, { id = newId(), ...words }) {
      const entry = { ...words, id, chat, at: globalThis.Date.now() };
      refresh();
      unheard.add(id);
      entries = [...entries.filter((one) => one.id !== id), entry];
      keep();
      start();
      return entry;
    },
    drop(id) {
      const entry = entries.find((one) => one.id === id);
      if (!entry || !unheard.has(id)) return false;
      finish(entry);
      return true;
    },
    flush: start,
    empty: () => {
      if (entries.length === 0) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
    close() {
      closed = true;
      hurry();
    },
  };
}

type Outcome =
  | { readonly kind: 'sent'; readonly message: Message }
  | { readonly kind: 'refused'; readonly problem: ProblemError }
  | { readonly kind: 'signed-out'; readonly because: string }
  | { readonly kind: 'later'; readonly because: string; readonly retryInMs?: number };

/** What a store gives back may be anything: an older release's, or somebody else's. */
function isEntry(one: unknown): one is OutboxEntry {
  if (typeof one !== 'object' || one === null) return false;
  return 'id' in one && typeof one.id === 'string' && 'chat' in one && typeof one.chat === 'string';
}
