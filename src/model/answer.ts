/**
 * One streamed answer, put together from its events. Owns which blocks of it may be kept: whole ones that the API takes
 * back in a later request. It reads no bytes and knows nothing of connections, prices or retries.
 */
import type { Block, CallOutcome, Json } from '../core/ports.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import type { BilledTokens } from './price.ts';

type Stop = Extract<CallOutcome, { kind: 'answered' }>['stop'];

type Finished =
  | {
      readonly kind: 'whole';
      readonly content: readonly Block[];
      readonly stop: Stop;
      readonly category?: string;
      readonly tokens: BilledTokens;
    }
  /** Something of the stream was lost: the answer must not be used. */
  | { readonly kind: 'broken'; readonly message: string };

export interface Answer {
  /** Takes the next event; true once the answer has ended. Events and deltas of unknown types change nothing. */
  take(event: JsonObject): boolean;
  /** What the API has told of its cost so far; undefined before it did. */
  readonly billed: BilledTokens | undefined;
  /** What became of it. To be called once, when no more events come. */
  finish(): Finished;
}

/** A block on its way: what it started as, and what deltas added. */
interface Growing {
  readonly start: JsonObject;
  /** Of a text or thinking block. */
  text: string;
  /** Of a tool call's input. */
  json: string;
  signature: string | undefined;
  readonly citations: Json[];
}

/** Starts an answer; `onText` gets the text of its text blocks as it comes, `onBreak` hears of each other block. */
export function makeAnswer(onText: (delta: string) => void, onBreak?: () => void): Answer {
  const blocks = new Map<number, Growing>();
  let tokens: BilledTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  let told = false;
  let stopReason: string | undefined;
  let category: string | undefined;
  let ended = false;
  let broken: string | undefined;

  function begin(event: JsonObject): void {
    const start = event.content_block;
    if (typeof event.index !== 'number' || !isObject(start)) {
      broken ??= 'a block began without an index or a content';
      return;
    }
    const text = stringOf(start.text) || stringOf(start.thinking);
    if (start.type !== 'text') onBreak?.();
    else if (text !== '') onText(text);
    blocks.set(event.index, {
      start,
      text,
      json: '',
      signature: stringOf(start.signature) || undefined,
      citations: [],
    });
  }

  function grow(event: JsonObject): void {
    const block = typeof event.index === 'number' ? blocks.get(event.index) : undefined;
    const delta = event.delta;
    if (block === undefined || !isObject(delta)) {
      broken ??= 'a part came of a block that had not begun';
      return;
    }
    switch (delta.type) {
      case 'text_delta': {
        const text = stringOf(delta.text);
        block.text += text;
        if (text !== '') onText(text);
        return;
      }
      case 'thinking_delta':
        block.text += stringOf(delta.thinking);
        return;
      case 'signature_delta':
        block.signature = stringOf(delta.signature) || undefined;
        return;
      case 'input_json_delta':
        block.json += stringOf(delta.partial_json);
        return;
      case 'citations_delta':
        if (delta.citation !== undefined) block.citations.push(delta.citation);
        return;
      default:
        return;
    }
  }

  return {
    get billed() {
      return told ? tokens : undefined;
    },
    take(event) {
      switch (event.type) {
        case 'content_block_delta':
          grow(event);
          return false;
        case 'content_block_start':
          begin(event);
          return false;
        case 'message_start':
          if (!isObject(event.message)) return false;
          tokens = billed(tokens, event.message.usage);
          told ||= isObject(event.message.usage);
          return false;
        case 'message_delta': {
          tokens = billed(tokens, event.usage);
          if (!isObject(event.delta)) return false;
          stopReason = stringOf(event.delta.stop_reason) || stopReason;
          const details = event.delta.stop_details;
          if (isObject(details)) category = stringOf(details.category) || category;
          return false;
        }
        case 'message_stop':
          ended = true;
          return true;
        default:
          return false;
      }
    },

    finish() {
      if (broken !== undefined) return { kind: 'broken', message: `The answer came damaged: ${broken}.` };
      if (!ended || stopReason === undefined)
        return { kind: 'broken', message: 'The connection ended before the answer did.' };
      const content = wholeBlocks([...blocks.values()], stopReason);
      if (content === undefined)
        return {
          kind: 'broken',
          message: 'The answer came damaged: the input of a tool call is not complete.',
        };
      return {
        kind: 'whole',
        content,
        stop: stopOf(stopReason, content),
        ...(category !== undefined && { category }),
        tokens,
      };
    },
  };
}

