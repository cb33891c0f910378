/**
 * Decides what is asked of a plan: which tasks it then has, which subagents are spawned, told or killed for that. All
 * of it in one commit, or nothing. When a subagent begins, and when it is tried again, is no business of the plan.
 */
import type { Card } from './card.ts';
import type { Refusal, SpawnRequest } from './commands.ts';
import * as delegation from './delegation.ts';
import { type Draft, draft } from './draft.ts';
import { head } from './fence.ts';
import { type PlanChange, type PlannedTask, standings, type TaskChange } from './plan.ts';
import { faultOf, inOrder } from './plan-order.ts';
import { plural } from './plural.ts';
import * as policy from './policy.ts';
import type { Session } from './session.ts';
import * as subagents from './subagents.ts';

/** Tasks that one plan may have. */
export const MAX_TASKS = 100;
const TITLE_CHARS = 120;

/** A subagent that was spawned for a task. */
export interface PlannedSpawn {
  readonly task: string;
  readonly label: string;
  readonly id: string;
  readonly state: 'running' | 'queued' | 'blocked';
}

/** A plan as it is to be, and what must happen for it. */
interface Intended {
  readonly mainTask: string;
  readonly since: number;
  readonly tasks: readonly PlannedTask[];
  /** By task. */
  readonly spawns: ReadonlyMap<string, SpawnRequest>;
  /** What subagents that haven't begun are told of their changed tasks, by task. */
  readonly words: ReadonlyMap<string, string>;
  /** Subagents whose tasks are dropped. */
  readonly ends: readonly Card[];
}

/** Carries out what is asked of the plan; `call` names it, so that the subagents' ids follow from it. */
export function carryOut(d: Draft, call: string, change: PlanChange): PlannedSpawn[] | Refusal {
  // Tried first on a draft that nobody keeps: what is refused at the last subagent has made none.
  const tried = perform(draft(d.state, d.context), call, change);
  return 'message' in tried ? tried : perform(d, call, change);
}

/** What it would spawn, were it carried out now; nothing if it is refused. */
export function spawnsOf(d: Draft, call: string, change: PlanChange): SpawnRequest[] {
  if ('message' in perform(draft(d.state, d.context), call, change)) return [];
  const intended = intend(d, change);
  return 'message' in intended ? [] : [...intended.spawns.values()];
}

function perform(d: Draft, call: string, change: PlanChange): PlannedSpawn[] | Refusal {
  const intended = intend(d, change);
  if ('message' in intended) return intended;
  const refusal = beyondTheDay(d, intended.spawns.size);
  if (refusal) return refusal;
  delegation.kill(d, intended.ends, 'parent');
  const told = tell(d, intended);
  if (told) return told;
  const spawned = spawnAll(d, call, intended);
  if ('message' in spawned) return spawned;
  const { mainTask, since } = intended;
  const ids = new Map(spawned.map(({ task, id }) => [task, id]));
  const tasks = intended.tasks.map((task) => {
    const subagent = ids.get(task.id);
    return { ...task, ...(subagent === undefined ? {} : { subagent }) };
  });
  d.add({ type: 'plan.set', plan: { mainTask, since, tasks } });
  return spawned;
}

function beyondTheDay({ state, context }: Draft, needed: number): Refusal | undefined {
  const left = Math.max(0, policy.spawnsLeft(state, context.rules, context.at));
  if (needed === 0 || needed <= left) return undefined;
  return {
    kind: 'limit',
    message: `it needs ${plural(needed, 'subagent')}, and ${left === 1 ? '1 spawn is' : `${left} spawns are`} left today: plan fewer tasks, or steer subagents that are there`,
  };
}

function tell(d: Draft, { tasks, words }: Intended): Refusal | undefined {
  for (const task of tasks) {
    const text = words.get(task.id);
    const card = cardFor(d.state, task);
    if (text === undefined || !card) continue;
    const steer = delegation.steer(d, card, { text, interrupt: false, by: 'parent' });
    if (typeof steer !== 'string') return steer;
  }
  return undefined;
}

