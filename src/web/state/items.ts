/**
 * What a feed tells, as the things that stand below each other in a conversation: words, cards for what became of
 * subagents, questions, notices, tool calls. Pure: the same events make the same items, whether they come one by one,
 * in pages, or from further back. Owns no connection and draws nothing.
 */
import type { FeedEvent, InputRequest, Message, Subagent } from '../../client/index.ts';

export interface ToolCall {
  /** The sequence number of the event that began it, and of the one that ended it: what lies behind is read by them. */
  readonly started: number;
  readonly finished?: number;
  readonly call: string;
  readonly name: string;
  readonly summary: string;
  readonly ok?: boolean;
  readonly ms?: number;
}

export interface InputOutcome {
  readonly outcome: 'answered' | 'withdrawn';
  readonly by?: 'parent' | 'ancestor' | 'person' | undefined;
  readonly decision?: 'allow' | 'deny' | undefined;
  readonly text?: string | undefined;
}

interface Placed {
  /** The sequence number of the event that brought it: unique in its feed. */
  readonly seq: number;
  /** Wall clock of the gateway, in milliseconds. */
  readonly at: number;
}

export type Item = Placed &
  (
    | { readonly kind: 'message'; readonly message: Message }
    | { readonly kind: 'tools'; readonly calls: readonly ToolCall[] }
    | { readonly kind: 'spawned'; readonly subagent: Subagent }
    | { readonly kind: 'ended'; readonly subagent: Subagent; readonly read?: boolean }
    | {
        readonly kind: 'asked';
        readonly subagentId?: string | undefined;
        readonly request: InputRequest;
        readonly outcome?: InputOutcome;
      }
    | {
        readonly kind: 'steered';
        readonly steerId: string;
        readonly subagentId: string;
        readonly read?: boolean;
      }
    | { readonly kind: 'notice'; readonly level: 'info' | 'warning' | 'error'; readonly text: string }
    | { readonly kind: 'stopped'; readonly stop: 'stopped' | 'parked'; readonly error?: string | undefined }
    | { readonly kind: 'abandoned'; readonly because: string; readonly text: string }
  );

/** Words that were shown of messages that no answer finished, by message id. */
export type Shown = (message: string) => string | undefined;

/**
 * The items with one more event. The list given is left as it was; items that don't change stay the same objects, so
 * that whoever draws them can tell.
 * @param shown for `step.abandoned`: what had been shown of the message that is void now
 */
export function withEvent(
  items: readonly Item[],
  { event, data }: FeedEvent,
  shown?: Shown,
): readonly Item[] {
  const placed = { seq: data.seq, at: data.at };
  switch (event) {
    case 'message':
      return [...items, { ...placed, kind: 'message', message: data.message }];
    case 'notice':
      return [...items, { ...placed, kind: 'notice', level: data.level, text: data.text }];
    case 'tool.started': {
      const call = { started: data.seq, call: data.call, name: data.name, summary: data.summary };
      const last = items.at(-1);
      return last?.kind === 'tools'
        ? [...items.slice(0, -1), { ...last, calls: [...last.calls, call] }]
        : [...items, { ...placed, kind: 'tools', calls: [call] }];
    }
    case 'tool.finished':
      return replaced(items, (item) =>
        item.kind === 'tools' &&
        item.calls.some((one) => one.call === data.call && one.finished === undefined)
          ? {
              ...item,
              calls: item.calls.map((one) =>
                one.call === data.call && one.finished === undefined
                  ? { ...one, finished: data.seq, ok: data.ok, ms: data.ms }
                  : one,
              ),
            }
          : undefined,
      );
    case 'subagent.spawned':
      return [...items, { ...placed, kind: 'spawned', subagent: data.subagent }];
    case 'subagent.ended':
      return [...items, { ...placed, kind: 'ended', subagent: data.subagent }];
    case 'announcement.read':
      return replaced(items, (item) =>
        item.kind === 'ended' &&
        item.subagent.id === data.subagentId &&
        item.subagent.attempt === data.attempt
          ? { ...item, read: true }
          : undefined,
      );
    case 'input.requested':
      return [...items, { ...placed, kind: 'asked', subagentId: data.subagentId, request: data.request }];
    case 'input.answered': {
      const { outcome, by, decision, text } = data;
      return replaced(items, (item) =>
        item.kind === 'asked' && item.request.id === data.request.id
          ? { ...item, outcome: { outcome, by, decision, text } }
          : undefined,
      );
    }
    case 'steer.queued':
      return [...items, { ...placed, kind: 'steered', steerId: data.steerId, subagentId: data.subagentId }];
    case 'steer.read':
      return replaced(items, (item) =>
        item.kind === 'steered' && item.steerId === data.steerId ? { ...item, read: true } : undefined,
      );
    case 'turn.ended':
      return data.stop === 'done'
        ? items
        : [...items, { ...placed, kind: 'stopped', stop: data.stop, error: data.error }];
    case 'step.abandoned': {
      const text = data.message === undefined ? '' : (shown?.(data.message) ?? '');
      return text === '' ? items : [...items, { ...placed, kind: 'abandoned', because: data.because, text }];
    }
    case 'turn.started':
    case 'subagent.updated':
    case 'chat.updated':
    case 'chat.deleting':
    case 'subagent.forgotten':
      return items;
  }
}

/** The newest item for which `change` knows another form, in that form. None: what it is about stands further back. */
function replaced(items: readonly Item[], change: (item: Item) => Item | undefined): readonly Item[] {
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    const other = item && change(item);
    if (other) return items.with(at, other);
  }
  return items;
}

/**
 * Items of an earlier page before those that are known, with what the later events said of them.
 * @param orphans later events that are about something further back than what was known, oldest first
 * @returns with the orphans that are about something further back still
 */
export function withEarlier(
  items: readonly Item[],
  page: readonly FeedEvent[],
  orphans: readonly FeedEvent[],
): { readonly items: readonly Item[]; readonly orphans: readonly FeedEvent[] } {
  const known = folded([], page);
  const late = folded(known.items, orphans);
  return { items: [...late.items, ...items], orphans: [...known.orphans, ...late.orphans] };
}

/** The items with more events, and those of the events that are about something that isn't among the items. */
export function folded(
  items: readonly Item[],
  events: readonly FeedEvent[],
  shown?: Shown,
): { readonly items: readonly Item[]; readonly orphans: readonly FeedEvent[] } {
  let next = items;
  const orphans: FeedEvent[] = [];
  for (const event of events) {
    const before = next;
    next = withEvent(before, event, shown);
    if (next === before && isAboutEarlier(event)) orphans.push(event);
  }
  return { items: next, orphans };
}

/** Whether an event only says more of what an earlier one brought. */
function isAboutEarlier({ event }: FeedEvent): boolean {
  return (
    event === 'tool.finished' ||
    event === 'announcement.read' ||
    event === 'input.answered' ||
    event === 'steer.read'
  );
}
