/** The judge against bash itself: what it takes for known is what bash makes of it, and what it lets run does no more. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expansions are the shell's
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCommand } from '../../src/trust/shell.ts';
import { allowed, denied } from './verdicts.ts';

let folder: string;
let programs: string;
let desk: string;
let mark: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-trust-'));
  [programs, desk, mark] = [join(folder, 'bin'), join(folder, 'desk'), join(folder, 'mark')];
  mkdirSync(programs);
  mkdirSync(desk);
  const script = (name: string, body: string): void => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  script('forbidden', `: > ${mark}`);
  script('fine', 'echo fine');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command with bash where only harmless programs are found, and functions can't call themselves for ever. */
function run(command: string, args: readonly string[] = []): string {
  const env = {
    PATH: `${programs}:/usr/bin:/bin`,
    FUNCNEST: '5',
    LC_ALL: 'C.UTF-8',
    F: 'forbidden',
    HOME: desk,
  };
  return spawnSync('bash', ['-c', command, 'bash', ...args], {
    cwd: desk,
    env,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).stdout;
}

test('a word that is taken for known is the word that bash hands on', () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      'b c',
      '\\',
      '"',
      "'",
      '$',
      "$'",
      '\n',
      ' ',
      '{',
      '}',
      ',',
      '..',
      '1',
      '~',
      '/',
      '=',
      '*',
      '?',
      '[',
      ']',
    ],
    ...[
      '!',
      '\\n',
      '\\x41',
      '\\101',
      '\\"',
      "\\'",
      '\\\n',
      '#',
      'é',
      '\\$',
      '\\\\',
      '^',
      '-',
      '@',
      '+',
      '\t',
      '\\ ',
    ],
    ...['u0041', '"a b"', "'c d'", ':', '\r', '\u00a0', '\\c', '\\x0', "$'\\x", '0', "'\\''", '%'],
  );
  const sources = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((all) => all.join(''));
  const known = new Map<string, readonly string[]>();
  for (const source of fc.sample(sources, { numRuns: 4_000, seed: 7 })) {
    const { parts } = readCommand(`say ${source}`);
    const [part] = parts;
    if (part?.is !== 'command' || parts.length > 1) continue;
    const texts = part.words.flatMap((word) => (word.is === 'literal' ? [word.text] : []));
    if (texts.length === part.words.length) known.set(source, texts.slice(1));
  }
  expect(known.size).toBeGreaterThan(500);
  // One process for all: each is read by itself, as a command of its own.
  const said = run('say() { printf "%s\\0" "$@"; }; for s; do ( eval "say $s" ); printf "\\1"; done', [
    ...known.keys(),
  ]);
  const answers = said.split('\x01');
  for (const [at, [source, words]] of [...known].entries()) {
    // printf says one empty word where there is none.
    const answer = answers[at]?.split('\0').slice(0, -1);
    expect(answer, JSON.stringify(source)).toEqual(words.length === 0 ? [''] : words);
  }
});

test('what is let run never runs what is denied, nor writes where it may not', () => {
  const quotes = [
    (text: string) => `'${text.replaceAll("'", "'\\''")}'`,
    (text: string) => `"${text.replace(/[\\"$`]/g, '\\$&')}"`,
  ] as const;
  const commands = fc.constantFrom(
    ...[
      'forbidden x',
      'fine',
      'fine y',
      "f'orbidden'",
      'fine $(forbidden)',
      '$F x',
      'fine "${X:-$(forbidden)}"',
    ],
    ...[
      'fine <(forbidden)',
      "fine $'\\x66orbidden'",
      '{forbidden,x}',
      'fine # forbidden',
      'CI=$(forbidden) fine',
    ],
    ...["x='a[$(forbidden)]'; (( x ))", "fine 'a[$(forbidden)]'; (( _ ))", "declare -a a='($(forbidden))'"],
    ...[
      "PS4='$(forbidden)'; set -x; fine",
      'fine "${F@P}"',
      'fine ${!F}',
      "fine '$(forbidden)'",
      'fine \\$(forbidden)',
    ],
    ...['fine > out', 'fine >/dev/null 2>&1', 'forb\\\nidden', 'fine \\\nforbidden', 'fine "\nforbidden"'],
  );
  const wrap = fc.constantFrom<((inner: string, quote: (text: string) => string) => string)[]>(
    (inner) => `${inner} && fine`,
    (inner) => `fine | ${inner}`,
    (inner) => `fine; ${inner}`,
    (inner) => `( ${inner} )`,
    (inner) => `if ${inner}; then fine; fi`,
    (inner) => `for f in a; do ${inner}; done`,
    (inner) => `env A=1 ${inner}`,
    (inner) => `env ${inner}`,
    (inner, quote) => `env -S ${quote(inner)}`,
    (inner, quote) => `sh -c ${quote(inner)}`,
    (inner, quote) => `bash -c - ${quote(inner)}`,
    (inner, quote) => `eval ${quote(inner)}`,
    (inner) => `eval ${inner}`,
    (inner) => `timeout 5 ${inner}`,
    (inner) => `xargs ${inner} < /dev/null`,
    (inner) => `find . -maxdepth 0 -exec ${inner} \\;`,
    (inner, quote) => `trap ${quote(inner)} EXIT`,
    (inner) => `bash <<E\n${inner}\nE`,
    (inner) => `cat <<'E'\n${inner}\nE`,
    (inner) => `cat <<E\n${inner}\nE`,
    (inner, quote) => `bash <<< ${quote(inner)}`,
    (inner, quote) => `echo ${quote(inner)}`,
    (inner, quote) => `echo ${quote(inner)} | bash`,
    (inner, quote) => `echo ${quote(inner)} > s; bash s`,
    (inner) => `fine $(${inner})`,
    (inner) => `fine # ${inner}`,
    (inner) => `fine "${inner}"`,
    (inner) => `fine '${inner}'`,
    (inner, quote) => `shopt -s expand_aliases\nalias fine=${quote(inner)}\nfine`,
  );
  const disguises = fc
    .tuple(commands, fc.array(fc.tuple(wrap, fc.constantFrom(...quotes)), { minLength: 1, maxLength: 3 }))
    .map(([command, chain]) =>
      chain.reduce<string>((inner, [around, quote]) => around(inner, quote), command),
    );
  const rules = [
    'fine *',
    'env *',
    'sh *',
    'bash *',
    'eval *',
    'cat *',
    'xargs *',
    'find *',
    'trap *',
    'echo *',
    'set *',
  ];
  let count = 0;
  fc.assert(
    fc.property(disguises, (command) => {
      const [open, closed] = [denied(command, 'forbidden *') === 'run', allowed(command, ...rules) === 'run'];
      if (!open && !closed) return;
      count += 1;
      rmSync(mark, { force: true });
      run(command);
      expect(existsSync(mark), command).toBe(false);
      if (closed) expect(readdirSync(desk), command).toEqual([]);
      for (const name of readdirSync(desk)) rmSync(join(desk, name));
    }),
    { numRuns: 700 },
  );
  expect(count).toBeGreaterThan(30);
});
