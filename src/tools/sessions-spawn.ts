/** Owns what a model or a program is told of `sessions_spawn` and may send; spawns nothing itself. */
import { z } from 'zod';
import { thinkingLevels } from '../core/card.ts';
import type { SpawnRequest } from '../core/commands.ts';
import { ALL } from '../core/policy.ts';
import { type WorkTool, workTool } from './work-tool.ts';

const MAX_TASK = 100_000;
/** Less than these, and as much as these, no limit of a subagent can mean. */
const LEAST_USD = 0.01;
const LEAST_TOKENS = 1_000;
const MOST_TOKENS = 1_000_000_000_000;

export interface SpawnSettings {
  /** Names of the configured repositories; without any, `repo` is not offered. */
  readonly repositories: readonly string[];
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

export interface SpawnFault {
  readonly path: string;
  readonly message: string;
}

export type SpawnParsed =
  | { readonly ok: true; readonly request: SpawnRequest }
  | { readonly ok: false; readonly error: string; readonly errors: readonly SpawnFault[] };

const label = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'must be 1 to 48 of a-z, 0-9 and -, not beginning with -')
  .refine((text) => text !== ALL, `"${ALL}" stands for every subagent and can't be a label`)
  .describe(
    'A short handle by which you steer, show and kill it, such as "auth-fix": a-z, 0-9 and -, at most 48. Made from the task if left out.',
  );

/** Control characters, but for the three that text is made of. */
const controls = /[^\P{Cc}\n\r\t]/u;
const noControls = (text: string): boolean => !controls.test(text);

function inputOf(settings: SpawnSettings) {
  const { maxUsd, maxTokens = MOST_TOKENS } = settings;
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
        minutes: z.number().positive().max(settings.maxMinutes).optional().describe('Minutes at work.'),
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
    announce: z
      .enum(['each', 'quiet'])
      .optional()
      .describe(
        'each (default): its news wakes you when it ends. quiet: you read the news with your next step.',
      ),
  });
}

export interface SpawnTool {
  readonly tool: WorkTool<z.infer<ReturnType<typeof inputOf>>>;
  readonly input: z.ZodType;
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
  const schema = z.object({ repo: z.string().optional() });

  function parse(given: unknown): SpawnParsed {
    const result = input.safeParse(given);
    if (!result.success) {
      const words = tool.parse(given);
      const errors = result.error.issues.flatMap((issue): SpawnFault[] =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({
              path: [...issue.path, key].join('.'),
              message: `is not a field; the fields are ${Object.keys(input.shape).join(', ')}`,
            }))
          : [{ path: issue.path.join('.'), message: issue.message }],
      );
      return {
        ok: false,
        error: words.ok ? errors.map(({ path, message }) => `${path} ${message}`).join('; ') : words.error,
        errors,
      };
    }
    const { task, label: wanted, model, thinking, limits, announce } = result.data;
    const { repo } = schema.parse(result.data);
    const name = repo?.split('@', 1)[0];
    if (name !== undefined && !settings.repositories.includes(name)) {
      return fault(
        'repo',
        `there is no repository "${name.slice(0, 80)}"; there is: ${settings.repositories.join(', ')}`,
      );
    }
    const chosen = settings.choose(model, thinking);
    if (!chosen.ok) return fault('model', chosen.error);
    if (!chosen.priced && limits?.tokens === undefined && settings.maxTokens === undefined) {
      return fault(
        limits === undefined ? 'limits' : 'limits.tokens',
        `what ${chosen.model} costs is not known, so only a number of tokens can limit it: give it limits.tokens`,
      );
    }
    return {
      ok: true,
      request: {
        task: task.toWellFormed(),
        ...(wanted === undefined ? {} : { label: wanted }),
        role: 'worker',
        model: chosen.model,
        ...(thinking === undefined ? {} : { thinking }),
        ...(repo === undefined ? {} : { repo }),
        ...(limits?.minutes === undefined ? {} : { minutes: limits.minutes }),
        ...(limits?.usd === undefined ? {} : { usd: limits.usd }),
        ...(limits?.tokens === undefined ? {} : { tokens: limits.tokens }),
        announce: announce ?? 'each',
        notes: chosen.note === undefined ? [] : [chosen.note],
      },
    };
  }

  return { tool, input, parse };
}

function fault(path: string, message: string): SpawnParsed {
  return { ok: false, error: `Not spawned: ${message}.`, errors: [{ path, message }] };
}
