/**
 * The language of scripts: what a reply is, what faults there are, which row of a scenario answers a request.
 * Owns the schemas and the choice of a row. It never sends anything and never knows about sockets.
 */
import { z } from 'zod';
import type { ParsedRequest } from './request.ts';

const count = z.number().int().nonnegative();
const repeats = z.number().int().positive();

/** How often a fault strikes. Without it: every time its row is used. */
const times = repeats.optional();

/** Text to look for: a substring, a RegExp (TypeScript only), or `{regex, flags?}` (JSON). */
const patternSchema = z.union([
  z.string(),
  z.instanceof(RegExp),
  z.strictObject({ regex: z.string(), flags: z.string().optional() }),
]);
export type Pattern = z.infer<typeof patternSchema>;

/**
 * What can go wrong with an answer. Event numbers count the stream's events from 1 (`message_start`), so
 * "after event 0" means: status and headers arrive, and nothing else.
 *
 * A fault with `times` strikes that often and is then spent, without using up its row: "fail twice, then
 * answer" is `faults: [{status: 529, times: 2}]`. One without `times` strikes at each use of its row, and the
 * use counts. The first of several that is not spent strikes; `unknownEvent` and `splitUtf8` add to any other.
 */
const faultSchema = z.union([
  /** An error response instead of a stream. `retryAfter`: seconds, or any header text such as an HTTP date. */
  z.strictObject({
    status: z.number().int().min(400).max(599),
    /** The error's type; by default the API's own for this status. */
    type: z.string().optional(),
    message: z.string().optional(),
    retryAfter: z.union([z.number().nonnegative(), z.string()]).optional(),
    retryAfterMs: z.number().nonnegative().optional(),
    /** Sends `x-should-retry`, which SDKs obey before anything else. */
    shouldRetry: z.boolean().optional(),
    /** A proxy's HTML page instead of the API's JSON. */
    body: z.literal('html').optional(),
    times,
  }),
  /** The socket is destroyed. */
  z.strictObject({ cutAfterEvent: count, times }),
  /** An SSE `error` event, then the end of the stream. */
  z.strictObject({ errorAfterEvent: count, type: z.string(), message: z.string().optional(), times }),
  /** Nothing more comes, and the connection stays open until the client leaves. */
  z.strictObject({ stallAfterEvent: count, times }),
  /** The stream ends cleanly, but `message_stop` never comes. */
  z.strictObject({ noMessageStop: z.literal(true), times }),
  /** An event of a type nobody knows comes before the first content block. */
  z.strictObject({ unknownEvent: z.literal(true), times }),
  /** The bytes arrive in pieces that end inside characters. */
  z.strictObject({ splitUtf8: z.literal(true), times }),
]);
export type Fault = z.infer<typeof faultSchema>;

const toolCallSchema = z.strictObject({
  name: z.string(),
  input: z.record(z.string(), z.unknown()).optional(),
  /** An id of your own must be new in the whole conversation. Made by the simulator when absent. */
  id: z.string().optional(),
});
export type ScriptedToolCall = z.infer<typeof toolCallSchema>;

const searchSchema = z.strictObject({
  query: z.string(),
  /** What it found. With neither results nor an error the API has not run it yet: its next answer begins with them. */
  results: z
    .array(z.strictObject({ url: z.string(), title: z.string(), age: z.string().optional() }))
    .optional(),
  /** Why it failed, such as `max_uses_exceeded`. */
  error: z.string().optional(),
});
export type ScriptedSearch = z.infer<typeof searchSchema>;

/** A citation of a page that a search found. */
const citationSchema = z.strictObject({ url: z.string(), title: z.string(), cited: z.string() });
export type ScriptedCitation = z.infer<typeof citationSchema>;

const stopReasons = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
] as const;
export type StopReason = (typeof stopReasons)[number];

/**
 * One answer of the model. Everything is optional; `{}` is an empty answer that ends its turn.
 *
 * The blocks come in the order thinking, text, tool calls; `blocks` gives another order.
 */