/** Those that are waited for come first, so that each names subagents that there are. */
function spawnAll(d: Draft, call: string, { tasks, spawns }: Intended): PlannedSpawn[] | Refusal {
  const made = new Map<string, Card>();
  const spawned: PlannedSpawn[] = [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const [index, task] of inOrder(tasks).entries()) {
    const request = spawns.get(task.id);
    if (!request) continue;
    const after = task.after.flatMap((id) => {
      const before = byId.get(id);
      return made.get(id)?.id ?? (before && cardFor(d.state, before)?.id) ?? [];
    });
    const label = task.id.toLowerCase();
    const card = delegation.spawn(d, `${call}.${index}`, { ...request, label, after });
    if (policy.isRefusal(card)) return { ...card, message: `${task.id}: ${card.message}` };
    made.set(task.id, card);
    const state =
      card.status === 'blocked' ? 'blocked' : delegation.startsAtOnce(d, card) ? 'running' : 'queued';
    spawned.push({ task: task.id, label: card.label, id: card.id, state });
  }
  return spawned;
}

// ───────────────────────────────────────────────────────── what it is to be

function intend(d: Draft, change: PlanChange): Intended | Refusal {
  const intended = change.how === 'set' ? setAnew(d, change) : updated(d, change);
  if ('message' in intended) return intended;
  if (intended.tasks.length === 0) return invalid('a plan needs at least one task');
  if (intended.tasks.length > MAX_TASKS) return invalid(`a plan has ${MAX_TASKS} tasks at most`);
  const fault = faultOf(intended.tasks);
  if (fault !== undefined) return invalid(fault);
  return outOfReach(d.state, intended) ?? intended;
}

function setAnew({ state, context }: Draft, { mainTask, tasks, drop, kill }: PlanChange): Intended | Refusal {
  if (mainTask === undefined) return invalid('the main task is missing');
  if (drop.length > 0) return invalid('drop belongs to update: a plan that is set begins anew');
  const ends = liveOf(state, state.plan?.tasks ?? []);
  if (ends.length > 0 && !kill) return atWork(ends, 'change the plan with update');
  const fresh = tasks.map((task) => newTask(task));
  const wrong = fresh.find((one) => 'message' in one);
  if (wrong && 'message' in wrong) return wrong;
  return {
    mainTask,
    since: context.at,
    tasks: fresh.flatMap((one) => ('message' in one ? [] : [one])),
    spawns: requestsOf(tasks),
    words: new Map(),
    ends,
  };
}

function updated({ state, context }: Draft, change: PlanChange): Intended | Refusal {
  const { plan } = state;
  if (!plan) return invalid('there is no plan yet: make one with set');
  const ids = plan.tasks.map(({ id }) => id);
  const stranger = change.drop.find((id) => !ids.includes(id));
  if (stranger !== undefined)
    return invalid(`there is no task ${shown(stranger)} to drop; there is ${ids.join(', ')}`);
  const dropped = plan.tasks.filter(({ id }) => change.drop.includes(id));
  const ends = liveOf(state, dropped);
  const working = ends.filter(({ status }) => hasBegun(status));
  if (working.length > 0 && !change.kill) return atWork(working, 'leave what they do in the plan');
  const twice = change.tasks.map(({ id }) => id).find((id, at, all) => all.indexOf(id) !== at);
  if (twice !== undefined) return invalid(`the task ${shown(twice)} is named twice`);

  const tasks = plan.tasks.filter((task) => !dropped.includes(task));
  const added: TaskChange[] = [];
  const words = new Map<string, string>();
  for (const wish of change.tasks) {
    const at = tasks.findIndex(({ id }) => id === wish.id);
    const known = tasks[at];
    if (!known) {
      const fresh = newTask(wish);
      if ('message' in fresh) return fresh;
      tasks.push(fresh);
      added.push(wish);
      continue;
    }
    const next = changed(state, known, wish, context.at);
    if ('message' in next) return next;
    tasks[at] = next;
    if (wish.request) words.set(known.id, changedWords(wish.request.task));
  }
  return {
    mainTask: change.mainTask ?? plan.mainTask,
    since: plan.since,
    tasks,
    spawns: requestsOf(added),
    words,
    ends,
  };
}

function newTask({
  id,
  title,
  role = 'worker',
  after = [],
  request,
  completed,
}: TaskChange): PlannedTask | Refusal {
  if (completed) return invalid(`${shown(id)} is not in the plan, so it can't be completed`);
  if (role === 'manager') {
    if (request)
      return invalid(
        `${shown(id)} is your own (role manager): it has a title and after, and no subagent to be told of a task`,
      );
    if (title === undefined) return invalid(`${shown(id)} has no title`);
    return { id, title, role, after: [...after] };
  }
  if (!request)
    return invalid(`${shown(id)} is new and has no task: everything that its subagent needs to know`);
  return { id, title: title ?? firstLine(request.task), role, after: [...after] };
}

