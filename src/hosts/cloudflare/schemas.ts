/**
 * Owns how this host checks the form of results: JSON Schema by an interpreter, since a Worker may make no code at
 * run time, which faster checkers do. Says the same of every value as the Node host's checker: a test sees to it.
 */
import { Validator } from '@cfworker/json-schema';
import metaschema from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' };
import { z } from 'zod';
import type { Json } from '../../core/ports.ts';
import { type CompileSchema, prepared, type ResultSchema } from '../../tools/result-schema.ts';

/** Faults that are named. */
const MAX_FAULTS = 8;

/** What is a keyword's value in draft 7 is the same in 2020-12, for the keywords that both have. */
const grammar = new Validator(z.record(z.string(), z.json()).parse(metaschema), '7');

/** Drafts 2020-12, which is meant where none is named, and 7. */
export const compileSchema: CompileSchema = (given) => {
  const taken = prepared(given);
  if (!taken.ok) return taken;
  try {
    const wrong = faultsOf(grammar, taken.schema, 'the schema');
    if (wrong !== undefined) return { ok: false, error: wrong };
    const { $schema: _, ...schema } = taken.schema;
    const validator = new Validator(copied(schema), taken.draft, false);
    return {
      ok: true,
      misfit(value) {
        try {
          return faultsOf(validator, value, 'the result');
        } catch (error) {
          return `it could not be checked: ${messageOf(error)}`;
        }
      },
    };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The library writes into what it is given. */
function copied(schema: ResultSchema): { [key: string]: Json } {
  return structuredClone({ ...schema });
}

function faultsOf(validator: Validator, value: unknown, what: string): string | undefined {
  const { valid, errors } = validator.validate(value);
  if (valid) return undefined;
  // The errors of a part come behind those of what it is a part of, which only say that some part is wrong.
  const words = errors
    .filter(({ keyword }) => keyword !== 'properties' && keyword !== 'items' && keyword !== '$ref')
    .map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#/, what)}: ${error}`);
  const rest = words.length - MAX_FAULTS;
  return `${words.slice(0, MAX_FAULTS).join(' ')}${rest > 0 ? ` And ${rest} more.` : ''}`.replace(/\.$/, '');
}
