import { describe, expect, test } from 'vitest';
import type { PrefixSubject } from '../../src/core/commands.ts';
import { systemPrompt } from '../../src/tools/prompt.ts';
import { makeToolset } from '../../src/tools/toolset.ts';

const subjects = (['main', 'subagent'] as const).flatMap((kind) =>
  [true, false].map((mayDelegate): PrefixSubject => ({ kind, role: 'worker', mayDelegate, model: 'm' })),
);

function toolset(canWork: boolean) {
  return makeToolset({
    repositories: [],
    models: ['m'],
    maxMinutes: 60,
    maxUsd: 2,
    canWork,
    canFetch: true,
    keepsPages: canWork,
    choose: () => ({ ok: true, model: 'm', priced: true }),
  });
}

describe('a host without folders and processes', () => {
  test('tells nobody of files or commands, neither in the prompt nor among the tools', () => {
    for (const subject of subjects) {
      const prompt = systemPrompt(subject, undefined, { skills: [], canWork: false }).join('\n');
      expect(prompt).not.toMatch(/\bbash\b|\/tmp|long commands/);
      expect(prompt).toContain('neither files nor commands');
      const schemas = toolset(false).schemas(subject);
      const names = schemas.map(({ name }) => name);
      expect(names).toContain('web_fetch');
      for (const name of ['bash', 'read', 'write', 'edit', 'glob', 'grep']) expect(names).not.toContain(name);
      expect(JSON.stringify(schemas)).not.toMatch(/in a file|"repo"/);
    }
  });
});

test('a host with folders and processes tells of them as ever', () => {
  for (const subject of subjects) {
    const prompt = systemPrompt(subject, undefined, { skills: [], canWork: true }).join('\n');
    expect(prompt).toContain('Your bash, read, write, edit, glob and grep work in a folder of your own.');
    expect(
      toolset(true)
        .schemas(subject)
        .map(({ name }) => name),
    ).toContain('bash');
  }
});
