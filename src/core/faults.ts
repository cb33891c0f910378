/**
 * Checks what somebody sent against a schema, and says field by field and in plain words what is wrong: the same words
 * at every door. A schema's own words come first; it never shows those of the library that checks.
 */
import { z } from 'zod';
import { kindOf, valueAt } from './given.ts';

/**
 * What is wrong with one field; `path` is dotted, empty for the whole. A message that begins with a small letter goes on
 * from the field's name ("must be a string"); any other is a sentence of its own.
 */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

export type Checked<Output> =
  | { readonly ok: true; readonly data: Output }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** What a schema makes of `given`, or each fault once. */
export function check<Schema extends z.ZodType>(schema: Schema, given: unknown): Checked<z.output<Schema>> {
  // Without words of the library's: where a message is empty, the schema has none of its own.
  const result = schema.safeParse(given, { error: () => '' });
  if (result.success) return { ok: true, data: result.data };
  const told = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { ok: false, faults: faultsOf(result.error.issues, told, given) };
}

/**
 * The faults as one text, which ends like a sentence.
 * @param name how a field is called in it
 */
export function inWords(faults: readonly Fault[], name: (path: string) => string = (path) => path): string {
  const text = faults.reduce((before, fault) => {
    if (before === '') return said(fault, name);
    return `${before.replace(/\.$/, '')}${goesOn(fault) ? '; ' : '. '}${said(fault, name)}`;
  }, '');
  return asSentence(text);
}

/** A field's name in words for a model. */
export function inTicks(path: string): string {
  return `\`${path}\``;
}

/** The words with a full stop, if they have no end yet. */
export function asSentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function said(fault: Fault, name: (path: string) => string): string {
  return goesOn(fault) ? `${name(fault.path)} ${fault.message}` : fault.message;
}

function goesOn({ message }: Fault): boolean {
  return /^\p{Ll}/u.test(message);
}

function faultsOf(issues: readonly z.core.$ZodIssue[], told: unknown, given: unknown): Fault[] {
  const own = new Set(issues.flatMap(({ path, message }) => (message === '' ? [] : [path.join('.')])));
  const found = new Map<string, Fault>();
  for (const issue of issues) {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const where = [...issue.path, shorten(key)].join('.');
        found.set(where, { path: where, message: `is not a field here${known(told, issue.path)}` });
      }
    } else if (issue.message !== '') {
      // What is said twice is said once; two faults of a field are two.
      found.set(`${path}\n${issue.message}`, { path, message: issue.message });
    } else if (!own.has(path) && !found.has(path)) {
      const field = fieldAt(told, issue.path);
      found.set(path, { path, message: wordsOf(issue, field, valueAt(given, issue.path)) });
    }
  }
  return [...found.values()];
}

/** The field of a JSON Schema at a path; undefined where it says nothing of one. */
function fieldAt(told: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((here: unknown, key) => {
    if (typeof key === 'number') return valueAt(here, ['items']);
    return valueAt(here, ['properties', key]) ?? valueAt(here, ['additionalProperties']);
  }, told);
}

function known(told: unknown, path: readonly PropertyKey[]): string {
  const field = fieldAt(told, path);
  if (valueAt(field, ['type']) !== 'object') return '';
  const names = Object.keys(valueAt(field, ['properties']) ?? {});
  return `: there ${names.length === 0 ? 'is none' : `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`}`;
}

const fieldShape = z.object({
  type: z.string().optional().catch(undefined),
  enum: z.array(z.json()).optional(),
  const: z.json().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
});
type Field = z.infer<typeof fieldShape>;

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function wordsOf(issue: z.core.$ZodIssue, told: unknown, value: unknown): string {
  const field = fieldShape.safeParse(told).data ?? {};
  if (value === undefined) {
    const what = wanted(field);
    return what === undefined ? 'is missing' : `is missing: it must be ${what}`;
  }
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.expected === 'int' && typeof value === 'number')
        return `must be ${wanted(field) ?? 'a whole number'}, not ${shown(value)}`;
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(value)}`;
    }
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}, not ${shown(value)}`;
    case 'too_small':
    case 'too_big':
      return amountWords(issue, field, value);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}, not ${shown(value)}`;
    default: {
      const what = wanted(field);
      return what === undefined ? 'is not valid' : `must be ${what}, not ${shown(value)}`;
    }
  }
}

function amountWords(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  field: Field,
  value: unknown,
): string {
  const least = issue.code === 'too_small';
  const bound = least
    ? `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
    : `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
  if (typeof value === 'string') {
    const lengths = lengthsOf(field) ?? bound;
    return `must have ${lengths} characters, not ${value.length}`;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? 'must hold at least one' : `must hold ${bound}, not ${value.length}`;
  }
  return `must be ${wanted(field) ?? bound}, not ${shown(value)}`;
}

/** What may stand there; undefined where the schema says nothing that could be said. */
function wanted(field: Field): string | undefined {
  if (field.enum !== undefined) return oneOf(field.enum);
  if (field.const !== undefined) return oneOf([field.const]);
  const kind = field.type === undefined ? undefined : kinds[field.type];
  if (kind === undefined) return undefined;
  const lengths = lengthsOf(field);
  return `${kind}${rangeOf(field)}${lengths === undefined ? '' : ` of ${lengths} characters`}`;
}

function lengthsOf({ minLength = 0, maxLength }: Field): string | undefined {
  return maxLength === undefined ? undefined : `${minLength} to ${maxLength}`;
}

/** Every whole number is a safe one: that is no bound of a field's own. */
function rangeOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Field): string {
  const from = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  const bounds = [
    ...(exclusiveMinimum === undefined ? [] : [`more than ${exclusiveMinimum}`]),
    ...(from === undefined ? [] : [`at least ${from}`]),
    ...(exclusiveMaximum === undefined ? [] : [`less than ${exclusiveMaximum}`]),
    ...(to === undefined ? [] : [`at most ${to}`]),
  ];
  return bounds.length === 0 ? '' : ` of ${bounds.join(' and ')}`;
}

function oneOf(values: readonly unknown[]): string {
  return values.map((one) => (typeof one === 'string' ? JSON.stringify(one) : String(one))).join(' or ');
}

/** A value as it was, if it is short. */
function shown(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return kindOf(value);
}

function shorten(key: string): string {
  return key.length <= 80 ? key.toWellFormed() : `${key.slice(0, 79).toWellFormed()}…`;
}
