import { describe, expect, test } from 'vitest';
import { makeJudge } from '../../src/trust/judge.ts';
import { judge } from './verdicts.ts';

const run = { is: 'run' };
const bash = { command: 'git push origin main' };

describe('which rule wins', () => {
  const rule = 'bash(git push *)';

  test('denying wins over asking, asking over allowing', () => {
    const because = `the rule deny: ${rule} matches \`git push origin main\``;
    expect(judge({ allow: [rule], ask: [rule], deny: [rule] }, 'bash', bash)).toEqual({
      is: 'deny',
      because,
    });
    expect(judge({ allow: [rule], ask: [rule] }, 'bash', bash)).toEqual({
      is: 'ask',
      because: `the rule ask: ${rule} matches \`git push origin main\``,
      person: true,
    });
    expect(judge({ allow: [rule] }, 'bash', bash)).toEqual(run);
  });

  test('what may be denied is for a person to allow', () => {
    expect(judge({ deny: [rule] }, 'bash', { command: 'git $VERB origin' }, 'auto')).toMatchObject({
      is: 'ask',
      person: true,
    });
    expect(judge({ deny: [rule] }, 'bash', { command: 'git log $WHAT' }, 'auto')).toEqual(run);
    expect(
      judge({ deny: ['bash(git push --force)'] }, 'bash', { command: 'git push "$HOW"' }, 'auto'),
    ).toEqual({
      is: 'ask',
      because: 'the rule deny: bash(git push --force) may match `git push "$HOW"`',
      person: true,
    });
  });

  test('a rule that surely denies wins over one before it that only may', () => {
    const verdict = judge({ deny: ['bash(a b)', 'bash(rm *)'] }, 'bash', { command: 'a $X; rm x' }, 'auto');
    expect(verdict).toEqual({ is: 'deny', because: 'the rule deny: bash(rm *) matches `rm x`' });
  });

  test('a tool without a pattern means all its calls', () => {
    const command = '$ANY > "$THING"; x=1';
    expect(judge({ deny: ['bash'] }, 'bash', { command }, 'auto').is).toBe('deny');
    expect(judge({ ask: ['bash'] }, 'bash', { command }, 'auto')).toMatchObject({ is: 'ask', person: true });
    expect(judge({ allow: ['bash'] }, 'bash', { command })).toEqual(run);
    expect(judge({ allow: ['write'] }, 'write', { path: '/x' })).toEqual(run);
    expect(judge({ deny: ['web_fetch'] }, 'web_fetch', { url: 'https://a.org' }, 'auto').is).toBe('deny');
    expect(judge({ deny: ['write'] }, 'bash', { command: 'ls > x' }, 'auto').is).toBe('deny');
  });
});

describe('what no rule speaks of', () => {
  test('runs at the level auto, and is asked about at the levels ask and plan', () => {
    expect(judge({}, 'bash', bash, 'auto')).toEqual(run);
    for (const level of ['ask', 'plan'] as const) {
      expect(judge({}, 'bash', bash, level)).toEqual({
        is: 'ask',
        because: 'no rule allows `git push origin main`',
        person: false,
      });
    }
    expect(judge({}, 'write', { path: 'a.ts' })).toMatchObject({ because: 'no rule allows `write a.ts`' });
  });

  test('runs at every level where it only reads in the places of the session', () => {
    expect(judge({}, 'read', { path: '/repo/x' })).toEqual(run);
    expect(judge({}, 'glob', { pattern: '**/*.ts' })).toEqual(run);
    expect(judge({}, 'grep', { pattern: 'x' })).toEqual(run);
    expect(
      makeJudge({ allow: [], ask: [], deny: [] })({ name: 'worktrees', input: {}, readOnly: true }, 'ask'),
    ).toEqual(run);
  });

  test('is asked about where it reads the web', () => {
    expect(judge({}, 'web_fetch', { url: 'https://a.org/x' })).toEqual({
      is: 'ask',
      because: 'no rule allows `web_fetch https://a.org/x`',
      person: false,
    });
  });

  test('rules that deny and ask speak of reading, too', () => {
    expect(judge({ deny: ['read(.env)'] }, 'read', { path: '.env' }).is).toBe('deny');
    expect(judge({ ask: ['grep'] }, 'grep', { pattern: 'x' })).toMatchObject({ is: 'ask', person: true });
  });

  test('is nobody’s question where a tool only changes sessions', () => {
    for (const name of ['sessions_spawn', 'subagents', 'report', 'stay_silent', 'skill', 'submit_result']) {
      expect(judge({}, name, { task: 'x' })).toEqual(run);
    }
  });

  test('is asked about where a tool is one that rules can’t name', () => {
    expect(judge({ allow: ['bash', 'write'] }, 'teleport', {})).toMatchObject({
      because: 'no rule allows `teleport`',
    });
    expect(judge({}, 'teleport', {}, 'auto')).toEqual(run);
  });
});

