/**
 * Scripts as a cast: each session plays the part whose name stands in its first message, line by line. What it
 * says depends on the request alone, so an answer that was lost in a crash is given again as it was.
 */
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply, ScriptFunction } from '../../src/simulator/script.ts';

type Line = Reply | ((request: ParsedRequest) => Reply | Promise<Reply>);
/** One line for all requests, or one for each answer; behind the last one it goes on with that. */
export type Part = Line | readonly Line[];

/**
 * `main`: people's sessions. Any other key: subagents whose first message holds it; the first that fits plays.
 */
export function cast(parts: {
  readonly main?: Part;
  readonly [words: string]: Part | undefined;
}): ScriptFunction {
  return async (request) => {
    const name = partOf(request, Object.keys(parts));
    const part = name === undefined ? undefined : parts[name];
    if (part === undefined) return { text: `[simulator] Nobody plays: ${firstWords(request).slice(0, 200)}` };
    const line = isLines(part) ? (part[request.answers] ?? part[part.length - 1] ?? {}) : part;
    return typeof line === 'function' ? line(request) : line;
  };
}

function isLines(part: Part): part is readonly Line[] {
  return Array.isArray(part);
}

function partOf(request: ParsedRequest, names: readonly string[]): string | undefined {
  if (isMain(request)) return 'main';
  const words = firstWords(request);
  return names.find((name) => name !== 'main' && words.includes(name));
}

export function isMain(request: ParsedRequest): boolean {
  return request.toolNames.includes('stay_silent');
}

/** The text of all messages before the first answer. */
export function firstWords(request: ParsedRequest): string {
  const texts: string[] = [];
  for (const { role, blocks } of request.messages) {
    if (role === 'assistant') break;
    for (const block of blocks) if (typeof block.text === 'string') texts.push(block.text);
  }
  return texts.join('\n');
}

/** The text of a request's results of one tool. */
export function resultOf(request: ParsedRequest | undefined, tool: string): string {
  return (request?.toolResults ?? [])
    .filter((result) => result.name === tool)
    .map((result) => result.text)
    .join('\n');
}

/** A call of `sessions_spawn`. */
export function spawn(task: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name: 'sessions_spawn', input: { task, ...more } };
}

export function bash(command: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name: 'bash', input: { command, ...more } };
}

export function subagents(action: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name: 'subagents', input: { action, ...more } };
}

/** A call of `report` that asks. */
export function ask(question: string) {
  return { name: 'report', input: { question } };
}
