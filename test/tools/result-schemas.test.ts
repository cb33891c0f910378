/** Both hosts' checkers of results, each on the same cases: what one takes the other takes. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/ports.ts';
import { compileSchema } from '../../src/hosts/cloudflare/schemas.ts';
import { makeCompileSchema } from '../../src/hosts/node/schemas.ts';
import type { CompileSchema, ResultSchema } from '../../src/tools/result-schema.ts';

const hosts: [string, CompileSchema][] = [
  ['Node', makeCompileSchema()],
  ['Cloudflare', compileSchema],
];

const person: ResultSchema = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1 }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
  additionalProperties: false,
};
const tree: ResultSchema = {
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['v'] } },
  $ref: '#/$defs/node',
};
const pair: ResultSchema = { prefixItems: [{ type: 'string' }, { type: 'number' }], items: false };

const cases: readonly [ResultSchema, Json, boolean][] = [
  [person, { name: 'Ada', age: 36 }, true],
  [person, { name: 'Ada' }, true],
  [person, { age: 36 }, false],
  [person, { name: '' }, false],
  [person, { name: 'Ada', age: 1.5 }, false],
  [person, { name: 'Ada', shoes: 2 }, false],
  [person, [], false],
  [person, null, false],
  [tree, { v: 1, next: { v: 2 } }, true],
  [tree, { v: 1, next: {} }, false],
  [pair, ['a', 1], true],
  [pair, ['a', 1, 2], false],
  [{ anyOf: [{ type: 'string' }, { const: 7 }] }, 7, true],
  [{ anyOf: [{ type: 'string' }, { const: 7 }] }, 8, false],
  [{ enum: ['red', 'blue'] }, 'blue', true],
  [{ enum: ['red', 'blue'] }, 'green', false],
  [{ type: 'string', pattern: '^a+$' }, 'aaa', true],
  [{ type: 'string', pattern: '^a+$' }, 'ab', false],
  [{ not: { required: ['a'] } }, { a: 1 }, false],
  [{ dependentRequired: { a: ['b'] } }, { a: 1 }, false],
  [{ $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, [1], false],
  [{ $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, ['a', 1], true],
  [{ type: 'array', uniqueItems: true }, [1, 1], false],
  [{}, { anything: true }, true],
  [{ multipleOf: 0.01 }, 0.07, true],
  [{ multipleOf: 0.01 }, 0.075, false],
  [{ type: 'string', format: 'email' }, 'no address', true],
  [{ type: 'string', nullable: true }, null, false],
  [{ properties: { format: { type: 'string' } } }, { format: 3 }, false],
  [{ const: { format: 'x' } }, { format: 'x' }, true],
  [{ $defs: { a: { $ref: '#/$defs/b' }, b: { type: 'string' } }, $ref: '#/$defs/a' }, 'x', true],
  [{ $defs: { a: { $ref: '#/$defs/b' }, b: { type: 'string' } }, $ref: '#/$defs/a' }, 1, false],
];

const noSchemas: readonly ResultSchema[] = [
  { type: 'colour' },
  { properties: 3 },
  { required: 'name' },
  { minimum: 'low' },
  { $ref: '#/$defs/nowhere' },
  { $ref: 'https://example.org/schema.json' },
  { properties: { a: { $ref: '#/$defs/nowhere' } } },
  { properties: { a: { $ref: '#/properties/a' } } },
  { $async: true, type: 'string' },
  { $schema: 'http://json-schema.org/draft-04/schema#', type: 'string' },
  { $schema: 'https://json-schema.org/draft/2019-09/schema', type: 'string' },
  { $dynamicRef: '#node' },
];

describe.each(hosts)('results on %s', (_, compile) => {
  test.each(cases)('%j %j: fits %s', (schema, value, fits) => {
    const compiled = compile(schema);
    if (!compiled.ok) throw new Error(compiled.error);
    const misfit = compiled.misfit(value);
    expect(misfit === undefined).toBe(fits);
    if (!fits) expect(misfit).toMatch(/\w/);
  });

  test.each(noSchemas)('%j is no schema that can be checked, in words', (schema) => {
    expect(compile(schema)).toMatchObject({ ok: false, error: expect.stringMatching(/\w{3}/) });
  });

  test('the place of a fault is named', () => {
    const compiled = compile({ properties: { list: { items: { type: 'number' } } } });
    if (!compiled.ok) throw new Error(compiled.error);
    expect(compiled.misfit({ list: [1, 'two'] })).toContain('/list/1');
  });

  test('a schema is compiled again as if for the first time, and left as it was', () => {
    const schema = { $id: 'https://example.org/a', type: 'string' };
    const before = JSON.stringify(schema);
    for (let n = 0; n < 3; n++) expect(compile(schema)).toMatchObject({ ok: true });
    expect(compile({ ...schema, minLength: 2 })).toMatchObject({ ok: true });
    expect(JSON.stringify(schema)).toBe(before);
  });
});

test('a pattern that would take for ever is given up and told of', () => {
  const compiled = makeCompileSchema()({ type: 'string', pattern: '^(a+)+$' });
  if (!compiled.ok) throw new Error(compiled.error);
  expect(compiled.misfit(`${'a'.repeat(40)}!`)).toContain('simplify its patterns');
});
