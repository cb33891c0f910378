/**
 * A subagent's own feed, as long as somebody looks at it: its last page, then what comes after it. A browser allows few
 * connections to a host, so the feed is let go while the page is out of sight and taken up again where it was.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Client, FeedEvent, StreamedEvent } from '../../client/index.ts';
import type { Speech } from './conversation.ts';
import { makeFrames } from './frames.ts';
import { insist } from './insist.ts';
import { folded, type Item, withEarlier } from './items.ts';

/** Events in one page of history. */
const PAGE = 100;

export interface Transcript {
  readonly items: ReadonlySignal<readonly Item[]>;
  readonly speech: ReadonlySignal<Speech | undefined>;
  readonly earlier: ReadonlySignal<'more' | 'loading' | 'none'>;
  readonly state: ReadonlySignal<'loading' | 'live' | 'cut' | 'ended'>;
  /** Why it can't be shown. */
  readonly problem: ReadonlySignal<unknown>;
  loadEarlier(): Promise<void>;
  close(): void;
}

export function openTranscript(client: Client, chat: string, target: string): Transcript {
  const items = signal<readonly Item[]>([]);
  const speech = signal<Speech | undefined>(undefined);
  const earlier = signal<'more' | 'loading' | 'none'>('none');
  const state = signal<'loading' | 'live' | 'cut' | 'ended'>('loading');
  const problem = signal<unknown>(undefined);
  let orphans: readonly FeedEvent[] = [];
  let before: number | null = null;
  /** Where the feed goes on; absent: nothing was read yet. */
  let after: number | undefined;
  let closed = false;
  let following: AbortController | undefined;

  const frames = makeFrames<StreamedEvent>((events) =>
    batch(() => {
      for (const event of events) take(event);
    }),
  );

  function take(event: StreamedEvent): void {
    if (event.event === 'delta') {
      const { message, offset, text } = event.data;
      const known = speech.value?.message === message ? speech.value.text : '';
      speech.value = { message, text: known.slice(0, offset) + text };
      return;
    }
    if (event.event === 'progress') return;
    after = event.id;
    const shown = speech.value;
    const next = folded(items.value, [event], (message) =>
      shown?.message === message ? shown.text : undefined,
    );
    items.value = next.items;
    orphans = [...orphans, ...next.orphans];
    const isSpoken = event.event === 'message' && event.data.message.id === shown?.message;
    const isVoid = event.event === 'step.abandoned' && event.data.message === shown?.message;
    if (isSpoken || isVoid || event.event === 'turn.ended') speech.value = undefined;
  }

  async function load(signal: AbortSignal): Promise<void> {
    const page = await client.subagentEvents(chat, target, { before: 'latest', limit: PAGE });
    // Who looks away and back meanwhile has begun anew, and may have heard more since.
    if (signal.aborted) return;
    const now = folded([], page.events);
    batch(() => {
      items.value = now.items;
      orphans = now.orphans;
      before = page.next;
      after = page.after ?? page.events.at(-1)?.id ?? 0;
      earlier.value = page.next === null ? 'none' : 'more';
      speech.value = undefined;
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (after === undefined) {
        await insist(
          () => load(signal),
          signal,
          () => {
            state.value = 'cut';
          },
        );
      }
      if (signal.aborted) return;
      const end = await client.follow(chat, {
        target,
        ...(after === undefined ? {} : { after }),
        signal,
        onEvents: frames.add,
        onState: (is) => {
          state.value = is.state === 'live' ? 'live' : 'cut';
        },
      });
      frames.flush();
      if (signal.aborted) return;
      if (end !== 'reset') {
        state.value = 'ended';
        return;
      }
      after = undefined;
    }
  }

  /** Followed exactly while it can be seen. */
  function look(): void {
    const isSeen = !closed && document.visibilityState === 'visible';
    if (!isSeen) {
      following?.abort();
      following = undefined;
      // What came already counts, so that the next following begins after it.
      frames.flush();
      return;
    }
    if (following || problem.value !== undefined || state.value === 'ended') return;
    const mine = new AbortController();
    following = mine;
    run(mine.signal).catch((error: unknown) => {
      if (!mine.signal.aborted) problem.value = error;
    });
  }

  document.addEventListener('visibilitychange', look);
  look();

  return {
    items,
    speech,
    earlier,
    state,
    problem,
    async loadEarlier() {
      if (earlier.value !== 'more' || before === null) return;
      earlier.value = 'loading';
      try {
        const page = await client.subagentEvents(chat, target, { before, limit: PAGE });
        if (closed) return;
        batch(() => {
          const all = withEarlier(items.value, page.events, orphans);
          items.value = all.items;
          orphans = all.orphans;
          before = page.next;
          earlier.value = page.next === null ? 'none' : 'more';
        });
      } catch {
        // Asked for again, it is tried again.
        earlier.value = 'more';
      }
    },
    close() {
      closed = true;
      document.removeEventListener('visibilitychange', look);
      following?.abort();
      frames.stop();
    },
  };
}
