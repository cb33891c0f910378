/**
 * One open chat as the page has it: what its feed told, folded into signals, and kept up to date for as long as it is
 * open. Owns the order of loading (the last page, then what comes after it) and how far back was read. Draws nothing.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import {
  type Chat,
  type Client,
  type EventsPage,
  type FeedEvent,
  type FollowEnd,
  type FollowState,
  ProblemError,
  type StreamedEvent,
} from '../../client/index.ts';
import { makeFrames } from './frames.ts';
import { insist } from './insist.ts';
import { folded, type Item, withEarlier } from './items.ts';
import { makeRequests, type OpenRequest } from './requests.ts';
import { makeTeam, type Team } from './team.ts';

/** Events in one page of history. */
const PAGE = 200;
/** In one page when something is looked for further back. */
const LONG_PAGE = 1_000;
/** How long what a chat has cost may be old while its subagents report. */
const REFRESH_MS = 3_000;

/** Words that are being spoken. */
export interface Speech {
  readonly message: string;
  readonly text: string;
}

export type Connection =
  | FollowState
  /** `lost`: since when nobody answers, in milliseconds since the epoch. */
  | { readonly state: 'loading'; readonly lost?: number }
  | { readonly state: 'ended'; readonly end: FollowEnd };

export interface Conversation {
  readonly id: string;
  readonly chat: ReadonlySignal<Chat | undefined>;
  readonly items: ReadonlySignal<readonly Item[]>;
  readonly speech: ReadonlySignal<Speech | undefined>;
  /** Whether the assistant is in a turn. */
  readonly working: ReadonlySignal<boolean>;
  readonly team: Team;
  readonly requests: ReadonlySignal<readonly OpenRequest[]>;
  readonly connection: ReadonlySignal<Connection>;
  /** Whether there is more further back. */
  readonly earlier: ReadonlySignal<'more' | 'loading' | 'none'>;
  /** Why it can't be shown, in words. */
  readonly problem: ReadonlySignal<string | undefined>;
  /** Reads one more page of history. */
  loadEarlier(): Promise<void>;
  /** The event that somebody looks for, once it is among the items. */
  readonly sought: ReadonlySignal<number | undefined>;
  /** Reads back as far as this event, and has it shown. */
  seek(seq: number): Promise<void>;
  /** Takes what the gateway answered of it. */
  update(chat: Chat): void;
  close(): void;
}

