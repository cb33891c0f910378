/**
 * Plans: one that is refused has changed nothing, one that stands has a subagent for each task, which waits for what
 * the plan says; and what a person must allow first is not spawned before.
 */
import type { Recorded } from '../../../src/core/events.ts';
import type { Chronicle, History } from './chronicle.ts';

export function judgePlans({ sessions }: Chronicle): string[] {
  return [...sessions.values()].flatMap((history) => [
    ...refused(history),
    ...waits(history),
    ...held(history),
    ...kept(history),
  ]);
}

/** Between the start of a call that changes a plan and its end, if that is a refusal, nothing else happens. */
function refused({ name, log }: History): string[] {
  const changing = new Set<string>();
  return log.flatMap(({ event, seq }, index) => {
    if (event.type === 'step.answered') {
      event.calls.forEach((call, at) => {
        if (call.name === 'plan' && call.mode === 'session') changing.add(`${event.step}.${at}`);
      });
    }
    if (event.type !== 'tool.started' || !changing.has(event.call)) return [];
    const next = log[index + 1]?.event;
    const end = log.slice(index).find((one) => one.event.type === 'tool.finished')?.event;
    const failed = end?.type === 'tool.finished' && end.call === event.call && !end.ok;
    return failed && next !== end ? [`${name} ${seq}: a plan was refused after ${next?.type}`] : [];
  });
}

function waits({ name, log }: History): string[] {
  const spawned = new Map<string, readonly string[]>();
  const found: string[] = [];
  for (const { event, seq } of log) {
    if (event.type === 'subagent.spawned') spawned.set(event.spec.id, event.spec.after ?? []);
    if (event.type !== 'plan.set') continue;
    const byId = new Map(event.plan.tasks.map((task) => [task.id, task]));
    for (const { id, subagent, role, after } of event.plan.tasks) {
      const say = (what: string): void => void found.push(`${name} ${seq}: ${id} ${what}`);
      if ((subagent === undefined) !== (role === 'manager')) say('has the wrong one to work on it');
      if (subagent === undefined) continue;
      const waited = spawned.get(subagent);
      if (!waited) say('has a subagent that nobody spawned');
      const due = after.flatMap((one) => {
        const before = byId.get(one);
        if (!before) say(`waits for ${one}, which is no task`);
        return before?.subagent && !before.past ? [before.subagent] : [];
      });
      if (due.some((one) => !waited?.includes(one))) say('does not wait for all it should');
    }
  }
  return found;
}

/** What waits together begins together, behind a person's word; where some wait, none is spawned without. */
function held({ name, log }: History): string[] {
  const asking = new Map<string, string>();
  const unheld = new Set<string>();
  const allowed = new Set<string>();
  const found: string[] = [];
  let started = '';
  for (const { event, seq } of log) {
    if (event.type === 'step.answered') {
      const first = event.calls.findIndex((call) => call.held && call.permission);
      event.calls.forEach((call, index) => {
        const key = `${event.step}.${index}`;
        if (call.held) asking.set(key, `${event.step}.${first}`);
        else if (first >= 0 && call.mode === 'session') unheld.add(key);
      });
      found.push(...unasked(name, seq, event));
    }
    if (event.type === 'input.answered' && event.decision === 'allow') allowed.add(event.call);
    if (event.type === 'subagent.spawned' && unheld.has(started)) {
      found.push(`${name} ${seq}: ${started} spawned while others wait`);
    }
    if (event.type === 'tool.finished') started = '';
    if (event.type !== 'tool.started') continue;
    started = event.call;
    const asked = asking.get(event.call);
    if (asked !== undefined && !allowed.has(asked))
      found.push(`${name} ${seq}: ${event.call} was not allowed`);
  }
  return found;
}

function unasked(
  name: string,
  seq: number,
  { calls }: Extract<Recorded['event'], { type: 'step.answered' }>,
): string[] {
  const waiting = calls.filter((call) => call.held);
  const asks = waiting.filter((call) => call.permission);
  if (waiting.length === 0 || (asks.length === 1 && asks[0]?.permission?.person)) return [];
  return [`${name} ${seq}: ${waiting.length} spawns wait, and ${asks.length} ask`];
}

/** A plan outlives those who worked on it. */
function kept({ name, end: { plan, tree } }: History): string[] {
  return (plan?.tasks ?? []).flatMap(({ id, subagent, past }) =>
    subagent === undefined || past || tree.cards[subagent] ? [] : [`${name}: nobody knows how ${id} ended`],
  );
}
