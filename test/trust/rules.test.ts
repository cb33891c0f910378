import { describe, expect, test } from 'vitest';
import { judgedTools, trustSchema } from '../../src/trust/rules.ts';

const faults = (value: unknown): string[] =>
  trustSchema.safeParse(value).error?.issues.map((issue) => issue.message) ?? [];

describe('the setting trust', () => {
  test('trusts everybody with everything when nothing is said', () => {
    const open = { main: 'auto', subagents: 'auto', allow: [], ask: [], deny: [] };
    expect(trustSchema.parse(undefined)).toEqual(open);
    expect(trustSchema.parse({})).toEqual(open);
  });

  test('takes rules for every judged tool, alone or with a pattern', () => {
    const allow = [
      ...judgedTools,
      'bash(npm test)',
      'bash(git diff *)',
      'bash(find . -exec grep * {} ;)',
      'write(src/**)',
      'edit(**/*.md)',
      'read(/usr/share/**)',
      'web_fetch(docs.example.org)',
      'web_fetch(*.example.org)',
      'web_fetch(2001:db8::1)',
      'worktrees(land)',
    ];
    expect(trustSchema.parse({ main: 'ask', subagents: 'plan', allow })).toMatchObject({
      subagents: 'plan',
      allow,
    });
  });

  test.each([
    [{ main: 'plan' }, 'ask or auto'],
    [{ subagents: 'never' }, 'plan, ask or auto'],
    [{ allow: 'bash' }, 'a list of rules, such as ["bash(npm test)", "write(src/**)"]'],
    [{ deny: Array(1_001).fill('bash') }, 'a list of at most 1000 rules'],
    [[], 'an object such as {"subagents": "ask", "allow": ["bash(npm test)"]}'],
  ])('refuses %j with what it may be', (value, words) => {
    expect(faults(value)).toEqual([words]);
  });

  test('names the tools when a rule names none of them', () => {
    const words =
      'a tool or tool(pattern), such as bash(npm test), write(src/**) or web_fetch(*.example.org); the tools are bash, read, write, edit, glob, grep, web_fetch, worktrees';
    for (const rule of [
      'shell(ls)',
      'Bash(ls)',
      'bash (ls)',
      'bash(ls',
      'bash(ls) ',
      '',
      'npm test',
      '*',
      3,
    ]) {
      expect(faults({ allow: [rule] }), String(rule)).toEqual([words]);
    }
  });

  test.each(['sessions_spawn', 'subagents(kill)', 'report', 'stay_silent', 'skill(x)', 'submit_result'])(
    'says that %s is never asked about',
    (rule) => {
      expect(faults({ deny: [rule] })).toEqual([
        expect.stringMatching(
          /^a rule for one of bash, .*; [a-z_]+ only changes sessions and is never asked about$/,
        ),
      ]);
    },
  );

  test.each([
    ['bash()', /^bash alone if all its calls are meant, or bash\(pattern\)$/],
    ['write( )', /^write alone if/],
    ['bash(a\0b)', /^a tool or tool\(pattern\)/],
    [`bash(${'a'.repeat(495)})`, /^a tool or tool\(pattern\)/],
    [
      'bash(npm test && npm run x)',
      /^the words of one command, .* each command of a line is compared by itself/,
    ],
    ['bash(a | b)', /^the words of one command/],
    ['bash(a ; b)', /^the words of one command/],
    ['bash(a; b)', /^the words of one command/],
    ['bash(a 2> b)', /^the words of one command/],
    ['bash(a\nb)', /^the words of one command/],
    ['bash(git commit -m "x y")', /^the words of one command/],
    ['write(~/notes)', /^a path from the workspace or from the root \(~ has no meaning\), such as write/],
    ['web_fetch(https://a.org/)', /^a host, or all names below one, such as web_fetch/],
    ['web_fetch(*)', /^a host, or all names below one/],
    [
      'worktrees(merge)',
      /^one of worktrees\(list\), worktrees\(diff\), worktrees\(land\), worktrees\(remove\)$/,
    ],
  ])('refuses %j, which could never match as it is meant', (rule, words) => {
    expect(faults({ ask: [rule] })).toEqual([expect.stringMatching(words)]);
  });

  test('takes a rule of 500 characters', () => {
    expect(faults({ ask: [`bash(${'a'.repeat(494)})`] })).toEqual([]);
  });
});
