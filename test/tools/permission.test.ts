import { describe, expect, test } from 'vitest';
import { permissionFor } from '../../src/tools/permission.ts';

const bash = (command: string) => ({ id: 'c', name: 'bash', input: { command } });

function shown(command: string): string {
  const asked = permissionFor(bash(command), 'a rule says so');
  if (!asked.ok) throw new Error(asked.text);
  return asked.detail;
}

describe('what is shown of a call that must be allowed', () => {
  test('is the whole of a command, each line of it, and why it is asked for', () => {
    const command = `echo ok\n${'true;\n'.repeat(500)}rm -rf ~`;
    expect(shown(command)).toBe(`${command}\n\n(Asked because a rule says so.)`);
  });

  test('is not the beginning of one that is too long to be shown: that does not run', () => {
    const asked = permissionFor(bash(`echo ${'x'.repeat(8_000)}; rm -rf ~`), 'a rule says so');
    expect(asked).toMatchObject({
      ok: false,
      text: expect.stringContaining('at most 8000 characters can be shown'),
    });
  });

  test.each([
    ['a text that is read backwards', 'echo \u202e ~ fr- mr'],
    ['a character without width', 'rm\u200b -rf ~'],
    ['a carriage return that would cover what stands before it', 'rm -rf ~\rls'],
    ['an escape sequence of a terminal', 'rm -rf ~ \u001b[2K\u001b[1Gls'],
    ['a blank that is none', 'git\u00a0status'],
    ['a letter that is empty', 'ls \u3164'],
  ])('hides nothing: %s is written out', (_, command) => {
    expect(shown(command)).toMatch(/\\u\{[0-9a-f]+\}/);
    expect(shown(command)).not.toMatch(/[^\x20-\x7e\n]/);
    const asked = permissionFor(bash(command), 'a rule says so');
    expect(asked.ok && asked.title).toMatch(/\\u\{/);
  });

  test('is the path and all of the text of a file that is written, and says how much more there is', () => {
    const write = { id: 'c', name: 'write', input: { path: 'a.txt', content: 'x'.repeat(20_000) } };
    const asked = permissionFor(write, 'no rule allows it');
    expect(asked.ok && asked.detail).toContain('path: a.txt');
    expect(asked.ok && asked.detail).toMatch(/and \d+ characters more/);
  });

  test('begins with where a file is written, however long its text or its path', () => {
    const path = `${'./'.repeat(100)}../../etc/passwd`;
    const write = (of: string) => ({
      id: 'c',
      name: 'write',
      input: { content: 'x'.repeat(9_000), path: of },
    });
    const asked = permissionFor(write(path), 'no rule allows it');
    expect(asked.ok && asked.detail.startsWith(`path: ${path}\n`)).toBe(true);
    expect(permissionFor(write('a/'.repeat(3_000)), 'no rule allows it')).toMatchObject({ ok: false });
  });

  test('has a title that says when it is not all', () => {
    const titled = (command: string) => {
      const asked = permissionFor(bash(command), 'a rule says so');
      return asked.ok ? asked.title : asked.text;
    };
    expect(titled('git status')).toBe('bash: git status');
    expect(titled('git status\nrm -rf ~')).toBe('bash: git status … (2 lines)');
    expect(titled(`git status${' '.repeat(300)}; rm -rf ~`)).toMatch(/ …$/);
  });
});
