/**
 * Owns the shape of a work tool: its words and schema for the model, and the check of what a model sends it.
 * Never runs a tool: that is the host's workshop.
 */
import { z } from 'zod';
import { check, type Fault, inTicks, inWords } from '../core/faults.ts';
import { kindOf } from '../core/given.ts';
import type { OwnToolSchema } from '../core/ports.ts';

/** The greatest number of faults that are told at once. */
const MAX_FAULTS = 20;

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
      const checked = check(strict, input);
      if (checked.ok) return { ok: true, input: checked.data };
      return { ok: false, error: notRun(spec.name, Object.keys(properties), input, checked.faults) };
    },
  };
}

function notRun(tool: string, fields: readonly string[], input: unknown, faults: readonly Fault[]): string {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    const names = fields.map(inTicks).join(', ');
    return `The input of ${tool} must be an object with the fields ${names}; it was ${kindOf(input)}.`;
  }
  return `${tool} was not run, because its input is wrong: ${inWords(faults.slice(0, MAX_FAULTS), inTicks)}`;
}
