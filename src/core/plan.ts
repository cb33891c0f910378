/**
 * A session's plan: what is to be done, by which subagent, and after what. Owns its shape and how far each task is,
 * which is read off the subagents' cards and never stored. Decides nothing; `planning.ts` does.
 */
import { z } from 'zod';
import { type Card, endedSchema } from './card.ts';
import type { SpawnRequest } from './commands.ts';
import type { Session } from './session.ts';
import type { AttemptEnding } from './subagents.ts';

/** `manager`: the session's own task, which no subagent works on. */
export const planRoles = ['worker', 'reviewer', 'manager'] as const;
export type PlanRole = (typeof planRoles)[number];

const plannedTaskSchema = z.object({
  id: z.string(),
  title: z.string(),
  role: z.enum(planRoles),
  /** Ids of the tasks that must be completed before. */
  after: z.array(z.string()),
  /** Who works on it; absent: the session itself. */
  subagent: z.string().optional(),
  /** Only of the session's own: when it said so, wall clock in milliseconds. */
  completedAt: z.number().optional(),
  /** How its subagent ended, once that is forgotten. */
  past: z.object({ status: endedSchema, endedAt: z.number().optional() }).optional(),
});
export type PlannedTask = z.infer<typeof plannedTaskSchema>;

export const planSchema = z.object({
  mainTask: z.string(),
  /** When it was set, wall clock in milliseconds. */
  since: z.number(),
  tasks: z.array(plannedTaskSchema),
});
export type Plan = z.infer<typeof planSchema>;

/** What is asked of a plan. All of it is done, or none. */
export interface PlanChange {
  /** `set`: a new plan in the place of what there is; `update`: some of it. */
  readonly how: 'set' | 'update';
  readonly mainTask?: string;
  readonly tasks: readonly TaskChange[];
  /** Ids of tasks that are no longer wanted. */
  readonly drop: readonly string[];
  /** Whether subagents at work on what is dropped are to be killed. */
  readonly kill: boolean;
}

/** A new task, or what is to change of one that is there. */
export interface TaskChange {
  readonly id: string;
  readonly title?: string;
  readonly role?: PlanRole;
  readonly after?: readonly string[];
  /** How a subagent is spawned for it; never for `manager`. */
  readonly request?: SpawnRequest;
  /** Whether anything of the request but its task was asked for. */
  readonly equipped: boolean;
  /** The session has done its own task. */
  readonly completed: boolean;
}

export const taskStatuses = ['PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export interface TaskStanding {
  readonly task: PlannedTask;
  readonly status: TaskStatus;
  readonly card?: Card;
  /** How earlier attempts of its subagent ended, oldest first. */
  readonly earlier: readonly AttemptEnding[];
  /** Ids of the tasks that it waits for, with their status. */
  readonly waitsFor: readonly { readonly id: string; readonly status: TaskStatus }[];
}

/** How far each task is, by what happened. */
export function standings({ plan, tree }: Pick<Session, 'plan' | 'tree'>): TaskStanding[] {
  if (!plan) return [];
  const byId = new Map(plan.tasks.map((task) => [task.id, task]));
  const known = new Map<string, TaskStatus>();
  const missing = ({ after }: PlannedTask) =>
    after
      .map((id) => ({ id, status: statusOf(byId.get(id)) }))
      .filter(({ status }) => status !== 'COMPLETED');
  function statusOf(task: PlannedTask | undefined): TaskStatus {
    // What was waited for and is no longer in the plan is waited for no more.
    if (!task) return 'COMPLETED';
    const before = known.get(task.id);
    if (before) return before;
    const card = cardOf(task);
    const ended = card?.status ?? task.past?.status;
    const status = ended ? taskStatus(ended) : ownStatus(task);
    known.set(task.id, status);
    return status;
  }
  function ownStatus(task: PlannedTask): TaskStatus {
    if (task.completedAt !== undefined) return 'COMPLETED';
    return missing(task).length > 0 ? 'PENDING' : 'IN_PROGRESS';
  }
  function cardOf({ subagent }: PlannedTask): Card | undefined {
    return subagent === undefined ? undefined : tree.cards[subagent];
  }
  return plan.tasks.map((task) => {
    const status = statusOf(task);
    const card = cardOf(task);
    const endings = card ? (tree.children[card.id]?.endings ?? []) : [];
    return {
      task,
      status,
      ...(card ? { card } : {}),
      earlier: endings.filter(({ attempt }) => attempt < (card?.attempt ?? 0)),
      waitsFor: status === 'PENDING' ? missing(task) : [],
    };
  });
}

/** What a subagent's status makes of its task. */
export function taskStatus(status: Card['status']): TaskStatus {
  switch (status) {
    case 'blocked':
    case 'queued':
      return 'PENDING';
    case 'running':
    case 'waiting':
    case 'input_required':
      return 'IN_PROGRESS';
    case 'completed':
      return 'COMPLETED';
    case 'killed':
      return 'CANCELLED';
    case 'failed':
    case 'timed_out':
    case 'over_budget':
      return 'FAILED';
  }
}

/** The plan once these subagents are forgotten: how they ended stays known. */
export function withoutCards({ plan, tree }: Session, gone: ReadonlySet<string>): Plan | undefined {
  if (!plan) return undefined;
  const tasks = plan.tasks.map((task) => {
    const card = task.subagent === undefined ? undefined : tree.cards[task.subagent];
    const status = endedSchema.safeParse(card?.status);
    if (!card || !gone.has(card.id) || !status.success) return task;
    const { endedAt } = card;
    return { ...task, past: { status: status.data, ...(endedAt === undefined ? {} : { endedAt }) } };
  });
  return { ...plan, tasks };
}
