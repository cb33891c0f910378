/**
 * The programs that run another command, given in their arguments: which these are and where that command begins.
 * What they don't make plain comes out as opaque. Never looks at the inner command itself.
 */
import { type Option, type OptionSpec, optionsOf } from './options.ts';
import { type Finding, literal, shownWords, unknown, type Word, type Words } from './parts.ts';
import { assignmentWord } from './variables.ts';

interface Wrapper extends OptionSpec {
  /** How many operands stand before the command. */
  readonly operands?: number;
  /** `NAME=value` may stand before the command. */
  readonly assigns?: true;
  /** With one of these no command is run. */
  readonly idle?: readonly string[];
  /** With one of these it runs something that doesn't show. */
  readonly hides?: readonly string[];
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  nohup: { flags: '' },
  nice: { flags: '0123456789', valued: 'n', long: { adjustment: 'value' } },
  ionice: { flags: 't', valued: 'cn', long: { class: 'value', classdata: 'value', ignore: 'none' } },
  time: { flags: 'pvlh', valued: 'f', long: { portability: 'none', verbose: 'none', format: 'value' } },
  timeout: {
    flags: 'fpv',
    valued: 'ks',
    long: {
      foreground: 'none',
      'kill-after': 'value',
      'preserve-status': 'none',
      signal: 'value',
      verbose: 'none',
    },
    operands: 1,
  },
  stdbuf: { flags: '', valued: 'ioe', long: { input: 'value', output: 'value', error: 'value' } },
  setsid: { flags: 'cfw', long: { ctty: 'none', fork: 'none', wait: 'none' } },
  env: {
    flags: 'i0v',
    valued: 'uCSP',
    long: {
      'ignore-environment': 'none',
      null: 'none',
      debug: 'none',
      unset: 'value',
      chdir: 'value',
      'split-string': 'value',
    },
    assigns: true,
  },
  sudo: {
    flags: 'AbEHkNnPS',
    valued: 'CgprTtu',
    long: {
      askpass: 'none',
      background: 'none',
      'preserve-env': 'maybe',
      group: 'value',
      'set-home': 'none',
      'non-interactive': 'none',
      stdin: 'none',
      user: 'value',
      prompt: 'value',
    },
    assigns: true,
  },
  doas: { flags: 'n', valued: 'u' },
  command: { flags: 'pvV', idle: ['v', 'V'] },
  builtin: { flags: '' },
  exec: { flags: 'cl', valued: 'a' },
  busybox: { flags: '' },
  toybox: { flags: '' },
  xargs: {
    flags: '0prtxo',
    valued: 'adEILnPRSs',
    attached: 'eil',
    long: {
      'arg-file': 'value',
      delimiter: 'value',
      eof: 'maybe',
      exit: 'none',
      interactive: 'none',
      'max-args': 'value',
      'max-chars': 'value',
      'max-lines': 'maybe',
      'max-procs': 'value',
      'no-run-if-empty': 'none',
      null: 'none',
      'open-tty': 'none',
      replace: 'maybe',
      verbose: 'none',
    },
  },
};

/** They change when and how fast a command runs, and nothing of what it does. */
const bystanders: ReadonlySet<string> = new Set(['nohup', 'nice', 'ionice', 'time', 'timeout', 'stdbuf']);

/** They hand on what they are given, too, but in forms of their own. */
const launchers: ReadonlySet<string> = new Set(
  (
    'at batch bwrap caffeinate chroot chrt crontab entr expect faketime firejail flock gosu linux32 linux64 ' +
    'ltrace numactl nsenter parallel pkexec prlimit proxychains proxychains4 rlwrap runuser screen script setarch ' +
    'setpriv setuidgid start-stop-daemon strace su su-exec systemd-run taskset tini tmux torsocks unbuffer unshare ' +
    'valgrind'
  ).split(' '),
);

/** What a wrapper's command hides; undefined: the name is no wrapper's. */
export function wrapped(name: string, words: Words): readonly Inner[] | undefined {
  if (launchers.has(name)) return [unknown(words)];
  const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
  if (wrapper === undefined) return undefined;
  const options = optionsOf(words.slice(1), wrapper);
  if (options === undefined) return [unknown(words)];
  const { given } = options;
  if (given.some((option) => wrapper.idle?.includes(option.name))) return [];
  const split = given.find((option) => option.name === 'S' || option.name === 'split-string');
  if (name === 'env' && split !== undefined) return splitString(words, split, options.rest);
  const found: Inner[] = [];
  const operands = wrapper.operands ?? 0;
  if (options.rest.slice(0, operands).some((word) => word.is === 'dynamic')) return [unknown(words)];
  let rest = options.rest.slice(operands);
  // Behind `-` the environment is empty.
  if (name === 'env' && rest[0]?.is === 'literal' && rest[0].text === '-') rest = rest.slice(1);
  while (wrapper.assigns && rest[0] !== undefined) {
    const settings = assignmentWord(rest[0]);
    if (settings === undefined) break;
    found.push(...settings);
    rest = rest.slice(1);
  }
  if (name === 'xargs') rest = fed(rest, given);
  const [first, ...args] = rest;
  if (first !== undefined) found.push({ is: 'inner', words: [first, ...args] });
  return found;
}

/** What is found in a wrapper; an inner command gets its input and its shell from where the wrapper stands. */
export type Inner = Finding | { readonly is: 'inner'; readonly words: Words };

/** Whether a wrapper needs no rule of its own. It must be the program of that name, not a file that is called so. */
export function passes(words: Words, found: readonly Inner[]): boolean {
  const [name] = words;
  if (name.is !== 'literal' || !found.some((one) => one.is === 'inner')) return false;
  if (!found.every((one) => one.is === 'inner')) return false;
  const [, second] = words;
  const plainEnv = name.text === 'env' && second?.is === 'literal' && !second.text.startsWith('-');
  return plainEnv || bystanders.has(name.text);
}

/** `env -S`: its value is split into words, and stands where it stood. */
function splitString(words: Words, option: Option, rest: readonly Word[]): Inner[] {
  const { value } = option;
  const text = value?.is === 'literal' ? value.text : undefined;
  // Quotes, escapes and variables have a language of their own.
  if (text === undefined || !/^[\w ./:=@%+,-]*$/.test(text)) return [unknown(words)];
  const inner = text.split(' ').filter((word) => word !== '');
  return [{ is: 'inner', words: [literal('env'), ...inner.map(literal), ...rest] }];
}

/** What `xargs` makes of its command: nobody knows what it reads. */
function fed(command: readonly Word[], given: readonly Option[]): Word[] {
  const inner = command.length === 0 ? [literal('echo')] : command;
  const replace = given.findLast((option) => ['I', 'i', 'J', 'replace'].includes(option.name));
  if (replace === undefined) return [...inner, { is: 'dynamic', shown: '…', start: '', many: true }];
  const sign = replace.value?.is === 'literal' && replace.value.text !== '' ? replace.value.text : '{}';
  return inner.map((word) => (shownWords([word]).includes(sign) ? replaced(word) : word));
}

/** A word whose text becomes another before it is run. */
export function replaced(word: Word): Word {
  return { is: 'dynamic', shown: shownWords([word]), start: '', many: false };
}