export function openConversation(client: Client, id: string): Conversation {
  const chat = signal<Chat | undefined>(undefined);
  const items = signal<readonly Item[]>([]);
  const speech = signal<Speech | undefined>(undefined);
  const working = signal(false);
  const connection = signal<Connection>({ state: 'loading' });
  const earlier = signal<'more' | 'loading' | 'none'>('none');
  const problem = signal<string | undefined>(undefined);
  const team = makeTeam();
  const requests = makeRequests();
  let orphans: readonly FeedEvent[] = [];
  let before: number | null = null;
  const sought = signal<number | undefined>(undefined);
  /** What is being read of the history. */
  let reading: Promise<void> = Promise.resolve();
  const { promise: loaded, resolve: nowLoaded } = Promise.withResolvers<void>();
  let refreshing: ReturnType<typeof setTimeout> | undefined;
  const ended = new AbortController();

  const frames = makeFrames<StreamedEvent>((events) => batch(() => take(events)));

  function take(events: readonly StreamedEvent[]): void {
    for (const event of events) {
      team.hear(event);
      if (event.event === 'delta') hearWords(event.data);
      else if (event.event !== 'progress') takeDurable(event);
      if (event.event === 'progress') refreshSoon();
    }
  }

  function takeDurable(event: FeedEvent): void {
    const next = folded(items.value, [event], (message) =>
      speech.value?.message === message ? speech.value.text : undefined,
    );
    items.value = next.items;
    if (next.orphans.length > 0) orphans = [...orphans, ...next.orphans];
    requests.hear(event);
    switch (event.event) {
      case 'message':
        if (speech.value?.message === event.data.message.id) speech.value = undefined;
        return;
      case 'step.abandoned':
        if (speech.value?.message === event.data.message) speech.value = undefined;
        return;
      case 'turn.started':
        working.value = true;
        return;
      case 'turn.ended':
        working.value = false;
        speech.value = undefined;
        refreshSoon();
        return;
      case 'subagent.spawned':
      case 'subagent.ended':
      case 'chat.updated':
        refreshSoon();
        return;
      default:
        return;
    }
  }

  function hearWords({ message, offset, text }: { message: string; offset: number; text: string }): void {
    const known = speech.value?.message === message ? speech.value.text : '';
    speech.value = { message, text: known.slice(0, offset) + text };
  }

  function refreshSoon(): void {
    refreshing ??= setTimeout(() => {
      refreshing = undefined;
      // Only figures: whoever can't get them now gets them with the next news.
      client.chat(id).then(update, () => undefined);
    }, REFRESH_MS);
  }

  function update(next: Chat): void {
    if (!ended.signal.aborted) chat.value = next;
  }

  /** The last page and all that the chat holds now; what comes later is for the feed to tell, from `after` on. */
  async function load(): Promise<number> {
    const page = await client.events(id, { before: 'latest', limit: PAGE });
    const [view, subagents] = await Promise.all([client.chat(id), client.subagents(id)]);
    batch(() => {
      const now = folded([], page.events);
      items.value = now.items;
      orphans = now.orphans;
      before = page.next;
      earlier.value = page.next === null ? 'none' : 'more';
      speech.value = undefined;
      team.list(subagents);
      for (const event of page.events) team.hear(event);
      team.list(subagents);
      requests.begin(view, subagents, page.events);
      // Whoever asks to be allowed something is in a turn.
      working.value = view.status === 'working' || view.status === 'input_required';
      chat.value = view;
    });
    return page.after ?? page.events.at(-1)?.id ?? 0;
  }

  async function run(): Promise<void> {
    for (;;) {
      const since = Date.now();
      const after = await insist(load, ended.signal, () => {
        connection.value = { state: 'loading', lost: since };
      });
      if (ended.signal.aborted) return;
      nowLoaded();
      const end = await client.follow(id, {
        after,
        signal: ended.signal,
        onEvents: frames.add,
        onState: (state) => {
          connection.value = state;
        },
      });
      frames.flush();
      // The gateway's log ends before what was read of it: it was restored from a copy.
      if (end === 'reset') continue;
      connection.value = { state: 'ended', end };
      return;
    }
  }

  /** One at a time: whoever asks meanwhile waits for the same. */
  function loadEarlier(): Promise<void> {
    if (earlier.value === 'more' && before !== null) {
      const from = before;
      reading = readBack(from, (next) => next !== null);
    }
    return reading;
  }

  /** Reads page after page until one is the last that is wanted, and takes them in together. */
  async function readBack(
    from: number,
    isLast: (next: number | null) => boolean,
    limit = PAGE,
  ): Promise<void> {
    earlier.value = 'loading';
    let events: readonly FeedEvent[] = [];
    let next: number | null = from;
    try {
      do {
        const page: EventsPage = await client.events(id, { before: next, limit });
        events = [...page.events, ...events];
        next = page.next;
      } while (next !== null && !isLast(next));
    } catch {
      // Scrolled to again, it is tried again.
      earlier.value = 'more';
      return;
    }
    if (ended.signal.aborted) return;
    batch(() => {
      const all = withEarlier(items.value, events, orphans);
      items.value = all.items;
      orphans = all.orphans;
      before = next;
      earlier.value = next === null ? 'none' : 'more';
      team.hearEarlier(events);
    });
  }

  async function seek(seq: number): Promise<void> {
    sought.value = undefined;
    await loaded;
    await reading;
    if (before !== null && before > seq) {
      reading = readBack(before, (next) => next !== null && next <= seq, LONG_PAGE);
      await reading;
    }
    sought.value = seq;
  }

  run().catch((error: unknown) => {
    if (ended.signal.aborted) return;
    problem.value = error instanceof ProblemError || error instanceof Error ? error.message : String(error);
    if (error instanceof ProblemError && error.status === 401)
      connection.value = { state: 'ended', end: 'signed-out' };
    if (error instanceof ProblemError && error.status === 404)
      connection.value = { state: 'ended', end: 'gone' };
  });

  return {
    id,
    chat,
    items,
    speech,
    working,
    team,
    requests: requests.open,
    connection,
    earlier,
    problem,
    loadEarlier,
    sought,
    seek,
    update,
    close() {
      ended.abort();
      frames.stop();
      clearTimeout(refreshing);
    },
  };
}
