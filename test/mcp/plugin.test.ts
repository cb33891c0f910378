/** What users are given to set MCP up with: the plugin for Claude Code, and the examples of the documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { settingsSchema } from '../../src/config/schema.ts';
import { nodeShelf } from '../../src/hosts/node/skills/find.ts';
import { tidings } from '../../src/mcp/tidings.ts';

const root = join(import.meta.dirname, '..', '..');
const plugin = join(root, 'plugins', 'tidings');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const names = tidings(z.strictObject({ repo: z.string() })).tools.map(({ name }) => name);

const servers = z.strictObject({
  mcpServers: z.record(
    z.string(),
    z.union([
      z.strictObject({
        type: z.literal('http'),
        url: z.string(),
        headers: z.strictObject({ Authorization: z.string().regex(/^Bearer \$\{TIDINGS_TOKEN\}$/) }),
      }),
      z.strictObject({ command: z.literal('tidings'), args: z.array(z.string()) }),
    ]),
  ),
});

test('the plugin has a server of this gateway, and a skill that is sound and names tools that there are', async () => {
  const manifest = z.looseObject({ name: z.string(), version: z.string(), description: z.string() });
  const { name, version } = manifest.parse(JSON.parse(text('plugins/tidings/.claude-plugin/plugin.json')));
  expect(name).toBe('tidings');
  expect(version).toBe(z.object({ version: z.string() }).parse(JSON.parse(text('package.json'))).version);
  servers.parse(JSON.parse(text('plugins/tidings/.mcp.json')));
  const { skills, problems } = await nodeShelf([join(plugin, 'skills')], []);
  expect(problems).toEqual([]);
  expect(skills).toHaveLength(1);
  const skill = text('plugins/tidings/skills/subagents/SKILL.md');
  for (const one of names) expect(skill).toContain(`\`${one}`);
  // Whoever waits must be the one that the server knows.
  expect(text('plugins/tidings/.mcp.json')).toContain('as=claude-code');
  expect(skill).toContain('tidings wait --as claude-code');
});

test('the documentation’s examples are JSON of the right form, and its table has the tools that there are', () => {
  const page = text('docs/mcp.md');
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json));
  expect(examples).toHaveLength(2);
  for (const example of examples) servers.parse(example);
  expect([...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual(names);
  for (const dialect of settingsSchema.shape.mcp.unwrap().shape.dialects.unwrap().element.options) {
    expect(page).toContain(`/mcp/${dialect}`);
  }
});
