/**
 * The programs and builtins that run a text as a script: which these are and where that text stands. What they read
 * from files and pipes comes out as opaque. Never looks at the text itself.
 */
import { type OptionSpec, optionsOf } from './options.ts';
import {
  type Dialect,
  type Finding,
  literal,
  opaque,
  type Stdin,
  texts,
  unknown,
  type Word,
  type Words,
} from './parts.ts';
import type { Inner } from './wrappers.ts';

/** How each shell reads a script; `other`: in a language that is only like it. */
const shells: ReadonlyMap<string, Dialect | 'other'> = new Map([
  ['bash', 'bash'],
  ['rbash', 'bash'],
  ['sh', 'sh'],
  ['dash', 'sh'],
  ['ash', 'sh'],
  ['posh', 'sh'],
  ['zsh', 'other'],
  ['ksh', 'other'],
  ['ksh93', 'other'],
  ['mksh', 'other'],
  ['oksh', 'other'],
  ['yash', 'other'],
  ['fish', 'other'],
  ['csh', 'other'],
  ['tcsh', 'other'],
  ['pwsh', 'other'],
  ['nu', 'other'],
  ['elvish', 'other'],
  ['xonsh', 'other'],
]);

/** `i` (its start file may define aliases) and files to start with are left out, and so make a call opaque. */
const shellOptions: OptionSpec = {
  flags: 'abcefhklmnprstuvxBCEP',
  valued: 'o',
  long: { noprofile: 'none', norc: 'none', posix: 'none', verbose: 'none', restricted: 'none' },
};

const sshOptions: OptionSpec = {
  flags: '46AaCfGgKkMNnqsTtVvXxYy',
  valued: 'BbcDeiJLlmopQRSWw',
};
/** Options of `ssh -o` that run nothing. */
const sshHarmless =
  /^(?:StrictHostKeyChecking|BatchMode|ConnectTimeout|ConnectionAttempts|LogLevel|ServerAlive\w+|User|Port|IdentityFile|IdentitiesOnly|UserKnownHostsFile|ForwardAgent|ControlMaster|ControlPersist)[ =]/i;

/** What a shell, or another command that takes a script, hides; undefined: the name is none of these. */
export function scripted(
  name: string,
  words: Words,
  stdin: Stdin,
  dialect: Dialect,
): readonly Inner[] | undefined {
  const args = words.slice(1);
  const shell = shells.get(name.replace(/-\d[\d.]*$/, ''));
  if (shell !== undefined) return shellCall(shell, words, stdin);
  switch (name) {
    case 'eval':
      return joined(
        args[0]?.is === 'literal' && args[0].text === '--' ? args.slice(1) : args,
        words,
        dialect,
      );
    case 'trap':
      return trap(words, dialect);
    case 'watch': {
      const options = optionsOf(args, {
        flags: 'bcdegtvwx',
        valued: 'nqs',
        long: { interval: 'value', differences: 'maybe', exec: 'none', 'no-title': 'none', precise: 'none' },
      });
      if (options === undefined) return [unknown(words)];
      const [first, ...rest] = options.rest;
      if (first === undefined) return [];
      // Some run the words as they are, some hand them to a shell; either way it is both.
      return [...joined(options.rest, words, 'sh'), { is: 'inner', words: [first, ...rest] }];
    }
    case 'ssh':
      return ssh(words);
    default:
      return undefined;
  }
}

function shellCall(shell: Dialect | 'other', words: Words, stdin: Stdin): Inner[] {
  const options = optionsOf(words.slice(1), shellOptions);
  if (options === undefined) return [unknown(words)];
  // To shells a single - ends the options, too.
  const dash = options.rest[0]?.is === 'literal' && options.rest[0].text === '-';
  const [first, ...args] = dash ? options.rest.slice(1) : options.rest;
  const given = new Set(options.given.map((option) => option.name));
  const foreign = shell === 'other' ? [unknown(words)] : [];
  const dialect = shell === 'other' ? 'bash' : shell;
  if (given.has('c')) {
    if (first === undefined) return [];
    return first.is === 'literal'
      ? [{ is: 'script', text: first.text, dialect }, ...foreign]
      : [unknown([words[0], first])];
  }
  if (first === undefined || given.has('s')) {
    if (stdin !== undefined) return [{ is: 'script', text: stdin.text, dialect }, ...foreign];
    return [opaque(`what a shell reads from its standard input can't be told before it runs`)];
  }
  // A file that is run, as if it were called by its path.
  if (first.is === 'dynamic' || /^\/(?:dev|proc)\//.test(first.text)) return [unknown(words)];
  const path = first.text.includes('/') ? first : literal(`./${first.text}`);
  return [{ is: 'inner', words: [path, ...args] }];
}

/** Words that are put together with blanks and run as a script. */
function joined(args: readonly Word[], words: Words, dialect: Dialect): Finding[] {
  const known = texts(args);
  return known === undefined ? [unknown(words)] : [{ is: 'script', text: known.join(' '), dialect }];
}

function trap(words: Words, dialect: Dialect): Finding[] {
  const args = texts(words.slice(1));
  if (args === undefined) return [unknown(words)];
  const [first = '-', ...signals] = args[0] === '--' ? args.slice(1) : args;
  // With a single operand it is the signal that is set back.
  if (first === '' || first === '-' || signals.length === 0) return [];
  return /^-[lpP]+$/.test(first) ? [] : [{ is: 'script', text: first, dialect }];
}

function ssh(words: Words): Finding[] {
  const before = optionsOf(words.slice(1), sshOptions);
  // Options may stand on both sides of the host.
  const after = before && optionsOf(before.rest.slice(1), sshOptions);
  if (before === undefined || after === undefined || before.rest[0]?.is !== 'literal')
    return [unknown(words)];
  const odd = [...before.given, ...after.given].some(
    ({ name, value }) => name === 'o' && !(value?.is === 'literal' && sshHarmless.test(value.text)),
  );
  if (odd || after.rest.length === 0) return [unknown(words)];
  return joined(after.rest, words, 'sh');
}
