/** What the simulator was sent, read as one growing transcript a session. Judges nothing. */
import type { RequestRecord } from '../../simulator/records.ts';
import {
  type Fields,
  isFields,
  type ParsedRequest,
  type ReadToolResult,
  readRequest,
} from '../../simulator/request.ts';
import { textsSent } from './rounds.ts';

/** One session's model and what it was sent. */
export interface Transcript {
  /** The tools that it was told of. */
  readonly tools: readonly string[];
  /** Texts in the longest request, block by block. */
  readonly texts: readonly string[];
  /** What its tool calls came to, in order. */
  readonly results: readonly Pick<ReadToolResult, 'name' | 'input' | 'text' | 'isError'>[];
}

export interface Transcripts {
  /** Well-formed requests for an answer, those included that a kill cut. */
  readonly requests: number;
  /** Requests that came twice, since the first was cut. */
  readonly repeated: number;
  /** Sessions whose request did not begin with all of the one before, and those that nobody knows. */
  readonly broken: readonly string[];
  /** By the session's name in the story. */
  readonly sessions: Readonly<Record<string, Transcript>>;
}

/** Whether it is a request of a session that talks with people. */
export function isAssistant(request: ParsedRequest): boolean {
  return request.toolNames.includes('stay_silent');
}

/** @param subagentOf which of the story's subagents a request is of */
export function readTranscripts(
  records: readonly RequestRecord[],
  subagentOf: (request: ParsedRequest) => string | undefined,
): Transcripts {
  const latest = new Map<string, { request: ParsedRequest; prefix: string; blocks: string[] }>();
  const results = new Map<string, Map<string, ReadToolResult>>();
  const broken = new Set<string>();
  let requests = 0;
  let repeated = 0;
  for (const { path, index, body } of records) {
    if (path !== '/v1/messages' || !isFields(body)) continue;
    requests += 1;
    const request = readRequest(body, { index, headers: {} });
    const known = isAssistant(request) ? 'assistant' : subagentOf(request);
    const name = known ?? `request ${index}`;
    if (known === undefined) broken.add(name);
    const now = { request, prefix: prefixOf(body), blocks: blocksOf(request) };
    const before = latest.get(name);
    if (before) {
      const continues =
        before.prefix === now.prefix && before.blocks.every((block, at) => block === now.blocks[at]);
      if (!continues) broken.add(name);
      else if (before.blocks.length === now.blocks.length) repeated += 1;
    }
    latest.set(name, now);
    const own = results.get(name) ?? new Map<string, ReadToolResult>();
    for (const result of request.toolResults) own.set(result.toolUseId, result);
    results.set(name, own);
  }
  const sessions = [...latest].map(([name, { request }]) => [
    name,
    {
      tools: request.toolNames,
      texts: textsSent(request),
      results: [...(results.get(name)?.values() ?? [])],
    },
  ]);
  return { requests, repeated, broken: [...broken], sessions: Object.fromEntries(sessions) };
}

/** All of a request that is not its messages. */
function prefixOf(body: Fields): string {
  const { messages: _, ...rest } = body;
  return unmarked(rest);
}

function blocksOf(request: ParsedRequest): string[] {
  return request.messages.flatMap(({ role, blocks }) => blocks.map((block) => `${role} ${unmarked(block)}`));
}

/** The bytes without the marks of the prompt cache, which move along. */
function unmarked(value: object): string {
  return JSON.stringify(value, (name, part: unknown) => (name === 'cache_control' ? undefined : part));
}
