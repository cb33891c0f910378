/**
 * What a new prefix takes over of the conversation before it, as data that is stored and never made again: words as
 * they were sent, without what is bound to the old prefix. Pure; decides nothing about when.
 */
import { leftBehind, loadOf, storedIn, tooMuch } from './attachments.ts';
import type { Carried, Cut, PendingBlock } from './events.ts';
import { encodeBody } from './fence.ts';
import type { Block, Message } from './ports.ts';

/** A conversation as it is sent, each message with where it came from. */
export interface Conversation {
  readonly entries: readonly Carried[];
  /** Blocks that no request has held yet. */
  readonly pending: readonly PendingBlock[];
}

export interface CarryOver {
  /** Absent: all of it. */
  readonly from?: Cut;
  /** Events whose blocks the API refused: a note stands in their place. */
  readonly without: ReadonlySet<number>;
  /** Why, in the API's words. */
  readonly because: string;
  /** Blocks that an earlier prefix had left out, by the event that brought them. */
  readonly restored: ReadonlyMap<number, readonly Block[]>;
  /** Tokens that the new prefix's model reads at once. */
  readonly window?: number;
}

/**
 * The messages that a new prefix sends of a conversation, and the blocks that wait. Thinking and the API's own tools
 * are left out, since they are bound to what stood before them. The API insists on the thinking of the latest answer
 * that calls a tool: so no answer with calls may come last, and the latest calls are told in words instead.
 */
export function carryOver(conversation: Conversation, how: CarryOver): Conversation {
  const { entries, pending } = conversation;
  const start = how.from === undefined ? 0 : startOf(entries, how.from);
  const kept = [...entries.slice(start), ...lost(entries.slice(start), how.restored)]
    .map((entry) => (how.without.has(entry.seq) ? refusedEntry(entry, how.because) : entry))
    .map((entry) => restoredEntry(entry, how.restored.get(entry.seq)))
    .map((entry) => (entry.role === 'assistant' ? { ...entry, content: unbound(entry.content) } : entry))
    .filter((entry) => entry.content.length > 0);
  const trimmed = tellLatestCalls(kept);
  const open = new Set(trimmed.flatMap(({ content }) => callIds(content)));
  const calls = new Map(
    entries.flatMap(({ content }) => content.filter(isCall).map((one) => [one.id ?? null, one] as const)),
  );
  const told = (block: Block): Block => {
    const id = block.tool_use_id ?? null;
    return block.type !== 'tool_result' || open.has(id) ? block : resultInWords(block, calls.get(id));
  };
  return withinLoad(
    {
      entries: [
        ...trimmed.map((entry) => ({ ...entry, content: entry.content.map(told) })),
        ...(isPaused(entries.at(-1)) ? [goOn] : []),
      ],
      pending: pending.map(({ seq, attached, block, short }) => {
        if (how.without.has(seq)) return { seq, block: told(refusedBlock(block, how.because)) };
        return {
          seq,
          ...(attached ? { attached } : {}),
          block: told(block),
          ...(short ? { short } : {}),
        };
      }),
    },
    how,
  );
}

/** Files that were read before make room for those that were not, where a request can't hold all of them. */
function withinLoad(all: Conversation, { from, window }: CarryOver): Conversation {
  const { entries, pending } = all;
  const blocks = [
    ...entries.flatMap(({ content }) => content),
    ...pending.flatMap(({ attached = [] }) => attached),
  ];
  if (from === undefined || tooMuch(loadOf(blocks), window) === undefined) return all;
  const told = (block: Block): Block => {
    const stored = storedIn(block);
    return stored ? leftBehind(stored) : block;
  };
  return { entries: entries.map((entry) => ({ ...entry, content: entry.content.map(told) })), pending };
}

/** Whether an answer ends in a tool of the API's own, which is left out: the model must be asked to go on. */
function isPaused(latest: Carried | undefined): boolean {
  const type = latest?.role === 'assistant' ? latest.content.at(-1)?.type : undefined;
  return type !== undefined && type !== 'tool_use' && type.endsWith('tool_use');
}

const goOn: Carried = {
  role: 'user',
  content: [
    note(
      'Your last answer was broken off while a tool of the API ran. Go on; use the tool again if you need it.',
    ),
  ],
  seq: 0,
  step: 0,
};

function startOf(entries: readonly Carried[], { step, adds }: Cut): number {
  const at = entries.findIndex(
    (entry) => entry.step > step || (entry.step === step && (adds || entry.role === 'assistant')),
  );
  return at < 0 ? entries.length : at;
}

/** An answer's blocks that mean the same anywhere. */
function unbound(content: readonly Block[]): Block[] {
  return content.flatMap((block): Block[] => {
    if (block.type === 'tool_use') return [block];
    return block.type === 'text' && typeof block.text === 'string'
      ? [{ type: 'text', text: block.text }]
      : [];
  });
}

