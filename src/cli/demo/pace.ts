/** The pace at which a script plays the model, so that it can be read. Never decides what is said. */
import type { ParsedRequest } from '../../simulator/request.ts';
import type { Reply, ScriptFunction } from '../../simulator/script.ts';
import { isAssistant } from './transcripts.ts';

/** Tokens a second of the assistant's words: about as fast as one reads. What it sends to tools nobody reads. */
const WORDS_PER_SECOND = 60;
const CALLS_PER_SECOND = 250;

export interface Roles {
  assistant(request: ParsedRequest): Reply;
  /** Undefined: the script knows no such session. */
  subagent(request: ParsedRequest): Reply | undefined;
  /** How long the assistant, and each subagent, ponders a step. */
  readonly ponderMs: { readonly assistant: number; readonly subagent: number };
}

export function paced({ assistant, subagent, ponderMs }: Roles): ScriptFunction {
  return (request) => {
    if (isAssistant(request)) {
      const reply = assistant(request);
      return {
        ...reply,
        chunk: 12,
        tokensPerSecond: reply.toolCalls ? CALLS_PER_SECOND : WORDS_PER_SECOND,
        delayMs: ponderMs.assistant,
      };
    }
    const reply = subagent(request);
    if (reply === undefined) throw new Error('the demo has no script for this session');
    return { ...reply, delayMs: ponderMs.subagent };
  };
}
