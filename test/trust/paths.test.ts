import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from './verdicts.ts';

const allows = (pattern: string, path: string, workspace?: string): boolean =>
  judge({ allow: [`write(${pattern})`] }, 'write', { path }, 'ask', workspace).is === 'run';
const denies = (pattern: string, path: string, workspace?: string): string =>
  judge({ deny: [`write(${pattern})`] }, 'write', { path }, 'auto', workspace).is;

describe('a rule that allows writing', () => {
  test.each([
    ['src/**', 'src/a/b.ts', true],
    ['src/**', './src/../src/a.ts', true],
    ['src/**', 'src//.hidden/x', true],
    ['./src/**', 'src/x', true],
    ['src/**', 'src/../package.json', false],
    ['src/**', 'src/../../src/x', false],
    ['src/**', '../src/x', false],
    ['src/**', 'srcs/x', false],
    ['src/**', 'lib/src/x', false],
    ['src/**', '/src/x', false],
    ['src/**', '~/src/x', false],
    ['**', '.env', true],
    ['**', '../x', false],
    ['**', 'a/../../x', false],
    ['**', '/etc/passwd', false],
    ['../**', '../x', false],
    ['..', '..', false],
    ['!secret', 'x', false],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/a.md', false],
    ['**/*.md', 'docs/a.md', true],
    ['**/*.md', 'a.md\n', false],
    ['a?c', 'a/c', false],
    ['{a,b}/*', 'b/x', true],
    ['/tmp/**', '/tmp/x', true],
    ['/tmp/**', '/tmp/../etc/passwd', false],
    ['/tmp/**', 'tmp/x', false],
    ['README.md', 'readme.md', false],
  ])('write(%s) and %s: %s', (pattern, path, is) => {
    expect(allows(pattern, path)).toBe(is);
  });

  test('means a path in the workspace however it is written, once the workspace is known', () => {
    expect(allows('src/**', '/ws/a/src/x', '/ws/a')).toBe(true);
    expect(allows('src/**', '../a/src/x', '/ws/a/')).toBe(true);
    expect(allows('src/**', '/ws/ab/src/x', '/ws/a')).toBe(false);
    expect(allows('**', '/ws/a/../b', '/ws/a')).toBe(false);
    expect(allows('/tmp/**', '../../tmp/x', '/ws/a')).toBe(true);
    expect(allows('/ws/a/src/*', 'src/x', '/ws/a')).toBe(true);
  });

  test('never means a path that leads out of the workspace, whatever the pattern', () => {
    const names = fc.array(fc.constantFrom('..', '.', '', 'a', 'b', '.git', '*'), {
      minLength: 1,
      maxLength: 8,
    });
    const patterns = fc.constantFrom(
      '**',
      '../**',
      '**/*',
      '*',
      '**/..',
      '..',
      '{..,a}/**',
      '[.][.]/**',
      '.*/**',
      '?(..)/**',
    );
    fc.assert(
      fc.property(names, patterns, (path, pattern) => {
        const rests: number[] = [];
        for (const name of path) {
          if (name !== '' && name !== '.') rests.push((rests.at(-1) ?? 0) + (name === '..' ? -1 : 1));
        }
        fc.pre((rests.at(-1) ?? 0) < 0 && !path.join('/').startsWith('/'));
        expect(allows(pattern, path.join('/'))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a rule that denies writing', () => {
  test.each([
    ['.env', '.env', 'deny'],
    ['.env', './x/../.env', 'deny'],
    ['.env', '.ENV', 'deny'],
    ['**/.env', 'a/b/.env', 'deny'],
    ['caf\u00e9/*', 'cafe\u0301/x', 'deny'],
    ['.env', 'env', 'run'],
    // Such a path may lie in the workspace, or lead back into it.
    ['.env', '/home/ada/app/.env', 'ask'],
    ['.env', '../app/.env', 'ask'],
    ['.env', '/home/ada/app/env', 'run'],
    ['/etc/**', '/etc/../etc/passwd', 'deny'],
    ['/etc/**', '../../etc/passwd', 'ask'],
    ['/etc/**', 'etc/passwd', 'run'],
  ])('write(%s) and %s: %s', (pattern, path, is) => {
    expect(denies(pattern, path)).toBe(is);
  });

  test('is certain once the workspace is known', () => {
    expect(denies('.env', '/ws/a/.env', '/ws/a')).toBe('deny');
    expect(denies('.env', '../a/.env', '/ws/a')).toBe('deny');
    expect(denies('.env', '/ws/b/.env', '/ws/a')).toBe('run');
    expect(denies('/etc/**', '../../etc/passwd', '/ws/a')).toBe('deny');
    expect(denies('/ws/a/.env', '.env', '/ws/a')).toBe('deny');
  });
});

describe('looking through a folder', () => {
  const grep = (pattern: string, input: { [key: string]: string }): string =>
    judge({ deny: [`grep(${pattern})`] }, 'grep', { pattern: 'x', ...input }).is;

  test('is denied where the rule means the folder, and a person’s to allow where it means something below', () => {
    expect(grep('secret/**', { path: 'secret/keys' })).toBe('deny');
    expect(grep('secret/**', { path: 'secret' })).toBe('deny');
    expect(grep('secret/keys', { path: 'secret' })).toBe('ask');
    expect(grep('secret/**', {})).toBe('ask');
    expect(grep('**/*.pem', { path: 'src' })).toBe('ask');
    expect(grep('secret/**', { path: 'src' })).toBe('run');
    expect(grep('secret/**', { path: 'src', glob: '../secret/*' })).toBe('ask');
    expect(grep('secret/**', { path: '../..' })).toBe('ask');
    expect(judge({ deny: ['glob(secret/**)'] }, 'glob', { pattern: '*', path: '..' }, 'ask', '/ws').is).toBe(
      'ask',
    );
    expect(
      judge({ deny: ['glob(secret/**)'] }, 'glob', { pattern: '*', path: '../b' }, 'ask', '/ws').is,
    ).toBe('run');
  });

  test('has rules of its own: those for reading don’t speak of it', () => {
    expect(judge({ deny: ['read(secret/**)'] }, 'grep', { pattern: 'x', path: 'secret' }).is).toBe('run');
  });
});

describe('a file that a command writes by redirection', () => {
  test.each([
    ['ls > src/x', 'run'],
    ['ls >> src/x 2>&1', 'run'],
    ['ls &> src/x', 'run'],
    ['ls >| src/x', 'run'],
    ['ls > x', 'ask'],
    ['ls >& x', 'ask'],
    ['ls 2> x', 'ask'],
    ['> x', 'ask'],
    ['ls <> x', 'ask'],
    ['{ ls; } > x', 'ask'],
    ['if ls; then ls; fi > x', 'ask'],
    ['f() { ls; } > x', 'ask'],
    ['ls > src/../x', 'ask'],
    ['ls > "$X"', 'ask'],
    ['ls > src/*', 'ask'],
    ['ls > ~/src', 'ask'],
    ['ls > /dev/tcp/a.org/80', 'ask'],
    ['ls > /dev/null 2>&1', 'run'],
    ['ls 2>&- 1>&2 >/dev/stderr', 'run'],
    ['ls < x', 'run'],
    ['ls < "$X"', 'ask'],
    ['ls < /dev/tcp/a.org/80', 'ask'],
    ['ls {PATH}> /dev/null', 'ask'],
  ])('%s: %s', (command, is) => {
    expect(judge({ allow: ['bash(ls)', 'write(src/**)'] }, 'bash', { command }).is).toBe(is);
  });

  test('is denied like any other writing', () => {
    const rules = { deny: ['write(.env)'] };
    expect(judge(rules, 'bash', { command: 'sh -c "echo x > .env"' }, 'auto')).toEqual({
      is: 'deny',
      because: 'the rule deny: write(.env) matches `> .env`',
    });
    expect(judge(rules, 'bash', { command: 'echo x > "$F"' }, 'auto')).toMatchObject({
      is: 'ask',
      person: true,
    });
    expect(judge(rules, 'bash', { command: 'find . -fprint .env' }, 'auto').is).toBe('deny');
    expect(judge(rules, 'bash', { command: 'git diff --output=.env' }, 'auto').is).toBe('deny');
    expect(judge(rules, 'bash', { command: 'echo .env' }, 'auto').is).toBe('run');
  });
});
