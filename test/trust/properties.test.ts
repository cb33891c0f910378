/** What holds for whatever command: denied ones stay denied in any disguise, allowed ones allow nothing beside them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeJudge } from '../../src/trust/judge.ts';
import { allowed, denied } from './verdicts.ts';

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const double = (text: string): string => `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
const plain = fc.constantFrom('rm -rf x', 'rm', '/bin/rm x', "'r'm x", 'RM x');

/** Each sign of a word as it is, behind a backslash, or in quotes of any kind. */
function spelt(word: string): fc.Arbitrary<string> {
  const ways = [...word].map((sign) =>
    fc.constantFrom(
      sign,
      `\\${sign}`,
      `'${sign}'`,
      `"${sign}"`,
      `${sign}''`,
      `$'\\x${sign.charCodeAt(0).toString(16)}'`,
      `\\\n${sign}`,
    ),
  );
  return fc.tuple(...ways).map((signs) => signs.join(''));
}

/** For what takes the words of one command: anything else is given to a shell first. */
const words = (inner: string): string =>
  /^['\w/-]+( [\w-]+)*$/.test(inner) ? inner : `sh -c ${single(inner)}`;

/** One command made into another that runs it. */
const wrappers: readonly ((inner: string) => string)[] = [
  (inner) => `env ${single('A B=1')} ${words(inner)}`,
  (inner) => `sh -c ${single(inner)}`,
  (inner) => `bash -euc ${double(inner)} name`,
  (inner) => `bash -c - ${single(inner)}`,
  (inner) => `( ${inner} )`,
  (inner) => `{ ${inner}\n}`,
  (inner) => `ls && ${inner}`,
  (inner) => `ls |\n${inner}`,
  (inner) => `${inner} || ls`,
  (inner) => `ls & ${inner} &`,
  (inner) => `ls $(${inner}\n)`,
  (inner) => `echo "a$( ${inner}\n)b"`,
  (inner) => `ls <(${inner}\n)`,
  (inner) => `echo \`${inner.replace(/[\\`$]/g, '\\$&')}\``,
  (inner) => `time -p ${inner}`,
  (inner) => `xargs -n 1 ${words(inner)}`,
  (inner) => `find . -exec sh -c ${single(inner)} \\; -print`,
  (inner) => `eval ${double(inner)}`,
  (inner) => `trap -- ${single(inner)} EXIT`,
  (inner) => `if ls; then ${inner}\nfi`,
  (inner) => `for f in a b; do ${inner}\ndone`,
  (inner) => `case a in a) ${inner}\n;; esac`,
  (inner) => `f() { ${inner}\n}; f`,
  (inner) => `cat <<'E' | cat\n$(ls)\nE\n${inner}`,
  (inner) => `bash <<< ${single(inner)}`,
  (inner) => `git -c ${single(`alias.x=!${inner}`)} x`,
  (inner) => `timeout 5 nohup nice sh -c ${single(inner)}`,
  (inner) => `> /dev/null ${words(inner)}`,
  (inner) => `! ${inner}`,
];

