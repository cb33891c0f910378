/** The layout's promises: imports point inward only, and what must run on both hosts needs no Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', '..', 'src');

/** What runs on every host. */
const neutral = [
  'core',
  'runtime',
  'model',
  'tools',
  'trust',
  'skills',
  'markers',
  'gateway',
  'http',
  'mcp',
  'config',
  'log',
];

/** For each part: the other parts that it may import. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  runtime: ['core'],
  model: ['core'],
  trust: ['core'],
  tools: ['core', 'trust'],
  skills: ['core'],
  markers: ['core', 'runtime'],
  gateway: ['core', 'runtime', 'model', 'tools', 'trust', 'markers'],
  http: ['core', 'runtime', 'model', 'tools', 'gateway'],
  config: ['core', 'model', 'tools', 'trust', 'markers'],
  log: ['core', 'runtime', 'http'],
  // Types only, as a test below says.
  client: ['core', 'http'],
  // An adapter around the client: what an MCP client may do is what its token may do over HTTP.
  mcp: ['core', 'client', 'tools', 'http'],
  web: ['client'],
  simulator: [],
  'hosts/node': [...neutral, 'simulator', 'cli'],
  // What ships beside the sources, such as skills, comes into its bundle by import.
  'hosts/cloudflare': [...neutral, '..'],
  cli: [...neutral, 'client', 'simulator', 'hosts/node'],
};

/** The packages that a part may use; parts not named here may use any. */
const mayUse: Record<string, readonly RegExp[]> = {
  core: [/^zod$/, /^@noble\/hashes\//],
  runtime: [/^zod$/],
  model: [/^zod$/, /^@anthropic-ai\/sdk/, /^eventsource-parser$/],
  trust: [/^zod$/, /^unbash$/, /^picomatch$/],
  tools: [/^zod$/, /^ipaddr\.js$/, /^@mdream\/js$/],
  skills: [/^zod$/, /^yaml$/],
  markers: [/^zod$/],
  gateway: [],
  http: [/^zod$/, /^hono(\/|$)/, /^@noble\/hashes\//, /^nanoid$/],
  config: [/^zod$/, /^ipaddr\.js$/],
  log: [/^pino\/pino\.js$/],
  client: [/^zod$/, /^eventsource-parser$/],
  mcp: [/^zod$/, /^@noble\/hashes\//, /^@modelcontextprotocol\/server$/],
  web: [/^preact(\/|$)/, /^@preact\/signals$/, /^marked$/],
  'hosts/cloudflare': [/^(?!node:)/],
};

/** The part that a path within `src` belongs to; each host is one of its own. */
function partOf(path: string): string {
  const [part = '', host = ''] = path.split('/');
  return part === 'hosts' ? `${part}/${host}` : part;
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function imports(text: string): string[] {
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g),
  ];
  return found.map((match) => match[1] ?? '');
}

function breaches(): string[] {
  const wrong: string[] = [];
  for (const file of files(src)) {
    const name = relative(src, file);
    const part = partOf(name);
    const allowed = mayImport[part];
    if (!allowed) {
      wrong.push(`${name}: src/${part} is not in the layout`);
      continue;
    }
    for (const target of imports(readFileSync(file, 'utf8'))) {
      if (target.startsWith('.')) {
        const other = partOf(relative(src, resolve(dirname(file), target)));
        if (other !== part && !allowed.includes(other)) wrong.push(`${name} imports ${target}`);
      } else if (mayUse[part] && !mayUse[part].some((pattern) => pattern.test(target))) {
        wrong.push(`${name} imports ${target}`);
      }
    }
  }
  return wrong;
}

describe('the layout', () => {
  test('imports point inward only, and parts for both hosts use no Node', () => {
    expect(breaches()).toEqual([]);
  });

  test('the client takes nothing but types from the rest, so that none of it comes into a browser', () => {
    const wrong = files(join(src, 'client')).flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(
          /^(import|export)\b(?! type\b)[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
        ),
      ]
        .map((match) => match[2] ?? '')
        .filter((target) => target.startsWith('../') || target === 'zod')
        .map((target) => `${relative(src, file)} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the check sees every form of import', () => {
    const text = [
      `import { a } from './a.ts';`,
      `import type {\n  B,\n} from "../b.ts";`,
      `export { c } from './c.ts';`,
      `import 'node:fs';`,
      `const d = await import('./d.ts');`,
    ].join('\n');
    expect(imports(text)).toEqual(['./a.ts', '../b.ts', './c.ts', 'node:fs', './d.ts']);
  });

  test('no source file is longer than 400 lines', () => {
    const long = files(src)
      .map((file) => ({ file: relative(src, file), lines: readFileSync(file, 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});
