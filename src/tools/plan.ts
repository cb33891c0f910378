/** Owns what a model is told of `plan` and may send; keeps no plan and spawns nothing itself. */
import { z } from 'zod';
import type { Intent } from '../core/commands.ts';
import { inTicks, inWords } from '../core/faults.ts';
import { head } from '../core/fence.ts';
import { planRoles, type TaskChange } from '../core/plan.ts';
import { MAX_TASKS } from '../core/planning.ts';
import type { OwnToolSchema, ToolCall } from '../core/ports.ts';
import { MAX_RETRIES } from '../core/second-tries.ts';
import {
  type SpawnParsed,
  type SpawnSettings,
  type SpawnTool,
  inputOf as spawnInput,
} from './sessions-spawn.ts';
import { type WorkTool, workTool } from './work-tool.ts';

const MAIN_TASK_CHARS = 500;
const TITLE_CHARS = 200;

const idWords = 'must be 1 to 48 of A-Z, a-z, 0-9 and -, not beginning with -';
const taskId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,47}$/, idWords);
const ids = z.array(taskId).max(MAX_TASKS, `must be at most ${MAX_TASKS} ids`);

function oneLine(most: number) {
  return z
    .string()
    .max(most, `must be at most ${most} characters`)
    .refine((text) => text.trim() !== '' && !/\p{Cc}/u.test(text), 'must be one line that says something');
}

function inputOf(settings: SpawnSettings) {
  const spawn = spawnInput(settings).shape;
  return z.strictObject({
    action: z.enum(['set', 'update', 'show']),
    main_task: oneLine(MAIN_TASK_CHARS).optional().describe('For set: what all of it is for, in a line.'),
    tasks: z
      .array(
        z.strictObject({
          id: taskId.describe(
            'A short name of the task and of whoever works on it, such as "api": its subagent has it as its label.',
          ),
          title: oneLine(TITLE_CHARS)
            .optional()
            .describe('What is to be done, in a line. Made from the task if left out.'),
          task: spawn.task
            .optional()
            .describe(`For a new task that a subagent does. ${spawn.task.description}`),
          role: z
            .enum(planRoles)
            .optional()
            .describe(
              'worker (default) and reviewer: a subagent, as in sessions_spawn. manager: your own task, such as putting all together; it has no subagent and no task, only id, title and after.',
            ),
          after: ids
            .optional()
            .describe(
              'Ids of the tasks that must be completed first; their results are in its first message.',
            ),
          retries: z
            .int()
            .min(0, `must be a whole number from 0 to ${MAX_RETRIES}`)
            .max(MAX_RETRIES, `must be a whole number from 0 to ${MAX_RETRIES}`)
            .optional()
            .describe('How often it is tried again by itself when it fails, with what was learnt.'),
          ...('done_when' in spawn ? { done_when: spawn.done_when } : {}),
          ...('repo' in spawn ? { repo: spawn.repo } : {}),
          model: spawn.model,
          limits: spawn.limits,
          status: z
            .enum(['completed'])
            .optional()
            .describe('For update, only of your own tasks: that you have done it.'),
        }),
      )
      .min(1, 'must name at least one task')
      .max(MAX_TASKS, `must be at most ${MAX_TASKS} tasks`)
      .optional()
      .describe(
        'For set: all tasks. For update: new ones, and those that change: of one that has not begun its title and task, of your own its title, after and status.',
      ),
    drop: ids.optional().describe('For update: ids of the tasks that are no longer wanted.'),
    kill: z
      .boolean()
      .optional()
      .describe(
        'Whether subagents at work on what is dropped, or on an earlier plan, are killed. Default: refused.',
      ),
  });
}

export interface PlanTool {
  readonly name: string;
  readonly schema: OwnToolSchema;
  /** What a call means, or what is wrong with it. Nothing is spawned with commands that `forbidden` has words against. */
  intent(input: ToolCall['input'], forbidden: (commands: readonly string[]) => string | undefined): Intent;
}