/** The blocks that may be kept, in order; undefined if one is damaged that the end of the answer doesn't explain. */
function wholeBlocks(blocks: readonly Growing[], stopReason: string): Block[] | undefined {
  const cut = endsAnywhere(stopReason);
  const content: Block[] = [];
  for (const [at, block] of blocks.entries()) {
    if (isToolCall(block.start.type)) {
      // The end may have come in the middle of the last call, even if what there is of it reads well.
      if (cut && at === blocks.length - 1) continue;
      const call = toolCall(block);
      if (call !== undefined) content.push(call);
      else if (!cut) return undefined;
      continue;
    }
    const whole = wordsOrOther(block);
    if (whole !== undefined) content.push(whole);
  }
  // The API takes no assistant message back that ends on thinking, except to go on with a paused turn.
  if (stopReason !== 'pause_turn') while (isThinking(content.at(-1)?.type)) content.pop();
  return content;
}

function toolCall(block: Growing): Block | undefined {
  const { type, id, name } = block.start;
  if (
    typeof type !== 'string' ||
    typeof id !== 'string' ||
    id === '' ||
    typeof name !== 'string' ||
    name === ''
  )
    return undefined;
  const input = block.json === '' ? (block.start.input ?? {}) : parseJson(block.json);
  if (!isObject(input)) return undefined;
  // Once through JSON: a number that it can't hold must not differ between what is stored and what was run.
  const settled = parseJson(JSON.stringify(input));
  return settled === undefined ? undefined : { ...withoutNulls(block.start), type, input: settled };
}

function wordsOrOther(block: Growing): Block | undefined {
  const { type } = block.start;
  switch (type) {
    case 'text':
      if (block.text.trim() === '') return undefined;
      return {
        ...withoutNulls(block.start),
        type,
        text: block.text,
        ...(block.citations.length > 0 && { citations: block.citations }),
      };
    case 'thinking':
      // Without its signature the API would refuse it; an omitted thinking is empty and still counts.
      if (block.signature === undefined) return undefined;
      return { ...block.start, type, thinking: block.text, signature: block.signature };
    default:
      return typeof type === 'string' ? { ...withoutNulls(block.start), type } : undefined;
  }
}

/** Answers carry fields as null that requests may only leave out. */
function withoutNulls(block: JsonObject): JsonObject {
  const kept: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(block)) if (value !== null) kept[key] = value;
  return kept;
}

/** Client and server tools alike. */
function isToolCall(type: Json | undefined): boolean {
  return typeof type === 'string' && type.endsWith('tool_use');
}

function isThinking(type: string | undefined): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}

/** Whether an answer that stopped for this reason may have stopped in the middle of a block. */
function endsAnywhere(stopReason: string): boolean {
  return (
    stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded' || stopReason === 'refusal'
  );
}

function stopOf(stopReason: string, content: readonly Block[]): Stop {
  switch (stopReason) {
    case 'max_tokens':
    case 'pause_turn':
    case 'refusal':
    case 'model_context_window_exceeded':
      return stopReason;
    default:
      // Whatever else the API calls it, what has to follow depends on whether calls are open.
      return content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
  }
}

/** Counts are cumulative: a later one replaces the earlier one, an absent one leaves it. */
function billed(before: BilledTokens, usage: Json | undefined): BilledTokens {
  if (!isObject(usage)) return before;
  const split = isObject(usage.cache_creation) ? usage.cache_creation : undefined;
  const hour = countOf(split?.ephemeral_1h_input_tokens) ?? before.cacheWrite1h;
  const short = countOf(split?.ephemeral_5m_input_tokens) ?? before.cacheWrite5m;
  const written = countOf(usage.cache_creation_input_tokens) ?? hour + short;
  const ran = isObject(usage.server_tool_use) ? usage.server_tool_use : undefined;
  const searches = countOf(ran?.web_search_requests) ?? before.searches;
  return {
    input: countOf(usage.input_tokens) ?? before.input,
    output: countOf(usage.output_tokens) ?? before.output,
    cacheRead: countOf(usage.cache_read_input_tokens) ?? before.cacheRead,
    cacheWrite1h: Math.min(hour, written),
    cacheWrite5m: Math.max(0, written - hour),
    ...(searches !== undefined && { searches }),
  };
}

function countOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

function stringOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
