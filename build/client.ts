/**
 * Makes dist/client: the client as one file for browsers, Node and Workers, and its types without zod. The types are
 * the sources' own; only what they take from a schema is written out, from the JSON Schema of it. Changes nothing else.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { z } from 'zod';
import * as card from '../src/core/card.ts';
import * as feed from '../src/core/feed.ts';
import * as answers from '../src/http/answers.ts';

/** @returns what esbuild says of what it took in */
export async function buildClient(root: string): Promise<Metafile> {
  const into = join(root, 'dist', 'client');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/client/index.ts'],
    outdir: into,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  writeTypes(root, into);
  return metafile;
}

function writeTypes(root: string, into: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-types-'));
  try {
    const config = join(folder, 'tsconfig.json');
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          noEmit: false,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: join(root, 'src'),
          outDir: folder,
          typeRoots: [join(root, 'node_modules', '@types')],
        },
        include: [],
        files: [join(root, 'src/client/index.ts')],
      }),
    );
    const ran = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { encoding: 'utf8' });
    if (ran.status !== 0)
      throw new Error(`the client's types could not be made:\n${ran.stdout}${ran.stderr}`);
    mkdirSync(into, { recursive: true });
    for (const name of readdirSync(join(folder, 'client'))) {
      cpSync(join(folder, 'client', name), join(into, name));
    }
    const source = readFileSync(join(root, 'src/client/types.ts'), 'utf8');
    writeFileSync(join(into, 'types.d.ts'), withoutZod(source));
    for (const name of readdirSync(into).filter((one) => one.endsWith('.d.ts'))) {
      const text = readFileSync(join(into, name), 'utf8');
      writeFileSync(join(into, name), text.replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The source of types with each `z.infer<typeof schema>` written out, so that no import is left. */
function withoutZod(source: string): string {
  const text = source
    .replace(/^import type [^;]+;\n/gm, '')
    .replace(/z\.infer<typeof (\w+)>/g, (_, name: string) => written(schemaNamed(name)))
    .replace(/typeof feedSchemas/g, () => written(z.object(feed.feedSchemas)))
    .replace(/z\.infer<(\w+\[\w+\])>/g, '$1');
  const left = /\bz\.|\btypeof\b|^import\b/m.exec(text);
  if (left) throw new Error(`something of a schema is left in the client's types: ${left[0]}`);
  return text;
}

function schemaNamed(name: string): z.ZodType {
  const found = Object.entries({ ...answers, ...feed, ...card }).find(([one]) => one === name)?.[1];
  if (!(found instanceof z.ZodType)) throw new Error(`there is no schema ${name}`);
  return found;
}

const kind = z.enum(['string', 'number', 'integer', 'boolean', 'null', 'object', 'array']);
const schema = z.object({
  type: z.union([kind, z.array(kind)]).optional(),
  description: z.string().optional(),
  const: z.union([z.string(), z.number(), z.boolean()]).optional(),
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.union([z.boolean(), z.record(z.string(), z.unknown())]).optional(),
  propertyNames: z.unknown().optional(),
});

function written(type: z.ZodType): string {
  return typeText(z.toJSONSchema(type, { io: 'output', reused: 'inline' }));
}

function typeText(json: unknown): string {
  const one = schema.parse(json);
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.enum) return `(${one.enum.map((word) => JSON.stringify(word)).join(' | ')})`;
  const { anyOf = one.oneOf } = one;
  if (anyOf) return `(${anyOf.map(typeText).join(' | ')})`;
  if (Array.isArray(one.type)) return `(${one.type.map((type) => typeText({ ...one, type })).join(' | ')})`;
  switch (one.type) {
    case 'integer':
      return 'number';
    case 'array':
      if (one.prefixItems) return `[${one.prefixItems.map(typeText).join(', ')}]`;
      return `${typeText(one.items)}[]`;
    case 'object':
      return objectText(one);
    case undefined:
      // Only what says nothing may be anything: what is not read here must not get lost.
      if (Object.keys(z.looseObject({}).parse(json)).some((key) => key !== 'description'))
        throw new Error(`a schema that can't be written as a type: ${JSON.stringify(json)}`);
      return 'unknown';
    default:
      return one.type;
  }
}

function objectText({
  properties,
  required = [],
  additionalProperties,
  propertyNames,
}: z.infer<typeof schema>): string {
  if (!properties) {
    const keys = propertyNames === undefined ? 'string' : typeText(propertyNames);
    const values = typeof additionalProperties === 'object' ? typeText(additionalProperties) : 'unknown';
    // Not every key need be there, as is usual of records.
    return keys === 'string' ? `Record<string, ${values}>` : `Partial<Record<${keys}, ${values}>>`;
  }
  const lines = Object.entries(properties).map(([name, value]) => {
    const { description } = schema.parse(value);
    const doc = description === undefined ? '' : `/** ${description.replaceAll('*/', '* /')} */\n`;
    return `${doc}${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeText(value)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}
