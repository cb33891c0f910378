/** Owns what a model or a program is told of `sessions_spawn` and may send; spawns nothing itself. */
import { z } from 'zod';
import { type DoneWhen, thinkingLevels, trustLevels } from '../core/card.ts';
import type { SpawnRequest } from '../core/commands.ts';
import { MAX_AFTER } from '../core/dependencies.ts';
import { check, type Fault, inTicks, inWords } from '../core/faults.ts';
import { ALL } from '../core/policy.ts';
import {
  type CompileSchema,
  isTooDeep,
  type ResultSchema,
  SCHEMA_CHARS,
  tooDeepWords,
} from './result-schema.ts';
import { type WorkTool, workTool } from './work-tool.ts';

const MAX_TASK = 100_000;
/** Less than these, and as much as these, no limit of a subagent can mean. */
const LEAST_USD = 0.01;
const LEAST_TOKENS = 1_000;
const MOST_TOKENS = 1_000_000_000_000;

/** Of the commands that must succeed: how many, how long each may be, how many seconds it has. */
const MAX_COMMANDS = 10;
const COMMAND_CHARS = 2_000;
const COMMAND_SECONDS = 300;
const MOST_SECONDS = 3_600;

export interface SpawnSettings {
  /** Names of the configured repositories; without any, `repo` is not offered. */
  readonly repositories: readonly string[];
  /** Whether there are processes: otherwise no command can say whether work is done. */
  readonly canWork: boolean;
  /** Checks the form of results; without it none can be asked for. */
  readonly compileSchema?: CompileSchema;
  /** Why a command can't run by itself, where that is so: nobody is there to allow it when it runs. */
  readonly forbidden?: (command: string) => string | undefined;
  /** Names by which a model may be asked for. */
  readonly models: readonly string[];
  readonly maxMinutes: number;
  /** What a subagent gets at most, in US dollars, and in tokens if these are capped. */
  readonly maxUsd: number;
  readonly maxTokens?: number;
  /** Resolves a model's name and says what becomes of a thinking level, or why there is no such model. */
  readonly choose: (
    model: string | undefined,
    thinking: (typeof thinkingLevels)[number] | undefined,
  ) =>
    | { readonly ok: true; readonly model: string; readonly priced: boolean; readonly note?: string }
    | { readonly ok: false; readonly error: string };
}

export type SpawnParsed =
  | { readonly ok: true; readonly request: SpawnRequest }
  | { readonly ok: false; readonly error: string; readonly errors: readonly Fault[] };

const label = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'must be 1 to 48 of a-z, 0-9 and -, not beginning with -')
  .refine((text) => text !== ALL, `can't be "${ALL}", which stands for every subagent`)
  .describe(
    'A short handle by which you steer, show and kill it, such as "auth-fix": a-z, 0-9 and -, at most 48. Made from the task if left out.',
  );

/** Control characters, but for the three that text is made of. */
const controls = /[^\P{Cc}\n\r\t]/u;
const noControls = (text: string): boolean => !controls.test(text);

