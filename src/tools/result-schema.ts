/**
 * Owns what the form of a subagent's result means to the tools: a JSON Schema as a spawn brings it, and what of it is
 * taken, which is the same on every host. Never checks a value itself: what a host may run to do so differs.
 */
import type { Json } from '../core/ports.ts';

/** A JSON Schema, or what should be one. */
export type ResultSchema = { readonly [key: string]: Json };

export type Compiled =
  | {
      readonly ok: true;
      /** Why a value doesn't fit, in words that name the place; undefined: it fits. Never throws. */
      readonly misfit: (value: Json) => string | undefined;
    }
  /** It is no schema, or one that can't be checked here. */
  | { readonly ok: false; readonly error: string };

/** What a host brings to check results: compiles a schema, and never throws. */
export type CompileSchema = (schema: ResultSchema) => Compiled;

/** Characters of a schema: all of it stands in the subagent's first message. */
export const SCHEMA_CHARS = 20_000;

/** Levels that schemas and results may be nested: each costs whoever reads them a call within a call. */
const DEPTH = 100;

/** Whether a value is nested deeper than anybody means it; looks without calls within calls. */
export function isTooDeep(value: unknown): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth >= DEPTH) return true;
    const depth = next.depth + 1;
    for (const inner of Object.values(next.value)) open.push({ value: inner, depth });
  }
  return false;
}

export const tooDeepWords = `is nested more than ${DEPTH} deep`;

/** The draft that a schema is of, once it was prepared. */
export type Draft = '2020-12' | '7';

/**
 * The schema as every host checks it: without what only some checkers know (`format`, `nullable`), all its references
 * inside it and leading somewhere. Or why it isn't taken.
 */
export function prepared(
  schema: ResultSchema,
):
  | { readonly ok: true; readonly schema: ResultSchema; readonly draft: Draft }
  | { ok: false; error: string } {
  const draft = draftOf(schema);
  if (draft === undefined) {
    return {
      ok: false,
      error: 'its $schema is neither draft 2020-12, which is meant where none is named, nor 7',
    };
  }
  const plain = stripped(schema);
  const error = faultOf(plain, plain);
  return error === undefined ? { ok: true, schema: plain, draft } : { ok: false, error };
}

function draftOf({ $schema }: ResultSchema): Draft | undefined {
  if ($schema === undefined) return '2020-12';
  const named = /^https?:\/\/json-schema\.org\/(?:draft\/(2020-12)|draft-0([67]))\/schema#?$/.exec(
    String($schema),
  );
  if (!named) return undefined;
  return named[1] === undefined ? '7' : '2020-12';
}

/** Keywords whose value is data and not a schema. */
const data: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

function stripped(schema: ResultSchema): ResultSchema {
  const kept: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(schema)) {
    if ((key === 'format' && typeof value === 'string') || (key === 'nullable' && typeof value === 'boolean'))
      continue;
    kept[key] = data.has(key) ? value : strippedValue(value);
  }
  return kept;
}

function strippedValue(value: Json): Json {
  if (isList(value)) return value.map(strippedValue);
  return isObject(value) ? stripped(value) : value;
}

/** What no host could check, or would check for ever. */
function faultOf(root: ResultSchema, value: Json): string | undefined {
  if (isList(value)) return value.map((one) => faultOf(root, one)).find((one) => one !== undefined);
  if (!isObject(value)) return undefined;
  if (value.$async === true) return 'schemas with $async are not taken';
  for (const key of ['$dynamicRef', '$recursiveRef', '$anchor', '$dynamicAnchor']) {
    if (typeof value[key] === 'string')
      return `${key} is not taken; use $ref with a path, such as #/$defs/person`;
  }
  if (typeof value.$ref === 'string') {
    const fault = refFault(root, value.$ref);
    if (fault !== undefined) return fault;
  }
  return Object.entries(value)
    .filter(([key]) => !data.has(key))
    .map(([, inner]) => faultOf(root, inner))
    .find((one) => one !== undefined);
}

function refFault(root: ResultSchema, first: string): string | undefined {
  const seen = new Set<string>();
  for (let ref = first; ; ) {
    if (seen.has(ref)) return `the reference ${first} leads only to itself`;
    seen.add(ref);
    if (ref !== '#' && !ref.startsWith('#/'))
      return `the reference ${first} leads out of the schema; write all of it here`;
    const target = targetOf(root, ref);
    if (target === undefined) return `the reference ${first} leads to nothing`;
    if (!isObject(target) || typeof target.$ref !== 'string') return undefined;
    ref = target.$ref;
  }
}

function targetOf(root: ResultSchema, ref: string): Json | undefined {
  let at: Json | undefined = root;
  for (const part of ref.split('/').slice(1)) {
    const name = unescaped(part);
    if (isList(at)) at = at[Number(name)];
    else if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return part;
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is ResultSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
