/**
 * The built-in conversation: a small rule-based assistant that spawns, steers, lists and kills on plain
 * request, so that the gateway can be tried without a key. Every reply says that no model is behind it.
 */
import { assistantReply } from './persona/assistant.ts';
import { subagentReply } from './persona/subagent.ts';
import type { ScriptFunction } from './script.ts';

/** Every reply of the persona begins with this. */
export const simulatorMark = '[simulator]';

export interface PersonaOptions {
  /** Pace of its words; 80 by default, about as fast as one reads. `null`: all at once. */
  readonly tokensPerSecond?: number | null;
  /** Milliseconds that a subagent ponders each step; 700 by default. */
  readonly stepDelayMs?: number;
}

/** The persona as a script. It keeps nothing between requests: all it knows is in the transcript. */
export function createPersona(options: PersonaOptions = {}): ScriptFunction {
  const pace = options.tokensPerSecond === undefined ? 80 : options.tokensPerSecond;
  const stepDelayMs = options.stepDelayMs ?? 700;
  return (request) => {
    // Only subagents report; only main sessions may stay silent.
    const isSubagent = request.toolNames.includes('report') && !request.toolNames.includes('stay_silent');
    const said = isSubagent ? subagentReply(request) : assistantReply(request);
    return {
      ...said,
      text: `${simulatorMark} ${said.text}`,
      chunk: 12,
      ...(pace === null ? {} : { tokensPerSecond: pace }),
      ...(isSubagent ? { delayMs: stepDelayMs } : {}),
    };
  };
}
