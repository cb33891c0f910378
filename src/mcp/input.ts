/**
 * What clients are told of a tool's input, and the check of what they send: the schema of a tool is both. Owns no words
 * but those for a field that is wrong where a dialect takes more fields than it names.
 */
import { z } from 'zod';
import { workTool } from '../tools/work-tool.ts';
import type { McpTool } from './tool.ts';

export type Checked =
  | { readonly ok: true; readonly input: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

export interface ToolInput {
  /** JSON Schema, an object. */
  readonly schema: { readonly type: 'object'; readonly [key: string]: unknown };
  check(given: unknown): Checked;
}

const objectSchema = z.looseObject({ type: z.literal('object') });

export function inputOf({ name, description, input }: McpTool): ToolInput {
  const { $schema: _, ...told } = objectSchema.parse(
    z.toJSONSchema(input, { io: 'input', override: ({ jsonSchema }) => withoutNoise(jsonSchema) }),
  );
  const schema = { properties: {}, ...told };
  if (told.additionalProperties === false) {
    const strict = workTool({ name, description, input, readOnly: false, repeatable: false });
    return { schema, check: (given) => strict.parse(given) };
  }
  return {
    schema,
    check(given) {
      const result = input.safeParse(given);
      if (result.success) return { ok: true, input: result.data };
      const faults = result.error.issues.map(({ path, message }) => `\`${path.join('.')}\`: ${message}`);
      return {
        ok: false,
        error: `${name} was not run, because its input is wrong: ${[...new Set(faults)].join('; ')}.`,
      };
    },
  };
}

/** What says nothing to a model: every whole number is a safe one, every name of a field is a string. */
function withoutNoise(schema: {
  maximum?: unknown;
  minimum?: unknown;
  propertyNames?: unknown;
  properties?: object;
}): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
  if (schema.properties && Object.keys(schema.properties).length === 0) delete schema.properties;
}
