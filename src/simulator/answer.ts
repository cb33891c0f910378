/**
 * From a scripted reply to the answer that the model "gives" to one request: blocks with ids and signatures,
 * the place where it stops, and why. Owns what `max_tokens` and stop sequences cut; sends nothing.
 */
import { findModel } from './models.ts';
import { type Fields, isFields, type ParsedRequest } from './request.ts';
import { type Prefix, requestPrefix, seal, sign, thoughtMark } from './rules/prefix.ts';
import type { Reply, ScriptedCitation, ScriptedSearch, ScriptedToolCall, StopReason } from './script.ts';

export type AnswerBlock =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string; readonly citations: readonly Fields[] }
  | { readonly type: 'web_search_tool_result'; readonly tool_use_id: string; readonly content: unknown }
  | {
      readonly type: 'tool_use' | 'server_tool_use';
      readonly id: string;
      readonly name: string;
      readonly input: Fields;
      /** The input as it is streamed: less than the whole if the answer was cut in it. */
      readonly json: string;
    };

export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly AnswerBlock[];
  readonly stop: StopReason;
  readonly stopSequence: string | null;
  readonly category: string | null;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
  /** Searches that were run and didn't fail: each is billed. */
  readonly searches: number;
}

type Draft =
  | { kind: 'thinking'; text: string }
  | { kind: 'text'; text: string; citations: readonly ScriptedCitation[] }
  | { kind: 'search'; search: ScriptedSearch }
  | { kind: 'call'; call: ScriptedToolCall; json: string };

/** Builds the answer to a request. `nextId` gives a text that is new each time. */
export function answerTo(request: ParsedRequest, reply: Reply, nextId: () => string): Answer {
  const display = thinkingDisplay(request);
  let drafts = draftsOf(reply).filter((draft) => draft.kind !== 'thinking' || display !== 'off');
  let stop: StopReason =
    reply.stop ?? (drafts.some((draft) => draft.kind === 'call') ? 'tool_use' : 'end_turn');
  let stopSequence: string | null = null;

  const sequence = firstStopSequence(drafts, request.body.stop_sequences);
  if (sequence !== undefined) {
    drafts = sequence.drafts;
    stop = 'stop_sequence';
    stopSequence = sequence.text;
  }
  const whole = drafts.reduce((sum, draft) => sum + size(draft), 0);
  const last = drafts.at(-1);
  const scripted =
    stop === 'max_tokens'
      ? (reply.cutAt ?? whole - (last === undefined ? 0 : Math.ceil(size(last) / 2)))
      : whole;
  const allowed = request.maxTokens * 4;
  if (Math.min(scripted, allowed) < whole) drafts = cut(drafts, Math.min(scripted, allowed));
  if (allowed < scripted) stop = 'max_tokens';

  const thoughts = drafts.filter((draft) => draft.kind === 'thinking').length;
  const blocks = [...lateResults(request), ...finish(drafts, { request, display, thoughts, nextId })];
  if (stop === 'pause_turn' && openSearches(blocks).length === 0)
    blocks.push(...searchBlocks({ query: 'simulated' }, nextId));
  const characters = drafts.reduce((sum, draft) => sum + size(draft), 0);
  const thinking = drafts.reduce((sum, draft) => sum + (draft.kind === 'thinking' ? size(draft) : 0), 0);
  return {
    id: `msg_sim_${nextId()}`,
    model: request.model,
    blocks,
    stop,
    stopSequence,
    category: stop === 'refusal' ? (reply.category ?? null) : null,
    outputTokens: Math.max(1, Math.ceil(characters / 4)),
    thinkingTokens: Math.ceil(thinking / 4),
    searches: blocks.filter(
      (block) => block.type === 'web_search_tool_result' && Array.isArray(block.content),
    ).length,
  };
}

/** Whether a request has thinking switched on, and how much of it is shown. */
export function thinkingDisplay(request: ParsedRequest): 'off' | 'summarized' | 'omitted' {
  const model = findModel(request.model);
  const thinking = isFields(request.body.thinking) ? request.body.thinking : undefined;
  if (thinking === undefined && model?.thinksByDefault !== true) return 'off';
  if (thinking?.type === 'disabled') return 'off';
  if (thinking?.display === 'summarized' || thinking?.display === 'updates') return 'summarized';
  if (thinking?.display === 'omitted') return 'omitted';
  return model?.display ?? 'summarized';
}

function draftsOf(reply: Reply): Draft[] {
  const call = (call: ScriptedToolCall): Draft => ({
    kind: 'call',
    call,
    json: JSON.stringify(call.input ?? {}),
  });
  const drafts: Draft[] =
    reply.blocks !== undefined
      ? reply.blocks.map((block) => {
          if ('toolCall' in block) return call(block.toolCall);
          if ('thinking' in block) return { kind: 'thinking', text: block.thinking };
          if ('search' in block) return { kind: 'search', search: block.search };
          return { kind: 'text', text: block.text, citations: block.citations ?? [] };
        })
      : [
          ...(reply.thinking === undefined ? [] : [{ kind: 'thinking' as const, text: reply.thinking }]),
          { kind: 'text' as const, text: reply.text ?? '', citations: [] },
          ...(reply.toolCalls ?? []).map(call),
        ];
  // The API has no block for saying nothing; thoughts may be empty, since they are signed.
  return drafts.filter((draft) => draft.kind !== 'text' || draft.text !== '');
}

