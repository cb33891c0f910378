/** An answer on the wire: as the events of a stream, or as one message. Owns order and fields, not timing. */
import { type Answer, type AnswerBlock, wholeCharacters } from './answer.ts';
import type { InputUsage } from './prompt-cache.ts';

export interface StreamEvent {
  /** The event as it is written, with its empty line. */
  readonly text: string;
  /** Characters of the answer in it, by which its pace is reckoned. */
  readonly characters: number;
}

export function serverSentEvent(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function usageOf(answer: Answer, input: InputUsage, outputTokens: number) {
  return {
    input_tokens: input.input,
    cache_creation_input_tokens: input.write5m + input.write1h,
    cache_read_input_tokens: input.read,
    output_tokens: outputTokens,
    output_tokens_details: answer.thinkingTokens > 0 ? { thinking_tokens: answer.thinkingTokens } : null,
    server_tool_use:
      answer.searches > 0 ? { web_search_requests: answer.searches, web_fetch_requests: 0 } : null,
  };
}

function messageOf(answer: Answer, input: InputUsage, done: boolean) {
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: done ? answer.blocks.map(wholeBlock) : [],
    container: null,
    diagnostics: null,
    stop_reason: done ? answer.stop : null,
    stop_sequence: done ? answer.stopSequence : null,
    stop_details: done ? stopDetails(answer) : null,
    usage: {
      ...usageOf(answer, input, done ? answer.outputTokens : 1),
      cache_creation: { ephemeral_5m_input_tokens: input.write5m, ephemeral_1h_input_tokens: input.write1h },
      inference_geo: null,
      service_tier: 'standard',
      speed: 'standard',
    },
  };
}

function stopDetails(answer: Answer) {
  return answer.stop === 'refusal' ? { type: 'refusal', category: answer.category, explanation: null } : null;
}

function wholeBlock(block: AnswerBlock) {
  switch (block.type) {
    case 'text':
      return {
        type: 'text',
        text: block.text,
        citations: block.citations.length > 0 ? block.citations : null,
      };
    case 'web_search_tool_result':
      return { ...block, caller: { type: 'direct' } };
    case 'thinking':
      return block;
    case 'tool_use':
    case 'server_tool_use': {
      const { type, id, name, input } = block;
      return { type, id, name, input, caller: { type: 'direct' } };
    }
  }
}

/** The body of an answer that is not streamed. */
export function messageBody(answer: Answer, input: InputUsage): string {
  return JSON.stringify(messageOf(answer, input, true));
}

/** The events of a streamed answer, first to last. `chunk`: characters in a delta. */
export function streamEvents(answer: Answer, input: InputUsage, chunk: number): StreamEvent[] {
  const events: StreamEvent[] = [];
  const push = (type: string, fields: object, characters = 0) => {
    events.push({ text: serverSentEvent(type, fields), characters });
  };
  push('message_start', { message: messageOf(answer, input, false) });
  for (const [index, block] of answer.blocks.entries()) {
    push('content_block_start', { index, content_block: opening(block) });
    if (index === 0) push('ping', {});
    for (const { delta, characters } of deltas(block, chunk))
      push('content_block_delta', { index, delta }, characters);
    push('content_block_stop', { index });
  }
  push('message_delta', {
    delta: {
      stop_reason: answer.stop,
      stop_sequence: answer.stopSequence,
      stop_details: stopDetails(answer),
      container: null,
    },
    usage: usageOf(answer, input, answer.outputTokens),
  });
  push('message_stop', {});
  return events;
}

function opening(block: AnswerBlock) {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '', citations: null };
    case 'web_search_tool_result':
      return { ...block, caller: { type: 'direct' } };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
    case 'server_tool_use':
      return { type: block.type, id: block.id, name: block.name, input: {}, caller: { type: 'direct' } };
  }
}

function* deltas(block: AnswerBlock, chunk: number): Generator<{ delta: object; characters: number }> {
  switch (block.type) {
    case 'text':
      for (const text of pieces(block.text, chunk))
        yield { delta: { type: 'text_delta', text }, characters: text.length };
      for (const citation of block.citations)
        yield { delta: { type: 'citations_delta', citation }, characters: 0 };
      return;
    // It comes whole, in the event that begins it.
    case 'web_search_tool_result':
      return;
    case 'thinking':
      for (const thinking of pieces(block.thinking, chunk))
        yield { delta: { type: 'thinking_delta', thinking }, characters: thinking.length };
      yield { delta: { type: 'signature_delta', signature: block.signature }, characters: 0 };
      return;
    case 'tool_use':
    case 'server_tool_use':
      // The API's first piece of an input is usually empty; readers must bear it.
      yield { delta: { type: 'input_json_delta', partial_json: '' }, characters: 0 };
      for (const partial_json of pieces(block.json, chunk))
        yield { delta: { type: 'input_json_delta', partial_json }, characters: partial_json.length };
  }
}

function* pieces(text: string, chunk: number): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at, at + chunk + 1);
    // A piece of one unit may have to be a pair.
    const piece = wholeCharacters(rest, chunk) || rest.slice(0, 2);
    yield piece;
    at += piece.length;
  }
}