const replySchema = z.strictObject({
  text: z.string().optional(),
  toolCalls: z.array(toolCallSchema).optional(),
  /** Sent only if the request has thinking switched on for its model; signed either way. */
  thinking: z.string().optional(),
  /**
   * The answer's blocks in an order of your own, instead of the three fields above. Searches are the API's own
   * tool `web_search`; what one that was left open found comes by itself, in front of the next answer.
   */
  blocks: z
    .array(
      z.union([
        z.strictObject({ text: z.string(), citations: z.array(citationSchema).optional() }),
        z.strictObject({ thinking: z.string() }),
        z.strictObject({ toolCall: toolCallSchema }),
        z.strictObject({ search: searchSchema }),
      ]),
    )
    .optional(),
  /**
   * Why it stopped; by default `tool_use` with tool calls and `end_turn` without. `max_tokens` cuts the last
   * block in half, be it text or a tool call, or after `cutAt` characters. `pause_turn` adds an
   * unfinished server tool call, as the API does, so that the answer can be sent back as it is.
   */
  stop: z.enum(stopReasons).optional(),
  /** With `max_tokens`: how many characters of the answer (thinking, text, tool input) get through. */
  cutAt: count.optional(),
  /** With `refusal`: the category that is named. */
  category: z
    .enum(['cyber', 'bio', 'frontier_llm', 'reasoning_extraction', 'general_harms'])
    .nullable()
    .optional(),
  /** Milliseconds before the first byte. */
  delayMs: z.number().nonnegative().optional(),
  /** Pace of the answer, a token being four characters. Without it everything is sent at once. */
  tokensPerSecond: z.number().positive().optional(),
  /** Characters in one delta; 32 by default. */
  chunk: repeats.optional(),
  /** Held until `simulator.open(name)`: before the first byte, or after that many events of the stream. */
  gate: z.union([z.string(), z.strictObject({ name: z.string(), afterEvent: count.optional() })]).optional(),
  faults: z.array(faultSchema).optional(),
});
export type Reply = z.infer<typeof replySchema>;

/** All given conditions must hold. An empty `when` fits everything. */
const whenSchema = z.strictObject({
  /** Found in the text of the user messages after the last answer. */
  lastUserText: patternSchema.optional(),
  /** Found in a tool result among those messages. */
  toolResult: patternSchema.optional(),
  /** Found in the system prompt. */
  system: patternSchema.optional(),
  /** Found anywhere in the messages: text, tool calls' inputs, tool results. */
  transcriptIncludes: patternSchema.optional(),
  model: z.string().optional(),
  hasTool: z.string().optional(),
  lacksTool: z.string().optional(),
  /** How many answers of the model the transcript holds. */
  answers: count.optional(),
  /** Which request to /v1/messages this is since the simulator started, from 0. */
  requestIndex: count.optional(),
  /** How often this row may be used. */
  times,
});

const rowSchema = z.strictObject({
  /** Named in the records of the requests it answered. */
  name: z.string().optional(),
  when: whenSchema.optional(),
  reply: replySchema,
});
export type Row = z.infer<typeof rowSchema>;

const scenarioSchema = z.strictObject({
  name: z.string().optional(),
  rows: z.array(rowSchema),
  /** What answers when no row fits; by default a text that says so. */
  otherwise: replySchema.optional(),
});
/** A script as data: the first row that fits, and has uses left, answers. */
export type Scenario = z.infer<typeof scenarioSchema>;

/** A script as a function. One that throws or rejects is answered with a 500 that carries its message. */
export type ScriptFunction = (request: ParsedRequest) => Reply | Promise<Reply>;
export type Script = Scenario | ScriptFunction;

/**
 * Checks a scenario that was read from a file.
 * @throws Error that names each wrong field.
 */
export function parseScenario(value: unknown): Scenario {
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) throw new Error(`Not a scenario. ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function found(pattern: Pattern | undefined, text: () => string): boolean {
  if (pattern === undefined) return true;
  if (typeof pattern === 'string') return text().includes(pattern);
  // Made anew for each use: a RegExp with the flag g remembers where it stopped.
  const regex =
    pattern instanceof RegExp
      ? new RegExp(pattern.source, pattern.flags)
      : new RegExp(pattern.regex, pattern.flags);
  return regex.test(text());
}

/** Whether a row's conditions, `times` aside, hold for a request. */
export function fits(row: Row, request: ParsedRequest): boolean {
  const when = row.when;
  if (when === undefined) return true;
  if (when.requestIndex !== undefined && when.requestIndex !== request.index) return false;
  if (when.model !== undefined && when.model !== request.model) return false;
  if (when.answers !== undefined && when.answers !== request.answers) return false;
  if (when.hasTool !== undefined && !request.toolNames.includes(when.hasTool)) return false;
  if (when.lacksTool !== undefined && request.toolNames.includes(when.lacksTool)) return false;
  if (!found(when.lastUserText, () => request.lastUserText)) return false;
  if (!found(when.system, () => request.systemText)) return false;
  if (when.toolResult !== undefined) {
    const pattern = when.toolResult;
    if (!request.toolResults.some((result) => found(pattern, () => result.text))) return false;
  }
  return found(when.transcriptIncludes, () => request.transcriptText);
}

export function unmatched(request: ParsedRequest): Reply {
  const heard = request.lastUserText.trim().slice(0, 200);
  const results = request.toolResults.length;
  const what =
    heard !== ''
      ? `the words “${heard}”`
      : results > 0
        ? `${results} tool result${results === 1 ? '' : 's'}`
        : 'this request';
  return { text: `[simulator] The script has no answer to ${what} (request ${request.index}).` };
}
