/**
 * What the markers of an answer mean: calls of the tools that there are for it, and words for people. Owns how many of
 * one answer are acted upon. Acts on none.
 */
import type { IntendedCall, Intent } from '../core/commands.ts';
import { head } from '../core/fence.ts';
import { wordsDigest } from '../core/ids.ts';
import type { ToolCall } from '../core/ports.ts';
import type { Marker, MarkerName } from './grammar.ts';
import { type Order, readOrder } from './project.ts';
import type { Read } from './reader.ts';

/** Calls that one answer may make with markers. */
export const MOST_CALLS = 50;
/** Steps in a row, of one turn, that may go on by markers alone. */
export const MOST_CONTINUES = 50;
/** Characters of what an answer tells people by signals. */
const TOLD_CHARS = 2_000;

export interface MeaningPorts {
  readonly repositories: readonly string[];
  /** What a call of a tool means for the session that speaks. */
  readonly intend: (call: ToolCall) => Pick<IntendedCall, 'summary' | 'intent'>;
  /** Steps in a row that went on by markers alone. */
  readonly continued: number;
}

export interface Meaning {
  readonly calls: readonly IntendedCall[];
  /** What people are told. */
  readonly told?: string;
}

const CUT =
  'your answer was cut off within a marker, which was neither shown nor acted upon: write it again as a whole';

type Meant = Omit<IntendedCall, 'id'>;

export function meaningOf({ markers, more, cut }: Omit<Read, 'shown'>, ports: MeaningPorts): Meaning {
  const calls: Meant[] = [];
  const told: string[] = [];
  const complete = markers.some(({ name }) => name === 'TASK_COMPLETE');
  let left = more;
  let next: Marker | undefined;
  let status: Marker | undefined;
  for (const marker of markers) {
    switch (marker.name) {
      case 'CREATE_SESSION':
      case 'CREATE_REVIEWER':
      case 'TASK FOR WORKER':
      case 'STOP_SESSION':
        if (calls.length < MOST_CALLS) calls.push(actionOf(marker.name, marker, ports));
        else left += 1;
        break;
      // Said twice in one answer, they mean no more than said once.
      case 'SESSION_STATUS':
        status = marker;
        break;
      case 'CONTINUE':
        next = marker;
        break;
      case 'WORKER_ASSIGNED':
      case 'WORKER_COMPLETED':
      case 'WORKER_FAILED':
      case 'SUBTASK_COMPLETE':
      case 'MILESTONE_COMPLETE':
      case 'ALL_WORKERS_COMPLETE':
      case 'TASK_COMPLETE':
        told.push(signalWords(marker));
        break;
    }
  }
  if (status) calls.push(statusOf(status, ports));
  if (left > 0) calls.push(tooMany(left));
  if (cut) calls.push(failed('sessions_spawn', 'CREATE_SESSION', CUT));
  if (next && !complete) {
    if (ports.continued < MOST_CONTINUES) calls.push(goOn(next));
    else
      told.push(`it wants to go on (${next.words}), but did so ${MOST_CONTINUES} times in a row and rests`);
  }
  const words = head(told.join('; '), TOLD_CHARS);
  return {
    calls: calls.map((call, at) => ({ ...call, id: `spoken_${at}` })),
    ...(words === '' ? {} : { told: words }),
  };
}

/** `WORKER_FAILED` with `api - no tests`: "worker failed: api - no tests". */
function signalWords({ name, words }: Marker): string {
  const said = name.toLowerCase().replaceAll('_', ' ');
  return words === '' ? said : `${said}: ${words}`;
}

type Action = 'CREATE_SESSION' | 'CREATE_REVIEWER' | 'TASK FOR WORKER' | 'STOP_SESSION';

function actionOf(spoken: Action, marker: Marker, ports: MeaningPorts): Meant {
  if (spoken === 'STOP_SESSION') {
    return called(spoken, 'subagents', { action: 'kill', target: marker.words }, ports);
  }
  const order = orderOf(marker, ports.repositories);
  if (!order.ok) {
    const input = { task: marker.words };
    return { ...failed('sessions_spawn', spoken, `Not spawned: ${order.error}.`), input };
  }
  const { task, repo, label } = order.order;
  const role = spoken === 'CREATE_REVIEWER' ? 'reviewer' : 'worker';
  const input = {
    task,
    role,
    ...(repo === undefined ? {} : { repo }),
    ...(label === undefined ? {} : { label }),
  };
  if (task === '') {
    const form = spoken === 'TASK FOR WORKER' ? 'the lines behind it' : `[${spoken}: project what to do]`;
    return { ...failed('sessions_spawn', spoken, `Not spawned: it must say what to do (${form}).`), input };
  }
  const call = called(spoken, 'sessions_spawn', input, ports);
  if (call.intent.do !== 'spawn') return call;
  const once = wordsDigest(JSON.stringify([role, repo ?? '', task]));
  return { ...call, intent: { ...call.intent, request: { ...call.intent.request, once } } };
}

function orderOf({ words, task }: Marker, repositories: readonly string[]): Order {
  if (task === undefined) return readOrder(words, repositories);
  if (words === '') return { ok: true, order: { task } };
  const order = readOrder(words, repositories);
  if (!order.ok || order.order.task === '') return order.ok ? withTask(order, task) : order;
  const there = repositories.length === 0 ? 'there is none' : `there is ${repositories.join(', ')}`;
  return { ok: false, error: `a project alone stands behind TASK FOR WORKER; ${there}` };
}

function withTask({ order }: Extract<Order, { ok: true }>, task: string): Order {
  return { ok: true, order: { ...order, task } };
}

function called(spoken: MarkerName, name: string, input: ToolCall['input'], { intend }: MeaningPorts): Meant {
  return { name, input, spoken, ...intend({ id: spoken, name, input }) };
}

/** It reads what the tool's `list` reads, in a form for programs. */
function statusOf({ name: spoken }: Marker, ports: MeaningPorts): Meant {
  const call = called(spoken, 'subagents', { action: 'list' }, ports);
  return { ...call, input: { action: 'list', form: 'json' } };
}

function goOn({ words }: Marker): Meant {
  const next = words === '' ? 'goes on' : words;
  const intent: Intent = { do: 'progress', text: next };
  return {
    name: 'report',
    input: { progress: next },
    summary: `report: ${head(next, 160)}`,
    spoken: 'CONTINUE',
    intent,
  };
}

function tooMany(more: number): Meant {
  const text = `one answer may hold ${MOST_CALLS} markers that act; those before were acted upon, the ${more} others were not`;
  return failed('sessions_spawn', 'CREATE_SESSION', text);
}

function failed(name: string, spoken: Action, text: string): Meant {
  return { name, input: {}, summary: `${name}: ${spoken}`, spoken, intent: { do: 'error', text } };
}
