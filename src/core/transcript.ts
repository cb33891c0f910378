/**
 * A session's log as Messages API requests. A block is sent as the event that brought it rendered it; history
 * is never rendered again, so a request begins with the bytes of the one before it, cache marks aside.
 */
import type { Ttl } from './budget.ts';
import type { Recorded, SessionEvent } from './events.ts';
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
}

/** Events that never change a transcript. One that isn't named here is read. */
const silent: ReadonlySet<string> = new Set<SessionEvent['type']>([
  'mail.settled',
  'mail.posted',
  'mail.delivered',
  'turn.started',
  'turn.ended',
  'usage.counted',
  'call.reserved',
  'call.cut',
  'chat.changed',
  'tool.started',
  'subagent.spawned',
  'subagent.admitted',
  'progress.reported',
  'notice',
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

export function makeTranscript(): Transcript {
  let seq = 0;
  let params: PrefixParams | undefined;
  let messages: Message[] = [];
  /** Messages of the request before the latest: the older sliding breakpoint stands at its end. */
  let earlierEnd = 0;
  let latestEnd = 0;
  const pending = new Map<number, { block: Block; short?: Block }>();

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
          messages = [];
          earlierEnd = 0;
          latestEnd = 0;
          return;
        case 'mail.accepted':
          if (event.block) {
            pending.set(
              seq,
              event.short ? { block: event.block, short: event.short } : { block: event.block },
            );
          }
          return;
        case 'tool.finished':
        case 'workspace.opened':
          pending.set(seq, { block: event.block });
          return;
        case 'step.requested':
          for (const ref of event.adds) {
            const held = pending.get(ref.seq);
            if (!held)
              throw new Error(`step ${event.step} adds the block of event ${ref.seq}, which has none`);
            pending.delete(ref.seq);
            const block = ref.short ? (held.short ?? held.block) : held.block;
            messages.push({ role: 'user', content: [block] });
          }
          earlierEnd = latestEnd;
          latestEnd = messages.length;
          return;
        case 'step.answered':
          if (event.content.length > 0) messages.push({ role: 'assistant', content: event.content });
          return;
        default:
          return;
      }
    },
    request(ttl, maxTokens) {
      if (!params) throw new Error('a transcript begins with prefix.started');
      const mark: Block['cache_control'] =
        ttl === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' };
      const { system, tools } = params;
      const marked = [...messages];
      for (const end of new Set([earlierEnd, latestEnd])) markLast(marked, end, mark);
      return {
        ...params,
        max_tokens: maxTokens ?? params.max_tokens,
        system: lastMarked(system, mark),
        tools: tools.map((tool, i) => (i === tools.length - 1 ? { ...tool, cache_control: mark } : tool)),
        messages: marked,
      };
    },
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