export function inputOf(settings: SpawnSettings) {
  const { maxUsd, maxTokens = MOST_TOKENS } = settings;
  const minutesWords = `must be a number of more than 0 and at most ${settings.maxMinutes}`;
  const usdWords = `must be a number from ${LEAST_USD} to ${maxUsd}`;
  const tokenWords = `must be a whole number from ${LEAST_TOKENS} to ${maxTokens}`;
  return z.strictObject({
    task: z
      .string()
      .min(1)
      .max(
        MAX_TASK,
        `must be at most ${MAX_TASK} characters: put long material into a file and name the file`,
      )
      .refine((text) => text.trim() !== '', 'is blank; it must say what to do')
      .refine(noControls, 'holds control characters; send plain text')
      .describe(
        'Everything the subagent needs to know, since it sees nothing of this conversation: the objective and why, what is known, the files, what was decided, what to hand back, and what counts as done.',
      ),
    label: label.optional(),
    model: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(`A model other than the usual one for subagents: ${settings.models.join(', ')}.`),
    thinking: z.enum(thinkingLevels).optional().describe('How much it thinks before it acts.'),
    role: z
      .enum(['worker', 'reviewer'])
      .optional()
      .describe(
        'worker (default), or reviewer: reads and reports, and has no means to change anything. Let a reviewer judge what a worker did.',
      ),
    ...(settings.repositories.length > 0
      ? {
          repo: z
            .string()
            .min(1)
            .max(300)
            .optional()
            .describe(
              `A configured repository, as name or name@base: it works in its own git worktree on its own branch from the base. There is: ${settings.repositories.join(', ')}.`,
            ),
        }
      : {}),
    limits: z
      .strictObject({
        minutes: z
          .number()
          .positive(minutesWords)
          .max(settings.maxMinutes, minutesWords)
          .optional()
          .describe('Minutes at work.'),
        usd: z
          .number()
          .min(LEAST_USD, usdWords)
          .max(maxUsd, usdWords)
          .optional()
          .describe('US dollars that it and all below it may spend.'),
        tokens: z
          .int()
          .min(LEAST_TOKENS, tokenWords)
          .max(maxTokens, tokenWords)
          .optional()
          .describe('Tokens that it and all below it may use: read, written and cached ones alike.'),
      })
      .optional()
      .describe('Narrower limits than the usual ones.'),
    ...doneWhenOf(settings),
    trust: z
      .enum(trustLevels)
      .optional()
      .describe(
        'Narrows what it may do by itself. plan: it hands in its plan first, and acts once that is approved. ask: what the configuration does not allow waits for permission. auto: all but what the configuration asks about or forbids.',
      ),
    after: z
      .array(z.string().min(1).max(400))
      .max(MAX_AFTER)
      .optional()
      .describe(
        'Labels of subagents of yours that must complete first: it begins by itself then, with their results in its first message. If one does not complete, this one fails and says which.',
      ),
    announce: z
      .enum(['each', 'together', 'quiet'])
      .optional()
      .describe(
        'each (default): its news wakes you when it ends. together: those that you spawn in one step and that say so are told to you in one, when the last has ended. quiet: you read the news with your next step.',
      ),
  });
}

/** Absent where nothing could be checked. */
function doneWhenOf({ canWork, compileSchema }: SpawnSettings) {
  if (!canWork && !compileSchema) return {};
  return {
    done_when: z
      .strictObject({
        ...(canWork
          ? {
              commands: z
                .array(z.string().min(1).max(COMMAND_CHARS))
                .min(1)
                .max(MAX_COMMANDS)
                .optional()
                .describe(
                  'Shell commands that must succeed in its workspace, such as "npm test"; run when it ends, and again if it mends what failed.',
                ),
              timeout_seconds: z
                .int()
                .min(1)
                .max(MOST_SECONDS)
                .optional()
                .describe(`What each command may take. Default: ${COMMAND_SECONDS}.`),
            }
          : {}),
        ...(compileSchema
          ? {
              result_schema: z
                .record(z.string(), z.unknown())
                .optional()
                .describe('A JSON Schema that its result must fit; the result is then JSON.'),
            }
          : {}),
      })
      .optional()
      .describe(
        'What must hold before it is believed to have completed. Failures go back to it, a few times.',
      ),
  };
}

const nested = z.object({ done_when: z.object({ result_schema: z.unknown() }).optional() });

/** What may have come of `done_when`, once the fields that are offered have been checked. */
const doneWhenShape = z.object({
  commands: z.array(z.string()).optional(),
  timeout_seconds: z.number().optional(),
  result_schema: z.record(z.string(), z.json()).optional(),
});

export interface SpawnTool {
  readonly tool: WorkTool<z.infer<ReturnType<typeof inputOf>>>;
  readonly input: z.ZodType;
  /** By which names `repo` may ask for one. */
  readonly repositories: readonly string[];
  /** Checks an input against the schema and the configuration. */
  parse(input: unknown): SpawnParsed;
}

