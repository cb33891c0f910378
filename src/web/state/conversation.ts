/**
 * One open chat as the page has it: what its feed told, folded into signals, and kept up to date for as long as it is
 * open. Owns the order of loading: the last page, then what comes after it. Draws nothing.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import {
  type Chat,
  type Client,
  type FeedEvent,
  type FollowEnd,
  type FollowState,
  ProblemError,
  type StreamedEvent,
} from '../../client/index.ts';
import { makeFrames } from './frames.ts';
import { insist } from './insist.ts';
import { makeRequests, type OpenRequest } from './requests.ts';
import { makeStory, type Story } from './story.ts';
import { makeTeam, type Team } from './team.ts';

/** Events in one page of history. */
const PAGE = 200;
/** How long what a chat has cost may be old while its subagents report. */
const REFRESH_MS = 3_000;

export type Connection =
  | FollowState
  /** `lost`: since when nobody answers, in milliseconds since the epoch. */
  | { readonly state: 'loading'; readonly lost?: number }
  | { readonly state: 'ended'; readonly end: FollowEnd };

export interface Conversation extends Pick<Story, 'items' | 'speech' | 'earlier' | 'loadEarlier'> {
  readonly id: string;
  readonly chat: ReadonlySignal<Chat | undefined>;
  /** Whether the assistant is in a turn. */
  readonly working: ReadonlySignal<boolean>;
  readonly team: Team;
  readonly requests: ReadonlySignal<readonly OpenRequest[]>;
  readonly connection: ReadonlySignal<Connection>;
  /** Why it can't be shown, in words. */
  readonly problem: ReadonlySignal<string | undefined>;
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
  const working = signal(false);
  const connection = signal<Connection>({ state: 'loading' });
  const problem = signal<string | undefined>(undefined);
  const team = makeTeam();
  const requests = makeRequests();
  const sought = signal<number | undefined>(undefined);
  const { promise: loaded, resolve: nowLoaded } = Promise.withResolvers<void>();
  let refreshing: ReturnType<typeof setTimeout> | undefined;
  const ended = new AbortController();
  const story = makeStory({
    read: (before, limit) => client.events(id, { before, limit }),
    page: PAGE,
    onEarlier: team.hearEarlier,
    signal: ended.signal,
  });

  const frames = makeFrames<StreamedEvent>((events) => batch(() => take(events)));

  function take(events: readonly StreamedEvent[]): void {
    for (const event of events) {
      team.hear(event);
      if (event.event === 'progress') refreshSoon();
      else story.hear(event);
      if (event.event !== 'progress' && event.event !== 'delta') takeDurable(event);
    }
  }

  function takeDurable(event: FeedEvent): void {
    requests.hear(event);
    switch (event.event) {
      case 'turn.started':
        working.value = true;
        return;
      case 'turn.ended':
        working.value = false;
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
    return batch(() => {
      team.list(subagents);
      for (const event of page.events) team.hear(event);
      team.list(subagents);
      requests.begin(view, subagents, page.events);
      // Whoever asks to be allowed something is in a turn.
      working.value = view.status === 'working' || view.status === 'input_required';
      chat.value = view;
      return story.begin(page);
    });
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

  async function seek(seq: number): Promise<void> {
    sought.value = undefined;
    await loaded;
    await story.loadBackTo(seq);
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
    items: story.items,
    speech: story.speech,
    earlier: story.earlier,
    loadEarlier: story.loadEarlier,
    working,
    team,
    requests: requests.open,
    connection,
    problem,
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
