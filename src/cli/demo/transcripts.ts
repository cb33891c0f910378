/** What the simulator was sent, read as one growing transcript a session. Judges nothing. */
import type { RequestRecord } from '../../simulator/records.ts';
import { type Fields, isFields, type ParsedRequest, readRequest } from '../../simulator/request.ts';
import { isAssistant } from './assistant.ts';
import { workerOf } from './workers.ts';

export interface Transcripts {
  /** Well-formed requests for an answer, those included that a kill cut. */
  readonly requests: number;
  /** Requests that came twice, since the first was cut. */
  readonly repeated: number;
  /** Sessions whose request did not begin with all of the one before, and those that nobody knows. */
  readonly broken: readonly string[];
  /** The texts that the assistant's model was sent in its longest transcript, block by block. */
  readonly assistantRead: readonly string[];
}

export function readTranscripts(records: readonly RequestRecord[]): Transcripts {
  const sessions = new Map<string, { request: ParsedRequest; prefix: string; blocks: string[] }>();
  const broken = new Set<string>();
  let requests = 0;
  let repeated = 0;
  for (const { path, index, body } of records) {
    if (path !== '/v1/messages' || !isFields(body)) continue;
    requests += 1;
    const request = readRequest(body, { index, headers: {} });
    const name = isAssistant(request) ? 'assistant' : (workerOf(request) ?? `request ${index}`);
    const now = { request, prefix: prefixOf(body), blocks: blocksOf(request) };
    const before = sessions.get(name);
    if (before) {
      const continues =
        before.prefix === now.prefix && before.blocks.every((block, at) => block === now.blocks[at]);
      if (!continues) broken.add(name);
      else if (before.blocks.length === now.blocks.length) repeated += 1;
    }
    if (name.startsWith('request')) broken.add(name);
    sessions.set(name, now);
  }
  const assistant = sessions.get('assistant')?.request;
  return {
    requests,
    repeated,
    broken: [...broken],
    assistantRead: (assistant?.messages ?? []).flatMap((message) =>
      message.role === 'user'
        ? message.blocks.flatMap((block) => (typeof block.text === 'string' ? [block.text] : []))
        : [],
    ),
  };
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
