/**
 * What the outside does in a simulated world: how the model answers, how tools and workspaces come out. A
 * schedule draws it, a scenario fixes it; the world only carries it out.
 */
import type { ModelRequest, RefusalKind, ToolCall, TransientKind, Worker } from '../../src/core/ports.ts';

/** A block that the model is to stream. */
export type PlannedBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thinking' }
  /** A tool of the API's own, left open: what a paused answer ends with. */
  | { readonly kind: 'server' }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly input: ToolCall['input'];
      /** The answer ends in its middle: `reads` leaves JSON that can be read all the same. */
      readonly cut?: 'broken' | 'reads';
    };

export type ModelPlan =
  | {
      readonly kind: 'answer';
      readonly blocks: readonly PlannedBlock[];
      readonly stop:
        | 'end_turn'
        | 'tool_use'
        | 'max_tokens'
        | 'pause_turn'
        | 'refusal'
        | 'model_context_window_exceeded';
    }
  /** The stream breaks off in its middle. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'again'; readonly why: TransientKind; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly why: RefusalKind; readonly status: number };

export interface ToolPlan {
  readonly ok: boolean;
  readonly text: string;
}

/** Who asks the model: `main`, or the task that a subagent was given. */
export interface Asked {
  readonly who: string;
  readonly request: ModelRequest;
}

/** What an answer uses, each from 0 to 1: how much of the prompt is read from the cache, how long the answer is. */
export interface UsePlan {
  readonly cached: number;
  readonly length: number;
}

export interface Script {
  answer(asked: Asked): ModelPlan;
  uses(): UsePlan;
  run(worker: Worker, call: ToolCall): ToolPlan;
  /** What a command comes to that tells whether work is done. */
  check(worker: Worker, command: string): ToolPlan;
  open(worker: Worker): 'ready' | 'failed';
  close(worker: Worker): 'closed' | 'failed';
  /** How often a process that a call starts withstands being killed. */
  stubborn(worker: Worker): number;
  /** Whether the end of an aborted call takes its time. */
  slowEnd(): boolean;
}

/** Everything goes well and briefly: in such a world everything comes to rest. */
export const calm: Script = {
  answer: ({ who }) => ({
    kind: 'answer',
    blocks: [{ kind: 'text', text: `${who} is done.` }],
    stop: 'end_turn',
  }),
  uses: () => ({ cached: 0.5, length: 0 }),
  run: () => ({ ok: true, text: 'fine' }),
  check: () => ({ ok: true, text: 'fine' }),
  open: () => 'ready',
  close: () => 'closed',
  stubborn: () => 0,
  slowEnd: () => false,
};