describe('the other tools', () => {
  test('worktrees are matched on what is done with them', () => {
    const rules = { allow: ['worktrees(diff)'], deny: ['worktrees(remove)'] };
    expect(judge(rules, 'worktrees', { action: 'diff', target: 'a' })).toEqual(run);
    expect(judge(rules, 'worktrees', { action: 'land', target: 'a' })).toMatchObject({
      is: 'ask',
      because: 'no rule allows `worktrees land`',
    });
    expect(judge(rules, 'worktrees', { action: 'remove', target: 'a' })).toMatchObject({ is: 'deny' });
  });

  test.each([
    ['docs.example.org', 'https://docs.example.org/a?b', true],
    ['docs.example.org', 'http://DOCS.example.org.:8080/', true],
    ['docs.example.org', 'https://docs.example.org.evil.org/', false],
    ['docs.example.org', 'https://docs.example.org@evil.org/', false],
    ['docs.example.org', 'https://evil.org/docs.example.org', false],
    ['docs.example.org', 'https://a.docs.example.org/', false],
    ['*.example.org', 'https://a.b.example.org/', true],
    ['*.example.org', 'https://example.org/', false],
    ['*.example.org', 'https://badexample.org/', false],
    ['*.example.org', 'https://evil.org\\.example.org/', false],
    ['2001:db8:0::1', 'http://[2001:DB8::1]/', true],
    ['2001:db8::1', 'http://[2001:db8::2]/', false],
    ['example.org', 'not a url', false],
  ])('web_fetch(%s) and %s', (pattern, url, fits) => {
    expect(judge({ allow: [`web_fetch(${pattern})`] }, 'web_fetch', { url }).is).toBe(fits ? 'run' : 'ask');
    expect(judge({ deny: [`web_fetch(${pattern})`] }, 'web_fetch', { url }, 'auto').is).toBe(
      fits ? 'deny' : 'run',
    );
  });
});

describe('the words', () => {
  const because = (command: string, rules = {}, level: 'ask' | 'auto' = 'ask'): string => {
    const verdict = judge(rules, 'bash', { command }, level);
    return verdict.is === 'run' ? '' : verdict.because;
  };

  test('say what it is that no rule allows', () => {
    expect(because('rm -rf x')).toBe('no rule allows `rm -rf x`');
    expect(because('ls && $CMD', { allow: ['bash(ls)', 'bash(*)'] })).toBe(
      "what `$CMD` runs can't be told before it runs",
    );
    expect(because('ls > out', { allow: ['bash(ls)'] })).toBe('no rule allows `> out`');
    expect(because('PATH=/x ls', { allow: ['bash(ls)'] })).toBe(
      '`PATH=…` may change what the other commands do, so no rule can allow it',
    );
    expect(because('ls() { ls; }; ls', { allow: ['bash(ls)'] })).toBe(
      'the command itself gives the name in `ls` another meaning, so no rule can allow it',
    );
    expect(because('ls "', { allow: ['bash(ls)'] })).toBe(
      'it is not understood as a shell command (unterminated double quote)',
    );
  });

  test('name the rule that has to be asked about what nobody can tell', () => {
    expect(because('eval "$X"', { deny: ['bash(rm *)'] }, 'auto')).toBe(
      'what `eval "$X"` runs can\'t be told before it runs, and the rule deny: bash(rm *) may match it',
    );
    expect(because('eval "$X"', { deny: ['read(x)'] }, 'auto')).toBe('');
  });

  test('are short, and on one line of signs that show', () => {
    const shown = because(`echo 'a\nb\u202e\u00a0\r' ${'x'.repeat(1_000)}`);
    expect(shown).toMatch(/^no rule allows `echo 'a\\nb\\u\{202e\}\\u\{a0\}\\u\{d\}' x+…`$/);
    expect(shown.length).toBeLessThan(300);
  });
});

test('a call without what its tool needs is never allowed by a pattern', () => {
  expect(judge({ allow: ['bash(*)'] }, 'bash', {})).toMatchObject({ because: 'the call names no command' });
  expect(judge({ allow: ['write(**)'] }, 'write', {}).is).toBe('ask');
  expect(judge({ deny: ['write(x)'] }, 'write', {}, 'auto').is).toBe('ask');
});

test('a rule that isn’t one is refused before anything is judged', () => {
  expect(() => makeJudge({ allow: ['ls'], ask: [], deny: [] })).toThrow(
    '"ls" is no rule; it must be a tool or',
  );
});
