/**
 * What the demo has seen of a chat so far, and waiting until it has seen more. Follows the chat's feed and
 * each subagent's from their birth on; never does anything to the chat.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, type Event, feedPath } from './api.ts';
import type { Narrator } from './narrator.ts';

type Asked = Extract<Event, { event: 'input.requested' }>['data']['request'];

export interface Audience {
  /** The ids of the chat's feed as its reader got them: a growing list. */
  readonly followed: readonly number[];
  /** Whether the assistant has said this. */
  said(words: string): boolean;
  /** How many turns have ended. */
  readonly turns: number;
  /** Whether no turn is under way and at least `turns` have ended. */
  atRest(turns: number): boolean;
  /** How many subagents have been given their place. */
  readonly atWork: number;
  /** How often a subagent has begun a call whose line on the feed holds these words. */
  callsBegun(label: string, words: string): number;
  /** Whether its parent has passed these words on to a subagent. */
  steered(label: string, words: string): boolean;
  /** What a subagent has asked first. */
  asked(label: string): Asked | undefined;
  hasEnded(label: string): boolean;
  /** @throws when there is none of that label */
  idOf(label: string): string;
  /** Resolves as soon as it holds. Rejects when the demo ends, and after a while with `what` was waited for. */
  until(what: string, holds: () => boolean): Promise<void>;
}

/** How long one thing may take that the story waits for. */
const PATIENCE_MS = 45_000;
const LOOK_MS = 25;

export function makeAudience(api: Api, narrator: Narrator, chat: string, signal: AbortSignal): Audience {
  const events: Event[] = [];
  const ofSubagents: { readonly label: string; readonly event: Event }[] = [];

  const followed = api.follow(feedPath(chat), (event) => {
    events.push(event);
    narrator.chat(event);
    if (event.event !== 'subagent.spawned') return;
    const { id, label } = event.data.subagent;
    api.follow(feedPath(chat, id), (own) => {
      ofSubagents.push({ label, event: own });
      narrator.subagent(label, own);
    });
  });

  const times = (name: Event['event']): number => events.filter(({ event }) => event === name).length;
  const eventsOf = (label: string): Event[] =>
    ofSubagents.flatMap((one) => (one.label === label ? [one.event] : []));

  return {
    followed,
    said: (words) =>
      events.some(
        ({ event, data }) =>
          event === 'message' && data.message.role === 'assistant' && data.message.text.includes(words),
      ),
    get turns() {
      return times('turn.ended');
    },
    atRest: (turns) => times('turn.ended') >= turns && times('turn.ended') === times('turn.started'),
    get atWork() {
      const ids = events.flatMap(({ event, data }) =>
        event === 'subagent.updated' && data.subagent.status === 'running' ? [data.subagent.id] : [],
      );
      return new Set(ids).size;
    },
    callsBegun: (label, words) =>
      eventsOf(label).filter(({ event, data }) => event === 'tool.started' && data.summary.includes(words))
        .length,
    steered: (label, words) =>
      eventsOf(label).some(
        ({ event, data }) =>
          event === 'message' && data.message.from.channel === 'subagent' && data.message.text === words,
      ),
    asked(label) {
      const ids = idsOf(label);
      for (const { event, data } of events)
        if (event === 'input.requested' && ids.includes(data.subagentId ?? '')) return data.request;
      return undefined;
    },
    hasEnded: (label) =>
      events.some(({ event, data }) => event === 'subagent.ended' && data.subagent.label === label),
    idOf(label) {
      const [id] = idsOf(label);
      if (id === undefined) throw new Error(`there is no subagent ${label}`);
      return id;
    },
    async until(what, holds) {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        signal.throwIfAborted();
        if (holds()) return;
        if (performance.now() > deadline)
          throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
        await sleep(LOOK_MS);
      }
    },
  };

  function idsOf(label: string): string[] {
    return events.flatMap(({ event, data }) =>
      event === 'subagent.spawned' && data.subagent.label === label ? [data.subagent.id] : [],
    );
  }
}
