/**
 * What the simulator says in fault runs: work that follows from the request alone, so that an answer lost in a
 * crash is given again as it was. Owns the little language in which people order work.
 */
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply, ScriptedToolCall, ScriptFunction } from '../../src/simulator/script.ts';
import { ask, bash, firstWords, isMain, spawn, subagents } from '../e2e/cast.ts';

/** An order in a person's words, such as `do:spawn(m7,bash+nest)`. */
export type Order =
  | { readonly do: 'spawn'; readonly token: string; readonly plan: string }
  | { readonly do: 'bash'; readonly token: string }
  | { readonly do: 'steer' | 'kill'; readonly token: string };

export function wordsOf(order: Order): string {
  return `do:${order.do}(${order.token}${order.do === 'spawn' ? `,${order.plan}` : ''})`;
}

/** The task of the subagent that a token stands for. No two spawns have the same. */
export function taskOf(token: string, plan: string): string {
  return `work ${token} by ${plan}`;
}

export function labelOf(token: string): string {
  return `w-${token}`;
}

/** @param page what is read where nothing can be run */
export function playAt(page: () => string): ScriptFunction {
  return (request) => {
    const reply = isMain(request) ? mainReply(request, page()) : workerReply(request, page());
    const fate = fateOf(request);
    return {
      ...reply,
      delayMs: fate % 25,
      chunk: 5,
      ...(fate % 3 === 0 ? { tokensPerSecond: 400 } : {}),
      ...(fate % 17 === 0 ? { thinking: 'Let me see.' } : {}),
    };
  };
}

/** A command, or where there are no processes, a page. */
function work(request: ParsedRequest, command: string, page: string): ScriptedToolCall {
  return request.toolNames.includes('bash') ? bash(command) : { name: 'web_fetch', input: { url: page } };
}

function mainReply(request: ParsedRequest, page: string): Reply {
  const orders = [...request.lastUserText.matchAll(/\bdo:(\w+)\(([\w-]+)(?:,([\w+]+))?\)/g)];
  const toolCalls = orders.map(([, what, token = '', plan = '']): ScriptedToolCall => {
    switch (what) {
      case 'spawn':
        return spawn(taskOf(token, plan), { label: labelOf(token) });
      case 'steer':
        return subagents('steer', { target: labelOf(token), message: `Mind ${token}.` });
      case 'kill':
        return subagents('kill', { target: labelOf(token) });
      default:
        return work(request, `sleep 0.03; echo ${token}`, page);
    }
  });
  if (toolCalls.length > 0) return { text: 'At once.', toolCalls };
  const onlyNews = request.toolResults.length === 0 && request.lastUserText.startsWith('<subagent-');
  if (onlyNews && fateOf(request) % 2 === 0) return { toolCalls: [{ name: 'stay_silent', input: {} }] };
  return { text: `Heard ${request.answers}.` };
}

function workerReply(request: ParsedRequest, page: string): Reply {
  const [, token = 'nobody', plan = ''] = /work ([\w-]+) by ([\w+]+)/.exec(firstWords(request)) ?? [];
  switch (plan.split('+')[request.answers]) {
    case 'bash':
      return { toolCalls: [work(request, `sleep 0.0${fateOf(request) % 9}; echo ${token}`, page)] };
    case 'stray':
      return {
        toolCalls: [
          work(request, `(setsid setsid sleep 60 >/dev/null 2>&1 &); sleep 0.05; echo ${token}`, page),
        ],
      };
    case 'nest':
      return request.toolNames.includes('sessions_spawn')
        ? { toolCalls: [spawn(taskOf(`${token}-n`, 'bash'), { label: labelOf(`${token}-n`) })] }
        : { toolCalls: [work(request, `echo ${token}`, page)] };
    case 'ask':
      return { toolCalls: [ask(`Which way, ${token}?`)] };
    case 'report':
      return { text: 'So far so good.', toolCalls: [{ name: 'report', input: { progress: token } }] };
    default:
      return { text: `The result of ${token}, step ${request.answers}.` };
  }
}

/** A number that follows from what the model is asked. */
function fateOf(request: ParsedRequest): number {
  let sum = request.messages.length;
  for (const char of request.lastUserText.slice(-40)) sum = (sum * 31 + char.charCodeAt(0)) % 65_521;
  return sum;
}