export function sessionsSpawn(settings: SpawnSettings): SpawnTool {
  const input = inputOf(settings);
  const tool = workTool({
    name: 'sessions_spawn',
    description: [
      'Starts a subagent that works on a task by itself, with tools and a folder of its own, and returns at',
      'once. Its news is pushed to you when it ends; never wait for it, ask for it or poll. Spawn several in one',
      'step to have them work side by side. One task a subagent; answer quick questions yourself.',
    ].join(' '),
    input,
    readOnly: false,
    repeatable: false,
  });
  const schema = z.object({ repo: z.string().optional(), done_when: doneWhenShape.optional() });

  function doneWhen(given: z.infer<typeof doneWhenShape>, role: string): DoneWhen | Fault {
    const { commands = [], timeout_seconds = COMMAND_SECONDS, result_schema } = given;
    if (commands.length === 0 && result_schema === undefined) {
      return { path: 'done_when', message: 'says nothing that could be checked' };
    }
    if (role === 'reviewer' && commands.length > 0) {
      return {
        path: 'done_when.commands',
        message:
          "can't be asked of a reviewer, which changes nothing: give them to the worker that it reviews",
      };
    }
    for (const [at, command] of commands.entries()) {
      const path = `done_when.commands.${at}`;
      if (command.trim() === '' || command.includes('\0')) return { path, message: 'holds no command' };
      const forbidden = settings.forbidden?.(command);
      if (forbidden !== undefined)
        return {
          path,
          message: `could not run by itself (${forbidden}), and nobody is there to allow it when it runs: name commands that may, or leave them out and check the work when it comes`,
        };
    }
    const wrong = result_schema && wrongSchema(result_schema, settings.compileSchema);
    if (wrong !== undefined) return { path: 'done_when.result_schema', message: wrong };
    return {
      commands,
      limitMs: timeout_seconds * 1_000,
      ...(result_schema === undefined ? {} : { resultSchema: result_schema }),
    };
  }

  function parse(given: unknown): SpawnParsed {
    const result = check(input, given);
    if (!result.ok) {
      const words = tool.parse(given);
      const error = words.ok ? inWords(result.faults, inTicks) : words.error;
      return { ok: false, error, errors: result.faults };
    }
    const { task, label: wanted, model, thinking, role = 'worker', limits, trust } = result.data;
    const { after = [], announce = 'each' } = result.data;
    const deep = nested.safeParse(result.data).data?.done_when?.result_schema;
    if (isTooDeep(deep)) {
      return fault('done_when.result_schema', tooDeepWords);
    }
    const { repo, done_when } = schema.parse(result.data);
    const done = done_when && doneWhen(done_when, role);
    if (done && 'message' in done) return fault(done.path, done.message);
    const name = repo?.split('@', 1)[0];
    if (name !== undefined && !settings.repositories.includes(name)) {
      return fault(
        'repo',
        `There is no repository "${name.slice(0, 80)}"; there is: ${settings.repositories.join(', ')}`,
      );
    }
    const chosen = settings.choose(model, thinking);
    if (!chosen.ok) return fault('model', chosen.error);
    if (!chosen.priced && limits?.tokens === undefined && settings.maxTokens === undefined) {
      return fault(
        limits === undefined ? 'limits' : 'limits.tokens',
        `What ${chosen.model} costs is not known, so only a number of tokens can limit it: give it limits.tokens`,
      );
    }
    return {
      ok: true,
      request: {
        task: task.toWellFormed(),
        ...(wanted === undefined ? {} : { label: wanted }),
        role,
        model: chosen.model,
        ...(thinking === undefined ? {} : { thinking }),
        ...(repo === undefined ? {} : { repo }),
        ...(limits?.minutes === undefined ? {} : { minutes: limits.minutes }),
        ...(limits?.usd === undefined ? {} : { usd: limits.usd }),
        ...(limits?.tokens === undefined ? {} : { tokens: limits.tokens }),
        announce,
        // Models send an empty list where they mean that it waits for nothing.
        ...(after.length === 0 ? {} : { after }),
        ...(trust === undefined ? {} : { trust }),
        ...(done === undefined ? {} : { doneWhen: done }),
        notes: chosen.note === undefined ? [] : [chosen.note],
      },
    };
  }

  return { tool, input, parse, repositories: settings.repositories };
}

function wrongSchema(schema: ResultSchema, compile: CompileSchema | undefined): string | undefined {
  const { length } = JSON.stringify(schema);
  if (length > SCHEMA_CHARS) return `has ${length} characters as JSON; at most ${SCHEMA_CHARS} are taken`;
  const compiled = compile?.(schema);
  return compiled && !compiled.ok ? `is no JSON Schema that can be checked: ${compiled.error}` : undefined;
}

function fault(path: string, message: string): SpawnParsed {
  const errors = [{ path, message }];
  return { ok: false, error: `Not spawned: ${begunSmall(inWords(errors, inTicks))}`, errors };
}

function begunSmall(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}