/** A task that is there, as it is to be. */
function changed(state: Session, known: PlannedTask, wish: TaskChange, at: number): PlannedTask | Refusal {
  const { id } = known;
  const title = wish.title ?? known.title;
  if (known.role === 'manager') {
    if (wish.request || (wish.role ?? 'manager') !== 'manager') {
      return invalid(`${id} is your own: only its title, after and status can be changed`);
    }
    if (known.completedAt !== undefined) return invalid(`${id} is completed already`);
    const next: PlannedTask = { ...known, title, after: [...(wish.after ?? known.after)] };
    return wish.completed ? completed(state, next, at) : next;
  }
  if (wish.completed) {
    return invalid(`${id} is its subagent's: whether it is completed is told by how that ends, not by you`);
  }
  const card = cardFor(state, known);
  if (!card || hasBegun(card.status) || card.attempt > 1) {
    return invalid(
      `${id} has begun (${card?.status ?? known.past?.status ?? 'gone'}) and can't be changed: steer its subagent, or drop the task and add another`,
    );
  }
  if (wish.after !== undefined || wish.equipped || (wish.role ?? known.role) !== known.role) {
    return invalid(
      `${id} has its subagent already, which waits: only its title and task can be changed. For more, drop it and add it again under another id`,
    );
  }
  return { ...known, title };
}

/** The session's own word, as far as what happened bears it out. */
function completed(state: Session, task: PlannedTask, at: number): PlannedTask | Refusal {
  const open = standings(state).filter(
    (one) => task.after.includes(one.task.id) && one.status !== 'COMPLETED',
  );
  if (open.length === 0) return { ...task, completedAt: at };
  const names = open.map((one) => `${one.task.id} (${one.status})`).join(', ');
  return invalid(`${task.id} can't be completed before ${names}: wait for it, or take it out of after`);
}

/** Nothing can be spawned to wait for what has no subagent, or for what will never be completed. */
function outOfReach(state: Session, { tasks, spawns }: Intended): Refusal | undefined {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    if (!spawns.has(task.id)) continue;
    for (const id of task.after) {
      const before = byId.get(id);
      if (!before || spawns.has(id)) continue;
      if (before.role === 'manager' && before.completedAt === undefined) {
        return invalid(`${task.id} waits for ${id}, which is your own: add it with update once that is done`);
      }
      const status = cardFor(state, before)?.status ?? before.past?.status;
      if (status && subagents.isEnded(status) && status !== 'completed') {
        return invalid(
          `${task.id} waits for ${id}, which has ended as ${status}: resume that with subagents steer, or take it out of after`,
        );
      }
    }
  }
  return undefined;
}

function liveOf({ tree }: Session, tasks: readonly PlannedTask[]): Card[] {
  const live = new Set(subagents.liveChildren(tree).map(({ id }) => id));
  return tasks.flatMap(({ subagent = '' }) => {
    const card = tree.cards[subagent];
    return card && live.has(card.id) ? [card] : [];
  });
}

function cardFor({ tree }: Session, { subagent }: PlannedTask): Card | undefined {
  return subagent === undefined ? undefined : tree.cards[subagent];
}

function hasBegun(status: Card['status']): boolean {
  return status !== 'blocked' && status !== 'queued';
}

function requestsOf(tasks: readonly TaskChange[]): Map<string, SpawnRequest> {
  return new Map(tasks.flatMap(({ id, request }) => (request ? [[id, request]] : [])));
}

function atWork(cards: readonly Card[], instead: string): Refusal {
  const names = cards.map(({ label, status }) => `${label} (${status})`).join(', ');
  return {
    kind: 'conflict',
    message: `${names} would be ended in the middle of it: say kill: true if that is wanted, or ${instead}`,
  };
}

function changedWords(task: string): string {
  return `Your task was changed before you began. This stands in the place of what you were told first:\n${task}`;
}

function firstLine(task: string): string {
  return head(task.trim().split('\n', 1)[0] ?? '', TITLE_CHARS).trim();
}

function shown(id: string): string {
  return head(id, 60);
}

function invalid(message: string): Refusal {
  return { kind: 'invalid', message };
}