function size(draft: Draft): number {
  if (draft.kind === 'search') return draft.search.query.length;
  return draft.kind === 'call' ? draft.json.length : draft.text.length;
}

function firstStopSequence(drafts: readonly Draft[], sequences: unknown) {
  if (!Array.isArray(sequences)) return undefined;
  for (const [index, draft] of drafts.entries()) {
    if (draft.kind !== 'text') continue;
    const hits = sequences
      .filter((text) => typeof text === 'string')
      .map((text) => ({ text, at: draft.text.indexOf(text) }))
      .filter((hit) => hit.at >= 0)
      .sort((a, b) => a.at - b.at);
    const hit = hits[0];
    if (hit === undefined) continue;
    const kept = draft.text.slice(0, hit.at);
    return {
      text: hit.text,
      drafts: [
        ...drafts.slice(0, index),
        ...(kept === '' ? [] : [{ kind: 'text' as const, text: kept, citations: [] }]),
      ],
    };
  }
  return undefined;
}

/** The first `characters` of an answer. */
function cut(drafts: readonly Draft[], characters: number): Draft[] {
  const kept: Draft[] = [];
  let left = characters;
  for (const draft of drafts) {
    if (left <= 0) break;
    if (draft.kind === 'call') kept.push({ ...draft, json: draft.json.slice(0, left) });
    else if (draft.kind === 'search') kept.push(draft);
    else kept.push({ ...draft, text: wholeCharacters(draft.text, left) });
    left -= size(draft);
  }
  return kept;
}

/** The first `length` units of a text, without half a surrogate pair at the end. */
export function wholeCharacters(text: string, length: number): string {
  const code = text.charCodeAt(length - 1);
  return text.slice(0, length < text.length && code >= 0xd800 && code <= 0xdbff ? length - 1 : length);
}

function finish(
  drafts: readonly Draft[],
  context: {
    request: ParsedRequest;
    display: 'off' | 'summarized' | 'omitted';
    thoughts: number;
    nextId: () => string;
  },
): AnswerBlock[] {
  // The prefix is hashed only for an answer that has something to sign.
  const prefix: Prefix | undefined = context.thoughts > 0 ? requestPrefix(context.request.body) : undefined;
  let thought = 0;
  // What came late of an earlier answer's searches stands in front, and is signed along.
  for (const block of lateResults(context.request)) prefix?.add('assistant', { ...block });
  return drafts.flatMap((draft) => {
    const blocks = draft.kind === 'search' ? searchBlocks(draft.search, context.nextId) : [finishOne(draft)];
    for (const block of blocks) prefix?.add('assistant', { ...block });
    return blocks;
  });

  function finishOne(draft: Exclude<Draft, { kind: 'search' }>): AnswerBlock {
    switch (draft.kind) {
      case 'text':
        return { type: 'text', text: draft.text, citations: draft.citations.map(citationOf) };
      case 'thinking': {
        thought += 1;
        const thinking = context.display === 'omitted' ? '' : draft.text;
        const signature = prefix === undefined ? '' : sign(thinking, thought, context.thoughts, prefix);
        return { type: 'thinking', thinking, signature };
      }
      case 'call': {
        const id = draft.call.id ?? `toolu_sim_${context.nextId()}${thoughtMark(context.thoughts)}`;
        return {
          type: 'tool_use',
          id,
          name: draft.call.name,
          input: parsedInput(draft.json),
          json: draft.json,
        };
      }
    }
  }
}

/** What is left of an input whose JSON may be cut: all, or nothing. */
function parsedInput(json: string): Fields {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

/** The call of a search, and, unless it is left open, its results. */
function searchBlocks({ query, results, error }: ScriptedSearch, nextId: () => string): AnswerBlock[] {
  const input = { query };
  const id = `srvtoolu_sim_${nextId()}`;
  const call: AnswerBlock = {
    type: 'server_tool_use',
    id,
    name: 'web_search',
    input,
    json: JSON.stringify(input),
  };
  if (error !== undefined) {
    const content = { type: 'web_search_tool_result_error', error_code: error };
    return [call, { type: 'web_search_tool_result', tool_use_id: id, content }];
  }
  return results === undefined ? [call] : [call, resultBlock(id, results)];
}

function resultBlock(id: string, results: NonNullable<ScriptedSearch['results']>): AnswerBlock {
  return {
    type: 'web_search_tool_result',
    tool_use_id: id,
    content: results.map(({ url, title, age }) => ({
      type: 'web_search_result',
      url,
      title,
      encrypted_content: seal(url),
      page_age: age ?? null,
    })),
  };
}

function citationOf({ url, title, cited }: ScriptedCitation): Fields {
  return { type: 'web_search_result_location', url, title, cited_text: cited, encrypted_index: seal(url) };
}

/** Ids of the searches among some blocks that have no result among them. */
function openSearches(blocks: readonly Fields[]): string[] {
  const open = new Set<string>();
  for (const block of blocks) {
    if (block.type === 'server_tool_use') open.add(String(block.id));
    else if (block.type === 'web_search_tool_result') open.delete(String(block.tool_use_id));
  }
  return [...open];
}

/** What the searches found that the transcript leaves open: the API runs them before it answers. */
function lateResults({ messages }: ParsedRequest): AnswerBlock[] {
  const said = messages.filter(({ role }) => role === 'assistant').flatMap(({ blocks }) => blocks);
  return openSearches(said).map((id) =>
    resultBlock(id, [{ url: 'https://late.example/', title: 'What was searched for' }]),
  );
}
