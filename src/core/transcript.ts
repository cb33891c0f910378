/**
 * A session's log as Messages API requests. A block is sent as the event that brought it rendered it; history
 * is never rendered again, so a request begins with the bytes of the one before it, cache marks aside.
 */
import type { Ttl } from './budget.ts';
import type { Conversation } from './carry-over.ts';
import type { Carried, PendingBlock, Recorded, SessionEvent } from './events.ts';
import type { Block, Message, ModelRequest, PrefixParams } from './ports.ts';

export interface Transcript {
  /** The last event it holds; the next one added must follow it. */
  readonly seq: number;
  /** Adds an event of the log, in order, from the live prefix's `prefix.started` on. */
  add(recorded: Recorded): void;
  /**
   * The request as of the last event.
   * @param ttl how long the prompt cache is asked to keep what is sent.
   * @param maxTokens how long the answer may be; absent: as the prefix says.
   * @throws when no `prefix.started` was added.
   */
  request(ttl: Ttl, maxTokens?: number): ModelRequest;
  /** What it holds, message by message with its source. */
  readonly conversation: Conversation;
  /** The events that hold what was asked for: the task and what it waited for, people's words, steers, what was said of the workspace. */
  readonly asked: readonly number[];
  /**
   * A request for something beside the conversation: its first `count` messages, then `words`. It reads the prompt
   * cache that the conversation has written, and writes nothing that the conversation would not.
   */
  aside(count: number, words: string, maxTokens: number): ModelRequest;
}

/** Events that never change a transcript. One that isn't named here is read. */
const silent: ReadonlySet<string> = new Set<SessionEvent['type']>([
  'mail.settled',
  'mail.posted',
  'mail.delivered',
  'turn.started',
  'turn.ended',
  'usage.counted',
  'step.refused',
  'prefix.due',
  'compaction.started',
  'compaction.made',
  'compaction.failed',
  'call.reserved',
  'call.cut',
  'tool.started',
  'subagent.spawned',
  'subagent.admitted',
  'plan.set',
  'progress.reported',
  'input.requested',
  'input.answered',
  'input.withdrawn',
  'activity.changed',
  'notice',
  'chat.changed',
  'chat.deleting',
  'subagent.forgotten',
  'subagent.removed',
]);

/**
 * Whether an event, given as it is stored, may change a transcript: told from a glance at its text, since most
 * of a long log doesn't and reading all of it would take seconds.
 */
export function mayBear(stored: string): boolean {
  const type = /^\{"v":\d+,(?:"worked":[\d.]+,)?"type":"([a-z.]+)"/.exec(stored)?.[1];
  if (type === 'mail.accepted') return stored.includes('"block":');
  return type === undefined || !silent.has(type);
}

/** What a session was given to go by: a summary keeps it word for word, as far as there is room. */
const given: ReadonlySet<string> = new Set(['message', 'task', 'steer', 'result']);

export function makeTranscript(): Transcript {
  let seq = 0;
  let params: PrefixParams | undefined;
  let entries: Carried[] = [];
  let asked: number[] = [];
  /** Messages of the request before the latest: the older sliding breakpoint stands at its end. */
  let earlierEnd = 0;
  let latestEnd = 0;
  const pending = new Map<number, PendingBlock>();

  return {
    get seq() {
      return seq;
    },
    add(recorded) {
      const { event } = recorded;
      seq = recorded.seq;
      switch (event.type) {
        case 'prefix.started':
          params = event.params;
          entries = [...(event.carried ?? [])];
          asked = [...(event.asked ?? [])];
          pending.clear();
          for (const block of event.pending ?? []) pending.set(block.seq, block);
          earlierEnd = 0;
          latestEnd = 0;
          return;
        case 'mail.accepted':
          if (event.block) {
            const { attached, block, short } = event;
            pending.set(seq, { seq, ...(attached ? { attached } : {}), block, ...(short ? { short } : {}) });
            const { kind } = event.body;
            if (given.has(kind)) asked.push(seq);
          }
          return;
        case 'tool.finished':
          // What came of a call that was spoken comes with a note.
          if (event.block.type === 'tool_result') pending.set(seq, { seq, block: event.block });
          return;
        case 'workspace.opened':
          pending.set(seq, { seq, block: event.block });
          asked.push(seq);
          return;
        case 'step.requested':
          if (event.closes) {
            entries.push({ role: 'assistant', content: event.closes, seq, step: event.step });
          }
          for (const ref of event.adds) {
            const held = pending.get(ref.seq);
            if (!held)
              throw new Error(`step ${event.step} adds the block of event ${ref.seq}, which has none`);
            pending.delete(ref.seq);
            const block = ref.short ? (held.short ?? held.block) : held.block;
            const content = [...(held.attached ?? []), block];
            entries.push({ role: 'user', content, seq: ref.seq, step: event.step });
          }
          earlierEnd = latestEnd;
          latestEnd = entries.length;
          return;
        case 'step.answered':
          if (event.content.length > 0) {
            entries.push({ role: 'assistant', content: event.content, seq, step: event.step });
          }
          return;
        default:
          return;
      }
    },
    request(ttl, maxTokens) {
      if (!params) throw new Error('a transcript begins with prefix.started');
      const mark: Block['cache_control'] =
        ttl === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' };
      return {
        ...marked(params, messagesOf(entries), [earlierEnd, latestEnd], mark),
        max_tokens: maxTokens ?? params.max_tokens,
      };
    },
    get conversation() {
      return { entries, pending: [...pending.values()] };
    },
    get asked() {
      return asked;
    },
    aside(count, words, maxTokens) {
      if (!params) throw new Error('a transcript begins with prefix.started');
      const messages = messagesOf(entries.slice(0, count));
      const end = messages.length;
      messages.push({ role: 'user', content: [{ type: 'text', text: words }] });
      return { ...marked(params, messages, [end], { type: 'ephemeral' }), max_tokens: maxTokens };
    },
  };
}

function messagesOf(entries: readonly Carried[]): Message[] {
  return entries.map(({ role, content }) => ({ role, content }));
}

function marked(
  params: PrefixParams,
  messages: Message[],
  ends: readonly number[],
  mark: Block['cache_control'],
): ModelRequest {
  const { system, tools } = params;
  for (const end of new Set(ends)) markLast(messages, end, mark);
  return {
    ...params,
    system: lastMarked(system, mark),
    tools: tools.map((tool, i) => (i === tools.length - 1 ? { ...tool, cache_control: mark } : tool)),
    messages,
  };
}

function lastMarked(blocks: readonly Block[], mark: Block['cache_control']): Block[] {
  return blocks.map((block, i) =>
    i === blocks.length - 1 ? { ...block, cache_control: mark ?? null } : block,
  );
}

/** Marks the last message before `end` that may carry a mark: a user's, whose blocks are never blank. */
function markLast(messages: Message[], end: number, mark: Block['cache_control']): void {
  for (let i = end - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role !== 'user') continue;
    messages[i] = { role: 'user', content: lastMarked(message.content, mark) };
    return;
  }
}
