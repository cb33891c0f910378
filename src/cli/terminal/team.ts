/**
 * A chat's subagents and what is asked for, as its feed tells it: the newest news of each. Owns this picture and the
 * gateway's clock as far as it can be told; shows nothing.
 */
import {
  type Chat,
  type InputRequest,
  isEnded,
  type StreamedEvent,
  type Subagent,
} from '../../client/index.ts';
import { nameOf } from './words.ts';

/** Something that somebody must be told, and who. */
export interface OpenRequest {
  /** Absent: the assistant itself. */
  readonly subagentId?: string | undefined;
  readonly request: InputRequest;
}

export interface Team {
  /** Newest first. */
  readonly all: readonly Subagent[];
  /** Those that have not ended, oldest first. */
  readonly live: readonly Subagent[];
  /** What waits for an answer, oldest first. */
  readonly requests: readonly OpenRequest[];
  byId(id: string): Subagent | undefined;
  /** What one calls it: a label, its path, or the id if it is not known. */
  nameOf(id: string): string;
  /** What is there already, before the feed goes on. */
  begin(subagents: readonly Subagent[], chat: Pick<Chat, 'inputRequest'>): void;
  take(event: StreamedEvent): void;
  /** Now, by the gateway's clock. */
  now(): number;
}

export function makeTeam(): Team {
  const known = new Map<string, Subagent>();
  let requests: OpenRequest[] = [];
  /** How far this clock is ahead of the gateway's, at most; news that was on its way longest says least. */
  let ahead: number | undefined;

  function put(one: Subagent): void {
    const before = known.get(one.id);
    // Progress is told apart from news, and may be further than it.
    const further = before && before.attempt === one.attempt && before.steps > one.steps && !isEnded(one);
    known.set(one.id, further ? { ...one, steps: before.steps, activity: before.activity } : one);
  }

  function ask(open: OpenRequest): void {
    if (!requests.some(({ request }) => request.id === open.request.id)) requests.push(open);
  }

  function hear(at: number): void {
    const seen = globalThis.Date.now() - at;
    if (ahead === undefined || seen < ahead) ahead = seen;
  }

  return {
    get all() {
      return [...known.values()].toSorted((a, b) => b.createdAt - a.createdAt);
    },
    get live() {
      return [...known.values()].filter((one) => !isEnded(one)).toSorted((a, b) => a.createdAt - b.createdAt);
    },
    get requests() {
      return requests;
    },
    byId: (id) => known.get(id),
    nameOf(id) {
      const one = known.get(id);
      return one ? nameOf(one) : id;
    },
    begin(subagents, chat) {
      known.clear();
      requests = [];
      for (const one of subagents) {
        known.set(one.id, one);
        if (one.inputRequest && !isEnded(one)) ask({ subagentId: one.id, request: one.inputRequest });
      }
      if (chat.inputRequest) ask({ request: chat.inputRequest });
    },
    take(event) {
      if ('id' in event) hear(event.data.at);
      switch (event.event) {
        case 'subagent.spawned':
        case 'subagent.updated':
          return put(event.data.subagent);
        case 'subagent.ended': {
          const { subagent } = event.data;
          known.set(subagent.id, subagent);
          requests = requests.filter(({ subagentId }) => subagentId !== subagent.id);
          return;
        }
        case 'progress': {
          const { subagentId, steps, activity, usage } = event.data;
          const one = known.get(subagentId);
          if (one && !isEnded(one)) known.set(subagentId, { ...one, steps, activity, usage });
          return;
        }
        case 'input.requested': {
          const { subagentId, request } = event.data;
          return ask({ subagentId, request });
        }
        case 'input.answered':
          requests = requests.filter(({ request }) => request.id !== event.data.request.id);
          return;
        case 'subagent.forgotten':
          for (const id of event.data.subagentIds) known.delete(id);
          return;
        case 'message':
        case 'turn.started':
        case 'turn.ended':
        case 'tool.started':
        case 'tool.finished':
        case 'announcement.read':
        case 'steer.queued':
        case 'steer.read':
        case 'step.abandoned':
        case 'chat.updated':
        case 'chat.deleting':
        case 'notice':
        case 'delta':
          return;
      }
    },
    now: () => globalThis.Date.now() - (ahead ?? 0),
  };
}
