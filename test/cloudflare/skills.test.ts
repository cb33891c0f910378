import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const shipped = readdirSync(join(root, 'skills'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('every skill that ships is bundled with the Worker, and is no more than what is bundled of it', () => {
  const source = readFileSync(join(root, 'src', 'hosts', 'cloudflare', 'skills.ts'), 'utf8');
  expect(shipped.length).toBeGreaterThan(0);
  for (const name of shipped) {
    expect(source).toContain(`'../../../skills/${name}/SKILL.md'`);
    expect(readdirSync(join(root, 'skills', name))).toEqual(['SKILL.md']);
  }
});