export function planTool(settings: SpawnSettings, spawn: SpawnTool): PlanTool {
  const input = inputOf(settings);
  const tool: WorkTool<z.infer<typeof input>> = workTool({
    name: 'plan',
    description: [
      'Plans work that takes several subagents, some of which need what others do. set: a main task and its tasks;',
      'a subagent is spawned for each and begins by itself once what it waits for (after) has completed; one that',
      'fails is tried again (retries). update: adds tasks, changes those that have not begun, drops some, or tells',
      'that you have done one of your own. show: how far each task is, by what happened. The plan is kept in',
      'MANAGER_PLAN.md for people to look at, where there are files. For one or two subagents sessions_spawn is enough.',
    ].join(' '),
    input,
    readOnly: false,
    repeatable: false,
  });

  function intent(
    given: ToolCall['input'],
    forbidden: (commands: readonly string[]) => string | undefined,
  ): Intent {
    const parsed = tool.parse(given);
    if (!parsed.ok) return wrong(parsed.error);
    const { action, main_task, tasks = [], drop = [], kill = false } = parsed.input;
    if (action === 'show') return { do: 'work', readOnly: true, repeatable: true, processes: false };
    if (action === 'set' && (main_task === undefined || tasks.length === 0)) {
      return wrong('plan set needs `main_task`, what all of it is for, and `tasks`.');
    }
    if (tasks.length === 0 && drop.length === 0 && main_task === undefined) {
      return wrong('plan update needs `tasks` that are new or change, or ids to `drop`.');
    }
    const changes: TaskChange[] = [];
    for (const task of tasks) {
      const change = changeOf(spawn, task, forbidden);
      if (typeof change === 'string') return wrong(`Nothing was changed: ${head(task.id, 60)}: ${change}`);
      changes.push(change);
    }
    return {
      do: 'plan',
      change: {
        how: action,
        ...(main_task === undefined ? {} : { mainTask: main_task.toWellFormed() }),
        tasks: changes,
        drop,
        kill,
      },
    };
  }

  return { name: tool.name, schema: tool.schema, intent };
}

type GivenTask = NonNullable<z.infer<ReturnType<typeof inputOf>>['tasks']>[number];

/** A task as core takes it, or what is wrong with it. */
function changeOf(
  spawn: SpawnTool,
  given: GivenTask,
  forbidden: (commands: readonly string[]) => string | undefined,
): TaskChange | string {
  const { id, title, role, after, status, retries, task, ...equipment } = given;
  const equipped = retries !== undefined || Object.values(equipment).some((value) => value !== undefined);
  if (equipped && task === undefined) {
    return role === 'manager'
      ? 'it is your own (role manager) and has only id, title, after and status.'
      : 'it says how a subagent is to work, and has no `task`.';
  }
  const change = {
    id,
    ...(title === undefined ? {} : { title: title.toWellFormed() }),
    ...(role === undefined ? {} : { role }),
    ...(after === undefined ? {} : { after }),
    equipped,
    completed: status === 'completed',
  };
  if (task === undefined) return change;
  if (role === 'manager')
    return 'it is your own (role manager), so nobody reads its `task`: put it into its title.';
  const parsed = spawn.parse({
    task,
    label: id.toLowerCase(),
    ...(role === undefined ? {} : { role }),
    ...equipment,
  });
  if (!parsed.ok) return wordsOf(parsed);
  const fault = forbidden(parsed.request.doneWhen?.commands ?? []);
  if (fault !== undefined) return fault;
  return { ...change, request: { ...parsed.request, ...(retries === undefined ? {} : { retries }) } };
}

function wordsOf({ errors }: Extract<SpawnParsed, { ok: false }>): string {
  return inWords(errors, (path) => (path === 'label' ? 'its id' : inTicks(path)));
}

function wrong(text: string): Intent {
  return { do: 'error', text };
}
