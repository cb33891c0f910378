/**
 * A subagent's own feed, as long as somebody looks at it: its last page, then what comes after it. A browser allows few
 * connections to a host, so the feed is let go while the page is out of sight and taken up again where it was.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Client, StreamedEvent } from '../../client/index.ts';
import { makeFrames } from './frames.ts';
import { insist } from './insist.ts';
import { makeStory, type Story } from './story.ts';

/** Events in one page of history. */
const PAGE = 100;

export interface Transcript extends Pick<Story, 'items' | 'speech' | 'earlier' | 'loadEarlier'> {
  readonly state: ReadonlySignal<'loading' | 'live' | 'cut' | 'ended'>;
  /** Why it can't be shown. */
  readonly problem: ReadonlySignal<unknown>;
  close(): void;
}

export function openTranscript(client: Client, chat: string, target: string): Transcript {
  const state = signal<'loading' | 'live' | 'cut' | 'ended'>('loading');
  const problem = signal<unknown>(undefined);
  /** Where the feed goes on; absent: nothing was read yet. */
  let after: number | undefined;
  const closed = new AbortController();
  let following: AbortController | undefined;
  const story = makeStory({
    read: (before, limit) => client.subagentEvents(chat, target, { before, limit }),
    page: PAGE,
    signal: closed.signal,
  });

  const frames = makeFrames<StreamedEvent>((events) =>
    batch(() => {
      for (const event of events) take(event);
    }),
  );

  function take(event: StreamedEvent): void {
    if (event.event === 'progress') return;
    if (event.event !== 'delta') after = event.id;
    story.hear(event);
  }

  async function load(signal: AbortSignal): Promise<void> {
    const page = await client.subagentEvents(chat, target, { before: 'latest', limit: PAGE });
    // Who looks away and back meanwhile has begun anew, and may have heard more since.
    if (signal.aborted) return;
    batch(() => {
      after = story.begin(page);
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
    const isSeen = !closed.signal.aborted && document.visibilityState === 'visible';
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
    items: story.items,
    speech: story.speech,
    earlier: story.earlier,
    loadEarlier: story.loadEarlier,
    state,
    problem,
    close() {
      closed.abort();
      document.removeEventListener('visibilitychange', look);
      following?.abort();
      frames.stop();
    },
  };
}
