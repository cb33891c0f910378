/**
 * What a call of git hides: the plain command behind global options, and the programs that its options and settings
 * make it run. Never knows what a repository's own settings run.
 */
import { type Option, type OptionSpec, optionsOf } from './options.ts';
import { type Finding, literal, texts, unknown, type Word, type Words } from './parts.ts';
import type { Inner } from './wrappers.ts';

const globalOptions: OptionSpec = {
  flags: 'pPvh',
  valued: 'Cc',
  long: {
    'git-dir': 'value',
    'work-tree': 'value',
    namespace: 'value',
    paginate: 'none',
    'no-pager': 'none',
    'no-replace-objects': 'none',
    'no-optional-locks': 'none',
    'literal-pathspecs': 'none',
    'glob-pathspecs': 'none',
    'noglob-pathspecs': 'none',
    'icase-pathspecs': 'none',
    bare: 'none',
    version: 'none',
    help: 'none',
  },
};

/** Settings that run nothing, whatever they are. */
const harmless =
  /^(?:user\.(?:name|email)|color\..*|advice\..*|init\.defaultbranch|core\.(?:quotepath|autocrlf|abbrev|eol|safecrlf|longpaths|filemode|ignorecase)|commit\.gpgsign|tag\.gpgsign|pull\.(?:rebase|ff)|push\.default|merge\.(?:ff|conflictstyle)|diff\.(?:renames|algorithm|context)|log\..*|status\..*|protocol\.version|safe\.directory|gc\.auto)$/i;

/** Options, or what they may be shortened to, that name a program to run or a setting. */
const programs: Readonly<Record<string, RegExp>> = {
  fetch: /^--upl/,
  pull: /^--upl/,
  push: /^--(?:rece|e)/,
  clone: /^(?:--up|--conf|-[a-z]*[uc])/,
  'ls-remote': /^--(?:up|e)/,
  archive: /^--(?:e|rem)/,
  grep: /^(?:--op|-[a-zA-Z]*O)/,
};

/** What a call hides. */
export function gitCall(words: Words): readonly Inner[] {
  const options = optionsOf(words.slice(1), globalOptions);
  if (options === undefined) return [unknown(words)];
  const settings = options.given
    .filter((option) => option.name === 'c')
    .flatMap((option) => setting(option, words));
  const [command, ...args] = options.rest;
  if (command === undefined) return settings;
  if (command.is === 'dynamic') return [...settings, unknown(words)];
  const bare: Inner[] =
    options.given.length === 0 ? [] : [{ is: 'inner', words: [literal('git'), command, ...args] }];
  return [...bare, ...settings, ...(options.given.length === 0 ? subcommand(command.text, args, words) : [])];
}

/** `-c name=value`. */
function setting({ value }: Option, words: Words): Inner[] {
  const [, name, text] = (value?.is === 'literal' && /^([^=]*)=?([\s\S]*)$/.exec(value.text)) || [];
  if (name === undefined || text === undefined) return [unknown(words)];
  return harmless.test(name) ? [] : run(name, text, words);
}

/** What a setting that isn't harmless makes git run. */
function run(name: string, text: string, words: Words): Inner[] {
  if (!/^alias\./i.test(name)) return [unknown(words)];
  if (text.startsWith('!')) return [{ is: 'script', text: text.slice(1), dialect: 'sh' }];
  // What else it is called with comes behind it.
  const inner = text.split(/\s+/).filter((word) => word !== '');
  if (/["'\\]/.test(text)) return [unknown(words)];
  const more: Word = { is: 'dynamic', shown: '…', start: '', many: true };
  return [{ is: 'inner', words: [literal('git'), ...inner.map(literal), more] }];
}

/** The subcommands that run what they are given. */
function subcommand(name: string, args: readonly Word[], words: Words): Inner[] {
  switch (name) {
    case 'rebase':
      return args.flatMap((word, at): Inner[] => {
        if (word.is === 'dynamic') return word.many ? [unknown(words)] : [];
        const attached = /^(?:--e[a-z]*=|-[a-z]*x)([\s\S]+)$/.exec(word.text)?.[1];
        if (attached !== undefined) return [{ is: 'script', text: attached, dialect: 'sh' }];
        if (!/^(?:--ex[a-z]*|-[a-z]*x)$/.test(word.text)) return [];
        const value = args[at + 1];
        return value?.is === 'literal'
          ? [{ is: 'script', text: value.text, dialect: 'sh' }]
          : [unknown(words)];
      });
    case 'bisect': {
      const [first, second, ...rest] = args;
      if (first?.is !== 'literal') return [unknown(words)];
      return first.text === 'run' && second !== undefined ? [{ is: 'inner', words: [second, ...rest] }] : [];
    }
    case 'submodule': {
      const known = texts(args);
      const at = known?.indexOf('foreach') ?? 0;
      if (known === undefined) return [unknown(words)];
      if (at === -1) return [];
      const script = known.slice(at + 1).filter((text, index) => index > 0 || text !== '--recursive');
      return [{ is: 'script', text: script.join(' '), dialect: 'sh' }];
    }
    case 'diff':
    case 'log':
    case 'show':
      return args.flatMap((word, at): Inner[] => {
        const output = word.is === 'literal' ? /^--output(?:=(.*))?$/s.exec(word.text) : null;
        if (output === null) return [];
        const path = output[1] === undefined ? args[at + 1] : literal(output[1]);
        return path === undefined ? [] : [{ is: 'write', path }];
      });
    case 'config':
      return configured(args, words);
    case 'filter-branch':
    case 'difftool':
    case 'mergetool':
    case 'for-each-repo':
    case 'hook':
      return [unknown(words)];
    default: {
      const hides = Object.hasOwn(programs, name) ? programs[name] : undefined;
      return args.some((word) => word.is === 'literal' && hides?.test(word.text)) ? [unknown(words)] : [];
    }
  }
}

/** A setting that stays: what it makes git run, a later call of git runs. */
function configured(args: readonly Word[], words: Words): Finding[] {
  const operands = args.filter((word) => word.is === 'dynamic' || !word.text.startsWith('-'));
  const [first] = operands;
  const named = first?.is === 'literal' && first.text === 'set' ? operands.slice(1) : operands;
  const [name, value] = named;
  if (value === undefined && !(name?.is === 'dynamic' && name.many)) return [];
  return name?.is === 'literal' && (harmless.test(name.text) || /^(?:get|list|unset)$/.test(name.text))
    ? []
    : [unknown(words)];
}
