import { describe, expect, test } from 'vitest';
import type { PrefixSubject } from '../../src/core/commands.ts';
import { systemPrompt } from '../../src/tools/prompt.ts';
import { makeToolset } from '../../src/tools/toolset.ts';

const subjects = (['main', 'subagent'] as const).flatMap((kind) =>
  [true, false].map((mayDelegate): PrefixSubject => ({ kind, role: 'worker', mayDelegate, model: 'm' })),
);

function toolset(canWork: boolean, sandboxed = false) {
  return makeToolset({
    repositories: [],
    models: ['m'],
    maxMinutes: 60,
    maxUsd: 2,
    canWork,
    sandboxed,
    canFetch: true,
    keepsPages: canWork,
    choose: () => ({ ok: true, model: 'm', priced: true }),
    judge: () => ({ is: 'run' }),
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

/** The system prompt of such a session. */
function prompt(
  subject: Partial<PrefixSubject>,
  host: { readonly canWork: boolean; readonly sandboxed?: boolean } = { canWork: true },
): string {
  const whole: PrefixSubject = {
    kind: 'subagent',
    role: 'worker',
    mayDelegate: false,
    model: 'm',
    ...subject,
  };
  return systemPrompt(whole, undefined, { skills: [], ...host }).join('\n');
}

const hosts = [
  { canWork: false, sandboxed: false },
  { canWork: true, sandboxed: false },
  { canWork: true, sandboxed: true },
] as const;

describe('a host with folders and processes', () => {
  test('tells of them as ever', () => {
    for (const subject of subjects) {
      expect(prompt(subject)).toContain(
        'Your bash, read, write, edit, glob and grep work in a folder of your own.',
      );
      const names = toolset(true)
        .schemas(subject)
        .map(({ name }) => name);
      expect(names).toContain('bash');
    }
  });

  test('tells of a sandbox where there is one, and only there', () => {
    for (const subject of subjects) {
      expect(prompt(subject, { canWork: true, sandboxed: true })).toMatch(
        /Your commands run in a sandbox: they write in your folder and in \/tmp only/,
      );
      for (const host of [{ canWork: true }, { canWork: false, sandboxed: true }]) {
        expect(prompt(subject, host)).not.toMatch(/sandbox/);
      }
    }
  });
});

describe('a reviewer', () => {
  const reviewer = { role: 'reviewer' } as const;

  test('is told of the tools that it has, and of no other', () => {
    for (const host of hosts) {
      const offered = toolset(host.canWork, host.sandboxed)
        .schemas({ kind: 'subagent', mayDelegate: false, ...reviewer })
        .map(({ name }) => name);
      const told = prompt(reviewer, host);
      for (const name of ['read', 'glob', 'grep'] as const) {
        expect([name, new RegExp(`Your .*\\b${name}\\b.* look`).test(told)]).toEqual([
          name,
          offered.includes(name),
        ]);
      }
      expect(told.includes('Your bash runs')).toBe(offered.includes('bash'));
      expect(told).not.toMatch(/read, write|\bedit\b|put there what others are to find/);
    }
  });

  test('that has commands knows that they write in $TMPDIR alone, and for no longer than a call', () => {
    const told = prompt(reviewer, { canWork: true, sandboxed: true });
    expect(told).toContain('all is read-only, your folder and /tmp too. The one place to write is $TMPDIR');
    expect(told).toContain('empty at the start of each call and gone at its end');
    expect(told).not.toContain('they write in your folder and in /tmp');
  });

  test('that has none judges by reading', () => {
    const told = prompt(reviewer, { canWork: true, sandboxed: false });
    expect(told).toContain('There is no bash for you here: judge by reading');
    expect(told).not.toMatch(/TMPDIR|sandbox/);
  });

  test('knows that it is one, and nobody else does', () => {
    expect(prompt(reviewer)).toContain('You are a reviewer');
    for (const subject of subjects) expect(prompt(subject)).not.toContain('You are a reviewer');
  });
});

test('everybody knows that a call may have to be allowed, also where pages are all there is to fetch', () => {
  for (const host of hosts) {
    for (const subject of [...subjects, { role: 'reviewer' } as const]) {
      expect(prompt(subject, host)).toContain('A call may have to be allowed before it runs');
    }
  }
});

test('only those who hand in a plan, or a result of a form, are told how', () => {
  const PLAN = 'Before you act, hand in your plan';
  const FORM = 'hand it in with submit_result';
  for (const [subject, plans, submits] of [
    [{}, false, false],
    [{ plans: true }, true, false],
    [{ submits: true }, false, true],
    [{ plans: true, submits: true }, true, true],
    [{ plans: false, submits: false }, false, false],
    [{ kind: 'main' }, false, false],
  ] as const) {
    const told = prompt(subject);
    expect([subject, told.includes(PLAN), told.includes(FORM)]).toEqual([subject, plans, submits]);
  }
});
