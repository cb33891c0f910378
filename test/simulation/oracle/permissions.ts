/**
 * Permissions: what must be allowed starts only once it is, and what was denied, withdrawn or is forbidden never
 * does; nothing else waits. People are told of whatever is asked for, and of whatever was tried and is forbidden.
 */
import type { CallFact } from '../../../src/core/call-fact.ts';
import { openRequests } from '../../../src/core/session.ts';
import { judgeCall } from '../life.ts';
import { type Chronicle, commitAt, type History } from './chronicle.ts';
import { trustOf } from './trust.ts';

/** So many things one step may ask for at a time. */
const MOST_OPEN = 4;

export function judgePermissions(chronicle: Chronicle): string[] {
  const found: string[] = [...runs(chronicle), ...told(chronicle)];
  for (const history of chronicle.sessions.values()) {
    found.push(...asked(chronicle, history), ...starts(history));
  }
  return found;
}

/** What must be asked for, by the rules and the trust of that moment; and nothing else. */
function asked(chronicle: Chronicle, history: History): string[] {
  const { name, log, end, states } = history;
  const levels = trustOf(chronicle, history);
  const found: string[] = [];
  log.forEach(({ event, seq }, index) => {
    const say = (what: string): void => void found.push(`${name} ${seq}: ${what}`);
    const state = states[index];
    if (state && openRequests(state).length > MOST_OPEN) say(`asks ${openRequests(state).length} things`);
    if (event.type !== 'step.answered') return;
    const level = levels[index - 1] ?? 'plan';
    for (const { id, name: tool, mode, readOnly, input = {}, permission } of event.calls) {
      if (mode !== 'work') continue;
      if (level === 'plan' && !readOnly) say(`${id} works, and its plan is not approved`);
      if (end.spec?.role === 'reviewer' && !readOnly) say(`${id} works, and a reviewer only looks`);
      const verdict = judgeCall({ name: tool, input, readOnly }, level);
      if (verdict.is === 'deny') say(`${id} works, and is forbidden`);
      if ((verdict.is === 'ask') !== (permission !== undefined))
        say(`${id} must${permission ? ' not' : ''} be asked for`);
      if (verdict.is === 'ask' && verdict.person !== (permission?.person ?? false))
        say(`${id} is ${verdict.person ? '' : 'not '}a person's to allow`);
    }
  });
  return found;
}

/** In the log: a call that must be allowed starts after it was, and never after it was not. */
function starts({ name, log }: History): string[] {
  const found: string[] = [];
  const facts = new Map<string, CallFact>();
  const answers = new Map<string, 'allowed' | 'denied' | 'withdrawn'>();
  for (const { event, seq } of log) {
    if (event.type === 'step.answered') {
      event.calls.forEach((call, index) => void facts.set(`${event.step}.${index}`, call));
    }
    if (event.type === 'input.answered' && event.request.kind === 'permission') {
      answers.set(event.call, event.decision === 'allow' ? 'allowed' : 'denied');
    }
    if (event.type === 'input.withdrawn') answers.set(event.call, 'withdrawn');
    if (event.type !== 'tool.started' || !facts.get(event.call)?.permission) continue;
    const answer = answers.get(event.call);
    if (answer !== 'allowed')
      found.push(`${name} ${seq}: ${event.call} started, and was ${answer ?? 'not allowed'}`);
  }
  return found;
}

/** Outside: nothing starts that the durable log had not started, or had finished; nor before it was allowed. */
function runs({ world, sessions }: Chronicle): string[] {
  const calls = new Map<string, { started?: number; allowed?: number; finished?: number; asks: boolean }>();
  for (const history of sessions.values()) {
    const ids = new Map<string, string>();
    history.log.forEach(({ event }, index) => {
      if (event.type === 'step.answered') {
        event.calls.forEach((call, at) => {
          ids.set(`${event.step}.${at}`, call.id);
          calls.set(call.id, { asks: call.permission !== undefined });
        });
      }
      if (!('call' in event)) return;
      const known = calls.get(ids.get(event.call) ?? '');
      if (!known) return;
      const { transaction } = commitAt(history, index);
      if (event.type === 'tool.started') known.started = transaction;
      if (event.type === 'tool.finished') known.finished = transaction;
      if (event.type === 'input.answered' && event.decision === 'allow') known.allowed = transaction;
    });
  }
  return world.started.flatMap(({ worker, call, at }) => {
    const { started, allowed, finished, asks } = calls.get(call.id) ?? { asks: false };
    const later = (then: number | undefined): boolean => then === undefined || then > at;
    const found: string[] = [];
    const say = (what: string): void => void found.push(`${worker.path || 'main'} ran ${call.id}, ${what}`);
    if (later(started)) say('which had not started');
    if (!later(finished)) say('which was over');
    if (asks && later(allowed)) say('which nobody had allowed');
    return found;
  });
}

const FORBIDDEN = 'Not run, and nobody can allow it here';

/** Each request, and each try of what is forbidden, is told to people once, wherever in the tree it is made. */
function told({ sessions, main }: Chronicle): string[] {
  const notices = (main?.log ?? []).flatMap(({ event }) => (event.type === 'notice' ? [event.text] : []));
  const found: string[] = [];
  const tries = new Map<string, number>();
  for (const { name, log } of sessions.values()) {
    const who = name === 'main' ? 'The assistant' : name;
    for (const { event, seq } of log) {
      if (event.type === 'input.requested') {
        const { id } = event.request;
        const times = notices.filter((text) => text.includes(`(request ${id})`)).length;
        if (times !== 1) found.push(`${name} ${seq}: people were told ${times} times of ${id}`);
      }
      if (event.type === 'tool.finished' && String(event.block.content).startsWith(FORBIDDEN)) {
        tries.set(who, (tries.get(who) ?? 0) + 1);
      }
    }
  }
  for (const [who, due] of tries) {
    const times = notices.filter((text) =>
      text.startsWith(`${who} tried what the rules don't allow:`),
    ).length;
    if (times !== due) found.push(`${who} tried ${due} forbidden things, and people were told of ${times}`);
  }
  return found;
}
