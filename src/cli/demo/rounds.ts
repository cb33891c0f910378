/**
 * A subagent's script as a list of tool calls, made one after the other: which comes next follows from the results
 * in the transcript, so a crash changes nothing. Owns the reading of it; the lists are the acts' own.
 */
import { isFields, type ParsedRequest } from '../../simulator/request.ts';
import type { ScriptedToolCall } from '../../simulator/script.ts';

export interface Step {
  readonly call: ScriptedToolCall;
  /** What it is, for people: the demo's own words, since it knows its script. */
  readonly shown: string;
  /** What came of it, by how it ended; a call that succeeds needs no words. */
  readonly ok?: string;
  readonly failed?: string;
  /** It takes so long that its start is news, too. */
  readonly long?: boolean;
  /** Held until the demo opens it. */
  readonly gate?: string;
}

/** What people are to see of a step. */
export type Shown = Pick<Step, 'shown' | 'ok' | 'failed' | 'long'>;

export function bash(command: string): ScriptedToolCall {
  return { name: 'bash', input: { command } };
}

/** Commits all that there is; prints the commit's subject. */
export function commit(subject: string): ScriptedToolCall {
  return bash(`git add -A && git commit -q -m "${subject}" && git log -1 --format=%s`);
}

/** Whether a request is of the session that was given this task: it stands before the session's first answer. */
export function hasTask(request: ParsedRequest, task: string): boolean {
  const answer = request.messages.findIndex(({ role }) => role === 'assistant');
  const first = answer < 0 ? request.messages : request.messages.slice(0, answer);
  // What is checked in the end may stand behind it.
  return first.some(({ blocks }) => blocks.some(({ text }) => `${text}\n`.startsWith(`${task}\n`)));
}

/** The texts that the session's model was sent, block by block; results of tools are not among them. */
export function textsSent(request: ParsedRequest): string[] {
  return request.messages.flatMap((message) =>
    message.role === 'user'
      ? message.blocks.flatMap((block) => (typeof block.text === 'string' ? [block.text] : []))
      : [],
  );
}

/** The first step whose call has no result yet. */
export function nextStep(steps: readonly Step[], request: ParsedRequest): Step | undefined {
  const made = callsWithResult(request);
  return steps.find(({ call }) => !made.has(nameOf(call)));
}

/** Whether a call succeeded; undefined while it has no result. */
export function succeeded(call: ScriptedToolCall, request: ParsedRequest): boolean | undefined {
  return callsWithResult(request).get(nameOf(call));
}

/** What people are to see of a call, by the line that the feed has for it; undefined if no step has such a call. */
export function shownOf(steps: readonly Step[], name: string, summary: string): Shown | undefined {
  const told = summary.slice(name.length + 2);
  return steps.find(({ call }) => {
    const { command, path, pattern } = call.input ?? {};
    const about = String(command ?? pattern ?? path ?? '');
    return call.name === name && told !== '' && about.startsWith(told);
  });
}

/** The calls that have a result, and whether they succeeded. One that a crash cut is followed by a look, not a repeat. */
function callsWithResult(request: ParsedRequest): ReadonlyMap<string, boolean> {
  const blocks = request.messages.flatMap((message) => message.blocks);
  const ended = new Map(
    blocks.flatMap((block) =>
      block.type === 'tool_result' ? [[block.tool_use_id, block.is_error !== true] as const] : [],
    ),
  );
  return new Map(
    blocks.flatMap((block) => {
      const ok = block.type === 'tool_use' ? ended.get(block.id) : undefined;
      if (ok === undefined) return [];
      const name = nameOf({ name: String(block.name), input: isFields(block.input) ? block.input : {} });
      return [[name, ok] as const];
    }),
  );
}

/** A call by what it is about: the contents of a file that is written may depend on what came in meanwhile. */
function nameOf({
  name,
  input = {},
}: {
  readonly name: string;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}): string {
  const { command, pattern, path, old_text } = input;
  return [name, command, pattern, path, old_text].filter((part) => part !== undefined).join(' ');
}