describe('a command that a rule denies', () => {
  test('never runs, whatever runs it', () => {
    fc.assert(
      fc.property(plain, fc.array(fc.constantFrom(...wrappers), { maxLength: 4 }), (command, chain) => {
        const wrapped = chain.reduce<string>((inner, wrap) => wrap(inner), command);
        // Behind a pipe `time` is a program like any other, and runs one that is called `!`.
        fc.pre(!/\|\s*time -p [!{(]/.test(wrapped));
        expect(denied(wrapped, 'rm *'), wrapped).not.toBe('run');
      }),
      { numRuns: 2_000 },
    );
  });

  test('is denied in one disguise, not only asked about', () => {
    fc.assert(
      fc.property(plain, fc.constantFrom(...wrappers), (command, wrap) => {
        expect(denied(wrap(command), 'rm *'), wrap(command)).toBe('deny');
      }),
    );
  });

  test('is denied however its words are spelt', () => {
    fc.assert(
      fc.property(spelt('rm'), spelt('-rf'), spelt('x'), (name, flag, file) => {
        expect(denied(`${name} ${flag} ${file}`, 'rm -rf *')).toBe('deny');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a command that a rule allows', () => {
  const combinations: readonly ((one: string, other: string) => string)[] = [
    (one, other) => `${one} && ${other}`,
    (one, other) => `${one} | ${other}`,
    (one, other) => `${one}; ${other}`,
    (one, other) => `${one}\n${other}`,
    (one, other) => `${one} & ${other}`,
    (one, other) => `${other} || ${one}`,
    (one, other) => `${one} $(${other})`,
    (one, other) => `${one} "\`${other}\`"`,
    (one, other) => `${one} <(${other})`,
    (one, other) => `${one} <<E\n$(${other})\nE`,
    (one, other) => `${one} <<E\nE\n${other}`,
    (one, other) => `${one} <<< "$(${other})"`,
    (one, other) => `CI=$(${other}) ${one}`,
    (one, other) => `${one} $((1 + $(${other})))`,
    (one, other) => `${one} > "$(${other})"`,
    (one, other) => `${one} # \n${other}`,
    (one, other) => `timeout 5 ${other} ${one}`,
    (one, other) => `${one}() { ${other}; }; ${one} x`,
  ];
  const names = fc.constantFrom('ls', 'git diff', 'npm test', 'make');
  const others = fc.constantFrom(
    'rm x',
    './ls x',
    '/tmp/git diff',
    'npm it',
    '$X',
    'ls() { make; }; ls',
    'PATH=/x ls',
    'eval "$X"',
    'a=1',
    '> x',
  );

  test('allows nothing that stands beside it', () => {
    fc.assert(
      fc.property(names, others, fc.constantFrom(...combinations), (one, other, combine) => {
        const command = combine(one, other);
        expect(allowed(command, 'ls *', 'git diff *', 'npm test *', 'make *'), command).toBe('ask');
      }),
      { numRuns: 1_000 },
    );
  });

  test('allows what stands beside it once that is allowed, too', () => {
    fc.assert(
      fc.property(names, names, fc.constantFrom(...combinations.slice(0, 12)), (one, other, combine) => {
        const command = combine(one, other);
        expect(allowed(command, 'ls *', 'git diff *', 'npm test *', 'make *'), command).toBe('run');
      }),
    );
  });
});

describe('for any text at all', () => {
  const tokens = fc.constantFrom(
    ...[
      'ls',
      'rm',
      'x',
      ' ',
      '\n',
      ';',
      '&&',
      '|',
      '(',
      ')',
      '{',
      '}',
      '$(',
      '`',
      '"',
      "'",
      '\\',
      '$X',
      '<<E',
      '\nE\n',
    ],
    ...[
      '>',
      '<',
      '&',
      '#',
      '[[',
      ']]',
      '((',
      '))',
      'if ',
      'then ',
      'fi',
      'do ',
      'done',
      'case ',
      'in ',
      'esac',
      '=',
      '*',
    ],
    ...[
      'env ',
      'sh -c ',
      'eval ',
      '-S ',
      '\r',
      '\u00a0',
      '\ud800',
      '{a,b}',
      '~',
      '!',
      '$((',
      '${',
      'f() ',
      'git -c ',
    ],
  );
  const texts = fc.oneof(
    fc.array(tokens, { maxLength: 25 }).map((all) => all.join('')),
    fc.string(),
  );
  const verdict = (command: string, rules: { allow?: string[]; ask?: string[]; deny?: string[] }): string => {
    const judge = makeJudge({ allow: [], ask: [], deny: [], ...rules });
    return judge({ name: 'bash', input: { command }, readOnly: false }, 'ask').is;
  };
  const rank = (is: string): number => ['run', 'ask', 'deny'].indexOf(is);

  test('there is an answer, and rules that deny or ask never let more run, nor rules that allow less', () => {
    fc.assert(
      fc.property(texts, (command) => {
        const none = verdict(command, {});
        const some = verdict(command, { allow: ['bash(ls *)'] });
        const more = verdict(command, { allow: ['bash(ls *)', 'bash(env *)', 'write(*)'] });
        const asked = verdict(command, { allow: ['bash(ls *)'], ask: ['bash(ls x)'] });
        const refused = verdict(command, {
          allow: ['bash(ls *)'],
          ask: ['bash(ls x)'],
          deny: ['bash(rm *)'],
        });
        expect(rank(none)).toBeGreaterThanOrEqual(rank(some));
        expect(rank(some)).toBeGreaterThanOrEqual(rank(more));
        expect(rank(asked)).toBeGreaterThanOrEqual(rank(some));
        expect(rank(refused)).toBeGreaterThanOrEqual(rank(asked));
        expect(verdict(command, { allow: ['bash'] })).toBe('run');
        expect(verdict(command, { allow: ['bash'], deny: ['bash'] })).toBe('deny');
      }),
      { numRuns: 3_000 },
    );
  });
});
