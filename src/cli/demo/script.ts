/** The whole script that plays the model in the demo, at a pace that can be read. */
import type { ScriptFunction } from '../../simulator/script.ts';
import { assistantReply, isAssistant } from './assistant.ts';
import { workerOf, workerReply } from './workers.ts';

/** Tokens a second of the assistant's words: about as fast as one reads. What it sends to tools nobody reads. */
const WORDS_PER_SECOND = 60;
const CALLS_PER_SECOND = 250;
const ASSISTANT_DELAY_MS = 250;
/** How long a subagent ponders each step. */
const WORKER_DELAY_MS = 600;

export const demoScript: ScriptFunction = (request) => {
  if (isAssistant(request)) {
    const reply = assistantReply(request);
    return {
      ...reply,
      chunk: 12,
      tokensPerSecond: reply.toolCalls ? CALLS_PER_SECOND : WORDS_PER_SECOND,
      delayMs: ASSISTANT_DELAY_MS,
    };
  }
  const label = workerOf(request);
  if (label === undefined) throw new Error('the demo has no script for this session');
  return { ...workerReply(label, request), delayMs: WORKER_DELAY_MS };
};
