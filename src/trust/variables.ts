/**
 * What it means that a command sets a variable: which are plainly harmless, and which hold something that is run.
 * Never looks at where the setting stands.
 */
import { type Finding, opaque, quoted, type Word } from './parts.ts';

const plain = /^[\w.:+/-]*$/;
/** Another character set could make other words of the same bytes. */
const locale = /^(?:C|POSIX|[A-Za-z_]+(?:\.utf-?8)|C\.utf-?8)?$/i;

/** What a rule's command does is the same whatever these are. */
const harmless: ReadonlyMap<string, RegExp> = new Map([
  ['CI', plain],
  ['NODE_ENV', plain],
  ['FORCE_COLOR', plain],
  ['NO_COLOR', plain],
  ['CLICOLOR', plain],
  ['TZ', plain],
  ['PYTHONUNBUFFERED', plain],
  ['GIT_TERMINAL_PROMPT', plain],
  ['LANG', locale],
  ['LC_ALL', locale],
]);

/** A shell or a program runs what these hold, or what lies where they point. */
const runs =
  /^(?:BASH_ENV|ENV|PS[0-4]|PROMPT_COMMAND|BASH_FUNC_.*|SHELL|.*PAGER|.*EDITOR|VISUAL|BROWSER|LESSOPEN|LESSCLOSE|.*ASKPASS|.*_RSH|GIT_SSH.*|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|GIT_CONFIG.*|GIT_EXEC_PATH|TAR_OPTIONS|MAKEFLAGS|GNUMAKEFLAGS|NODE_OPTIONS|PERL5OPT|RUBYOPT|JAVA_TOOL_OPTIONS|LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|npm_config_.*)$/i;
const showsOnly = /^(?:cat|less|more|true|false|:|0|1|)$/;

/** Names that loops use: none of them means anything to a shell or a program. */
const loopName = /^[a-z]{1,16}\d?$/;

/** @param value undefined: nobody knows, such as a list; `number`: only arithmetic can come out */
export function assigned(name: string, value: Word | 'number' | undefined): Finding[] {
  const text = value === 'number' ? '0' : value?.is === 'literal' ? value.text : undefined;
  if (text !== undefined && harmless.get(name)?.test(text)) return [];
  return [
    { is: 'setting', shown: `${name}=…` },
    ...(text !== undefined && /^-?\d{1,18}$/.test(text) ? [] : [{ is: 'holds', name } as const]),
    ...(runs.test(name) && (text === undefined || !showsOnly.test(text))
      ? [opaque(`what is run by way of ${quoted(`${name}=…`)} can't be told before it runs`)]
      : []),
  ];
}

/** A loop, or a command such as `read`, fills a variable. */
export function filled(name: string, numbers: boolean): Finding[] {
  if (!loopName.test(name)) return assigned(name, numbers ? 'number' : undefined);
  return numbers ? [] : [{ is: 'holds', name }];
}

/** `NAME=value` among the arguments of a command that takes such: what it sets; undefined if it is none. */
export function assignmentWord(word: Word): Finding[] | undefined {
  const found = /^([^=]*?)(\+?)=([\s\S]*)$/.exec(word.is === 'literal' ? word.text : word.start);
  const [, name, more, value] = found ?? [];
  if (name === undefined || value === undefined) return undefined;
  return assigned(name, word.is === 'literal' && more === '' ? { is: 'literal', text: value } : undefined);
}
