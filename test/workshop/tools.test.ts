import { describe, expect, test } from 'vitest';
import { bash } from '../../src/tools/bash.ts';
import { edit } from '../../src/tools/edit.ts';
import { glob } from '../../src/tools/glob.ts';
import { grep } from '../../src/tools/grep.ts';
import { read } from '../../src/tools/read.ts';
import { write } from '../../src/tools/write.ts';

const tools = [bash, read, write, edit, glob, grep];

describe.each(tools.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  test('its schema is a flat object that refuses unknown fields and describes each of its own', () => {
    const { input_schema: schema } = tool.schema;
    expect(tool.schema.name).toBe(name);
    expect(tool.schema.description.length).toBeGreaterThan(50);
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(JSON.stringify(schema)).not.toMatch(/"(anyOf|oneOf|allOf|\$ref|\$schema)"/);
    for (const field of Object.values(Object(schema.properties))) {
      expect(field).toMatchObject({ type: expect.any(String), description: expect.stringMatching(/.{20,}/) });
    }
  });

  test('no input at all, or one of another kind, is refused with the names of its fields', () => {
    for (const input of [null, undefined, [], 'text', 7]) {
      const parsed = tool.parse(input);
      expect(parsed.ok).toBe(false);
      for (const field of Object.keys(Object(tool.schema.input_schema.properties))) {
        expect(!parsed.ok && parsed.error).toContain(`\`${field}\``);
      }
    }
  });
});

test('only reading runs beside others and again after a crash', () => {
  expect(tools.filter((tool) => tool.readOnly).map((tool) => tool.name)).toEqual(['read', 'glob', 'grep']);
  expect(tools.filter((tool) => tool.repeatable).map((tool) => tool.name)).toEqual(['read', 'glob', 'grep']);
});

test('an error names every wrong field and what would be right', () => {
  expect(edit.parse({ path: '', new_text: 5, replace_all: 'yes', oldText: 'x' })).toEqual({
    ok: false,
    error: [
      'edit was not run, because its input is wrong: `path` must have 1 to 4096 characters, not 0',
      '`old_text` is missing: it must be a string of 1 to 1000000 characters',
      '`new_text` must be a string, not a number',
      '`replace_all` must be true or false, not a string',
      '`oldText` is not a field here: there are path, old_text, new_text, replace_all.',
    ].join('; '),
  });
  expect(read.parse({ path: 'a', offset: 0, limit: 1.5 })).toEqual({
    ok: false,
    error:
      'read was not run, because its input is wrong: `offset` must be a whole number from 1 to 100000000, not 0; `limit` must be a whole number from 1 to 10000, not 1.5.',
  });
});

test('what is right comes through unchanged', () => {
  const input = { path: 'a b', content: 'x\u0000y\n' };
  expect(write.parse(input)).toEqual({ ok: true, input });
});
