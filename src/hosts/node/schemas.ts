/**
 * Owns how this host checks the form of results: JSON Schema by Ajv, which makes code of a schema. Never fetches a
 * schema, and never lets a check run on: a pattern may take for ever on a text made for it.
 */
import { runInNewContext } from 'node:vm';
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { type CompileSchema, type Draft, prepared } from '../../tools/result-schema.ts';

/** Milliseconds that compiling a schema, or a check by it, may take. */
const PATIENCE_MS = 1_000;
/** As long by the clock at most: it goes on while a busy machine does something else. */
const LONGEST_MS = 16_000;
/** Faults that are named. */
const MAX_FAULTS = 8;
/** Schemas whose code is kept. */
const KEPT = 64;

const options = {
  allErrors: true,
  strict: false,
  logger: false,
  messages: true,
  // 0.07 is a multiple of 0.01, whatever binary fractions say.
  multipleOfPrecision: 9,
} as const;

/** Drafts 2020-12, which is meant where none is named, and 7. */
export function makeCompileSchema(): CompileSchema {
  const compiled = new Map<string, ValidateFunction>();

  function validatorOf(schema: AnySchemaObject, draft: Draft): ValidateFunction {
    const key = JSON.stringify(schema);
    const known = compiled.get(key);
    if (known) return known;
    // One instance a schema: two may use the same $id.
    const made = within(() => (draft === '7' ? new Ajv(options) : new Ajv2020(options)).compile(schema));
    compiled.set(key, made);
    const [oldest] = compiled.keys();
    if (compiled.size > KEPT && oldest !== undefined) compiled.delete(oldest);
    return made;
  }

  return (given) => {
    const taken = prepared(given);
    if (!taken.ok) return taken;
    try {
      const { $schema: _, ...schema } = taken.schema;
      const validate = validatorOf(schema, taken.draft);
      return {
        ok: true,
        misfit(value) {
          try {
            if (within(() => validate(value))) return undefined;
          } catch (error) {
            return `it could not be checked: ${messageOf(error)}`;
          }
          return faultsOf(validate.errors ?? []);
        },
      };
    } catch (error) {
      return { ok: false, error: messageOf(error) };
    }
  };
}

/**
 * Runs what may not end, and throws if it doesn't in time. It is stopped by the clock: where most of that time was not
 * its own, it runs once more, for twice as long.
 */
function within<T>(job: () => T): T {
  for (let limitMs = PATIENCE_MS; ; limitMs *= 2) {
    const before = process.threadCpuUsage();
    try {
      return stopped(job, limitMs);
    } catch (error) {
      const { user, system } = process.threadCpuUsage(before);
      const ownMs = (user + system) / 1_000;
      if (!isTimeout(error) || ownMs >= PATIENCE_MS / 2 || limitMs >= LONGEST_MS) throw error;
    }
  }
}

function stopped<T>(job: () => T, limitMs: number): T {
  let came: { readonly value: T } | undefined;
  const run = (): void => {
    came = { value: job() };
  };
  runInNewContext('run()', { run }, { timeout: limitMs });
  if (!came) throw new Error('nothing came of it');
  return came.value;
}

function faultsOf(errors: readonly ErrorObject[]): string {
  const words = errors.slice(0, MAX_FAULTS).map(({ instancePath, message, params }) => {
    const where = instancePath === '' ? 'the result' : `result${instancePath}`;
    const what = message ?? 'does not fit';
    const extra = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : '';
    const allowed = 'allowedValues' in params ? `: ${JSON.stringify(params.allowedValues)}` : '';
    return `${where} ${what}${extra}${allowed}`;
  });
  const rest = errors.length - words.length;
  return `${words.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

/** What was thrown in there is no `Error` of out here. */
const thrown = z.looseObject({ code: z.string().optional(), message: z.string() });

function thrownOf(error: unknown): z.infer<typeof thrown> | undefined {
  return thrown.safeParse(error instanceof Error ? { ...error, message: error.message } : error).data;
}

function isTimeout(error: unknown): boolean {
  return thrownOf(error)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function messageOf(error: unknown): string {
  if (isTimeout(error)) return `it takes more than ${PATIENCE_MS} ms; simplify its patterns`;
  return thrownOf(error)?.message ?? String(error);
}
