/**
 * One feed as it is read, a chat's or a subagent's: what stands below each other, the words that are being spoken, and
 * how far back was read. Owns the fold and its history; follows nothing and draws nothing.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { DeltaEvent, EventsPage, FeedEvent } from '../../client/index.ts';
import { folded, type Item, withEarlier } from './items.ts';

/** Words that are being spoken. */
export interface Speech {
  readonly message: string;
  readonly text: string;
}

export interface Story {
  readonly items: ReadonlySignal<readonly Item[]>;
  readonly speech: ReadonlySignal<Speech | undefined>;
  /** Whether there is more further back. */
  readonly earlier: ReadonlySignal<'more' | 'loading' | 'none'>;
  /**
   * Begins with the last page of the feed, whatever was known.
   * @returns the cursor from which the feed goes on
   */
  begin(page: EventsPage): number;
  hear(event: FeedEvent | DeltaEvent): void;
  /** Reads one more page of history. One at a time: whoever asks meanwhile waits for the same. */
  loadEarlier(): Promise<void>;
  /** Reads back as far as this event. */
  loadBackTo(seq: number): Promise<void>;
}

export interface StoryPorts {
  /** A page of the feed that ends before this event. */
  readonly read: (before: number, limit: number) => Promise<EventsPage>;
  /** Events in one page. */
  readonly page: number;
  /** Told of what is read further back. */
  readonly onEarlier?: (events: readonly FeedEvent[]) => void;
  /** Once it is aborted, what is still read changes nothing. */
  readonly signal: AbortSignal;
}

/** Events in one page when something is looked for further back. */
const LONG_PAGE = 1_000;

export function makeStory({ read, page: usual, onEarlier, signal: over }: StoryPorts): Story {
  const items = signal<readonly Item[]>([]);
  const speech = signal<Speech | undefined>(undefined);
  const earlier = signal<'more' | 'loading' | 'none'>('none');
  /** Later events that are about something further back than what was read. */
  let orphans: readonly FeedEvent[] = [];
  /** Where the history that was read begins; null: with the feed. */
  let before: number | null = null;
  let reading: Promise<void> = Promise.resolve();

  function knownUpTo(next: number | null): void {
    before = next;
    earlier.value = next === null ? 'none' : 'more';
  }

  function hearWords({ message, offset, text }: DeltaEvent['data']): void {
    const known = speech.value?.message === message ? speech.value.text : '';
    speech.value = { message, text: known.slice(0, offset) + text };
  }

  /** Reads page after page until it is enough, and takes them in together. */
  async function readBack(from: number, limit: number, isEnough: (next: number) => boolean): Promise<void> {
    earlier.value = 'loading';
    let events: readonly FeedEvent[] = [];
    let next: number | null = from;
    try {
      do {
        const page: EventsPage = await read(next, limit);
        events = [...page.events, ...events];
        next = page.next;
      } while (next !== null && !isEnough(next));
    } catch {
      // Asked for again, it is tried again.
      earlier.value = 'more';
      return;
    }
    if (over.aborted) return;
    batch(() => {
      const all = withEarlier(items.value, events, orphans);
      items.value = all.items;
      orphans = all.orphans;
      knownUpTo(next);
      onEarlier?.(events);
    });
  }

  return {
    items,
    speech,
    earlier,
    begin(page) {
      const now = folded([], page.events);
      items.value = now.items;
      orphans = now.orphans;
      knownUpTo(page.next);
      speech.value = undefined;
      return page.after ?? page.events.at(-1)?.id ?? 0;
    },
    hear(event) {
      if (event.event === 'delta') return hearWords(event.data);
      const spoken = speech.value;
      const next = folded(items.value, [event], (message) =>
        spoken?.message === message ? spoken.text : undefined,
      );
      items.value = next.items;
      if (next.orphans.length > 0) orphans = [...orphans, ...next.orphans];
      if (spoken && ends(event, spoken)) speech.value = undefined;
    },
    loadEarlier() {
      if (earlier.value === 'more' && before !== null) reading = readBack(before, usual, () => true);
      return reading;
    },
    async loadBackTo(seq) {
      await reading;
      if (before === null || before <= seq) return;
      reading = readBack(before, LONG_PAGE, (next) => next <= seq);
      await reading;
    },
  };
}

/** Whether the words that are being spoken end with this: finished, void, or cut off. */
function ends({ event, data }: FeedEvent, { message }: Speech): boolean {
  switch (event) {
    case 'message':
      return data.message.id === message;
    case 'step.abandoned':
      return data.message === message;
    default:
      return event === 'turn.ended';
  }
}