function tellLatestCalls(entries: readonly Carried[]): Carried[] {
  const kept = [...entries];
  for (let at = kept.length - 1; at >= 0; at--) {
    const entry = kept[at];
    if (entry?.role !== 'assistant') continue;
    if (!entry.content.some(isCall)) break;
    const words = entry.content.filter((block) => !isCall(block));
    if (words.length > 0) {
      kept[at] = { ...entry, content: words };
      break;
    }
    kept.splice(at, 1);
  }
  return kept;
}

function isCall(block: Block): boolean {
  return block.type === 'tool_use';
}

function callIds(content: readonly Block[]): Block[string][] {
  return content.filter(isCall).map((block) => block.id ?? null);
}

/** Characters of a call's input that stand before its result. */
const INPUT_CHARS = 400;

function resultInWords(result: Block, call: Block | undefined): Block {
  const input = JSON.stringify(call?.input ?? {});
  const shown = input.length > INPUT_CHARS ? `${input.slice(0, INPUT_CHARS).toWellFormed()}…` : input;
  const name = call === undefined ? 'an earlier call' : `your call of ${String(call.name)} ${shown}`;
  const outcome = result.is_error === true ? 'failed with' : 'came to';
  return note(`${name.charAt(0).toUpperCase()}${name.slice(1)} ${outcome}:\n${wordsOf(result.content)}`);
}

function wordsOf(content: Block[string] | undefined): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

function restoredEntry(entry: Carried, content: readonly Block[] | undefined): Carried {
  return content && entry.role === 'user' ? { ...entry, content: [...content] } : entry;
}

/** Blocks to be restored in whose place not even a note is left. */
function lost(entries: readonly Carried[], restored: CarryOver['restored']): Carried[] {
  const there = new Set(entries.map(({ seq }) => seq));
  return [...restored]
    .filter(([seq]) => !there.has(seq))
    .map(([seq, content]) => ({ role: 'user', content: [...content], seq, step: 0 }));
}

function refusedEntry(entry: Carried, because: string): Carried {
  // One note for the words and the files that came with them.
  const content = entry.content.filter((block) => !storedIn(block));
  return { ...entry, content: content.map((block) => refusedBlock(block, because)) };
}

function refusedBlock(block: Block, because: string): Block {
  const words = `What stood here was left out: the model API refused it twice (${because}). It is kept, and people can see it; you can't. Say so where it matters.`;
  return block.type === 'tool_result'
    ? { type: 'tool_result', tool_use_id: block.tool_use_id ?? '', content: words, is_error: true }
    : note(words);
}

function note(words: string): Block {
  return { type: 'text', text: `<gateway-note>\n${encodeBody(words)}\n</gateway-note>` };
}

// ───────────────────────────────────────────────────────── what is summarised

/**
 * How many of the messages a summary is asked for: up to the latest request that was answered, and its answer if that
 * calls no tool; so that every call in it stands with its result. 0: nothing was answered yet.
 */
export function answeredPart(entries: readonly Carried[]): number {
  const open = new Set<Block[string]>();
  let found = 0;
  for (const [at, { role, step, content }] of entries.entries()) {
    const answers = role === 'assistant' && step > 0;
    // What an answer stands behind was a request that was answered.
    if (answers && open.size === 0) found = at;
    for (const block of content) {
      if (block.type.endsWith('tool_use')) open.add(block.id ?? null);
      else if (block.type.endsWith('tool_result')) open.delete(block.tool_use_id ?? null);
    }
    if (answers && open.size === 0) found = at + 1;
  }
  return found;
}

/** Where the end of the conversation begins that fits into `most` characters; undefined: not even its last step does. */
export function tailCut(entries: readonly Carried[], most: number): Cut | undefined {
  let chars = 0;
  let cut: Cut | undefined;
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at];
    if (!entry || entry.step === 0) return cut;
    chars += charsOf(entry);
    if (chars > most) return cut;
    const before = entries[at - 1];
    if (entry.role === 'assistant') cut = { step: entry.step, adds: false };
    else if (before?.step !== entry.step || before.role === 'assistant') {
      const adds = entries.filter(({ step, role }) => step === entry.step && role === 'user');
      const results = adds.some(({ content }) => content.some((block) => block.type === 'tool_result'));
      if (!results) cut = { step: entry.step, adds: true };
    }
  }
  return cut;
}

/** How long a message is; a file is as long as words that are read as as many tokens. */
export function charsOf({ content }: Message): number {
  const files = content.reduce((sum, block) => sum + 4 * (storedIn(block)?.source.tokens ?? 0), 0);
  return JSON.stringify(content).length + files;
}
