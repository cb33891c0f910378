/**
 * Owns the shape of a work tool: its words and schema for the model, and the check of what a model sends it.
 * Never runs a tool: that is the host's workshop.
 */
import { z } from 'zod';
import { kindOf, valueAt } from '../core/given.ts';
import type { OwnToolSchema } from '../core/ports.ts';

export type ParsedInput<Input> =
  | { readonly ok: true; readonly input: Input }
  | { readonly ok: false; readonly error: string };

export interface WorkTool<Input> {
  readonly name: string;
  readonly description: string;
  /** What is sent to the API: a flat object that refuses unknown fields. */
  readonly schema: OwnToolSchema;
  /** Changes nothing outside; several calls of one step may run together. */
  readonly readOnly: boolean;
  /** May simply run again when a crash left its outcome unknown. */
  readonly repeatable: boolean;
  /** Checks a model's input; the error names every field that is wrong and what would be right. */
  parse(input: unknown): ParsedInput<Input>;
}

const jsonSchemaShape = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), z.record(z.string(), z.json())),
  required: z.array(z.string()).optional(),
  additionalProperties: z.literal(false),
});
type FieldSchema = z.infer<typeof jsonSchemaShape>['properties'][string];

/** Makes a work tool of a flat zod object; unknown fields are refused whatever the object says of them. */
export function workTool<Shape extends z.ZodRawShape>(spec: {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject<Shape>;
  readonly readOnly: boolean;
  readonly repeatable: boolean;
}): WorkTool<z.output<z.ZodObject<Shape, z.core.$strict>>> {
  const strict = spec.input.strict();
  const schema = jsonSchemaShape.parse(z.toJSONSchema(strict, { io: 'input' }));
  const { type, properties, required = [], additionalProperties } = schema;
  const input_schema = { type, properties, required, additionalProperties };
  return {
    name: spec.name,
    description: spec.description,
    schema: { name: spec.name, description: spec.description, input_schema },
    readOnly: spec.readOnly,
    repeatable: spec.repeatable,
    parse(input) {
      const result = strict.safeParse(input);
      if (result.success) return { ok: true, input: result.data };
      return { ok: false, error: explain(spec.name, properties, input, result.error.issues) };
    },
  };
}

function explain(
  tool: string,
  fields: Readonly<Record<string, FieldSchema>>,
  input: unknown,
  issues: readonly z.core.$ZodIssue[],
): string {
  const names = Object.keys(fields)
    .map((name) => `\`${name}\``)
    .join(', ');
  const given = z.record(z.string(), z.unknown()).safeParse(input);
  if (!given.success || Array.isArray(input)) {
    return `The input of ${tool} must be an object with the fields ${names}; it was ${kindOf(input)}.`;
  }
  const faults = new Map<string, string>();
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, 10)) {
        const shown = JSON.stringify(key.slice(0, 60));
        faults.set(key, `${shown} is not a field of ${tool}; its fields are ${names}`);
      }
      continue;
    }
    const top = String(issue.path[0] ?? '');
    const inner = innerField(fields[top], issue.path.slice(1));
    const key = inner ? issue.path.join('.') : top;
    const field = inner ?? fields[top];
    if (faults.has(key) || field === undefined) continue;
    if (inner)
      faults.set(
        key,
        `\`${key}\` was ${shownValue(valueAt(given.data, issue.path))}; it must be ${wanted(inner)}`,
      );
    else if (!(key in given.data)) faults.set(key, `\`${key}\` is missing; it must be ${wanted(field)}`);
    else if (issue.code === 'custom') faults.set(key, `\`${key}\` ${issue.message}`);
    else faults.set(key, `\`${key}\` was ${shownValue(given.data[key])}; it must be ${wanted(field)}`);
  }
  return `${tool} was not run, because its input is wrong: ${[...faults.values()].join('; ')}.`;
}

/** The field of an object that is itself a field. */
function innerField(field: FieldSchema | undefined, path: readonly PropertyKey[]): FieldSchema | undefined {
  if (path.length === 0) return undefined;
  const properties = z.record(z.string(), z.record(z.string(), z.json())).safeParse(field?.properties);
  return properties.success ? properties.data[String(path[0])] : undefined;
}

function wanted(field: FieldSchema): string {
  const { minimum, maximum, minLength, maxLength } = field;
  const kind = {
    integer: 'a whole number',
    number: 'a number',
    string: 'a string',
    boolean: 'true or false',
  }[String(field.type)];
  const range =
    typeof minimum === 'number' && typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER
      ? ` from ${minimum} to ${maximum}`
      : typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER
        ? ` of at least ${minimum}`
        : '';
  const length =
    typeof maxLength === 'number'
      ? ` of ${typeof minLength === 'number' ? minLength : 0} to ${maxLength} characters`
      : '';
  return `${kind ?? `of type ${String(field.type)}`}${range}${length}`;
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 60
      ? `a string of ${value.length} characters`
      : `the string ${JSON.stringify(value)}`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return kindOf(value);
}
