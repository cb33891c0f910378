/**
 * Owns how this host checks the form of results: JSON Schema by Ajv, which makes code of a schema. Never fetches a
 * schema, and never lets a check run on: a pattern may take for ever on a text made for it.
 */
import { runInNewContext } from 'node:vm';
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { type CompileSchema, type Draft, prepared } from '../../tools/result-schema.ts';

/** Milliseconds that compiling a schema, or a check by it, may take: by the clock, so that a busy machine needs more. */
const PATIENCE_MS = 1_000;
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
    const ajv = draft === '7' ? new Ajv(options) : new Ajv2020(options);
    const made = within(() => ajv.compile(schema));
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

/** Runs what may not end, and throws if it doesn't in time. */
function within<T>(job: () => T): T {
  let came: { readonly value: T } | undefined;
  const run = (): void => {
    came = { value: job() };
  };
  runInNewContext('run()', { run }, { timeout: PATIENCE_MS });
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

function messageOf(error: unknown): string {
  const known = thrown.safeParse(error instanceof Error ? { ...error, message: error.message } : error);
  if (!known.success) return String(error);
  const { code, message } = known.data;
  return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    ? `it takes more than ${PATIENCE_MS} ms; simplify its patterns`
    : message;
}
