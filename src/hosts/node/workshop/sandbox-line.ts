/**
 * Owns how the line that the sandbox's library makes for a shell becomes the argument list of bubblewrap, with what
 * the library has no setting for. Takes no option that it doesn't know; never runs anything.
 */
import type { Mount } from './sandbox-job.ts';

/** How many arguments each option of bubblewrap that the library uses takes. */
const options: ReadonlyMap<string, number> = new Map([
  ['--new-session', 0],
  ['--die-with-parent', 0],
  ['--unshare-net', 0],
  ['--unshare-pid', 0],
  ['--unshare-user', 0],
  ['--disable-userns', 0],
  ['--bind', 2],
  ['--ro-bind', 2],
  ['--tmpfs', 1],
  ['--dev', 1],
  ['--proc', 1],
  ['--cap-drop', 1],
  ['--cap-add', 1],
  ['--setenv', 2],
  ['--unsetenv', 1],
]);

interface Option {
  readonly name: string;
  readonly values: readonly string[];
}

export interface Fitting {
  /** Places that the library makes writable by itself, and that are not to be. */
  readonly shut: readonly string[];
  readonly mounts: readonly Mount[];
  /** Variables that the library sets, and what they are to be instead; undefined: as the command's own environment has it. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** @throws Error when the line is not of the form that is known: then nothing may be run by it */
export function fitLine(line: string, fitting: Fitting): string[] {
  const [program = '', ...words] = wordsOf(line);
  if (!/(^|\/)bwrap$/.test(program)) {
    throw new Error('the sandbox has more folders and hosts than fit on one command line');
  }
  const end = words.indexOf('--');
  if (end === -1) throw new Error('the line for bubblewrap has no command');
  const fitted = optionsOf(words.slice(0, end)).flatMap((option) => fit(option, fitting));
  if (fitted.filter(({ name }) => name === '--dev').length !== 1) {
    throw new Error('the line for bubblewrap has no place for mounts');
  }
  // Processes of the same user outside share memory and message queues with those that have no namespace for them.
  return [
    program,
    '--unshare-ipc',
    ...fitted.flatMap(({ name, values }) => [name, ...values]),
    ...words.slice(end),
  ];
}

function fit(option: Option, { shut, mounts, variables }: Fitting): Option[] {
  const [first = ''] = option.values;
  switch (option.name) {
    case '--bind':
      return shut.includes(first) && option.values[1] === first ? [] : [option];
    case '--setenv': {
      if (!Object.hasOwn(variables, first)) return [option];
      const value = variables[first];
      return value === undefined ? [] : [{ name: '--setenv', values: [first, value] }];
    }
    case '--proc':
      // A fresh one is covered here and there; the kernel then refuses the filter's helper one of its own, and the
      // command would find the numbers of other processes than those that it can see.
      return [{ name: '--bind', values: [first, first] }];
    case '--dev':
      return [...mounts.map(mountOption), option];
    default:
      return [option];
  }
}

function mountOption(mount: Mount): Option {
  switch (mount.kind) {
    case 'read':
      return { name: mount.ifThere ? '--ro-bind-try' : '--ro-bind', values: [mount.from, mount.to] };
    case 'write':
      return { name: '--bind', values: [mount.from, mount.to] };
    case 'empty':
      return { name: '--tmpfs', values: [mount.to] };
  }
}

function optionsOf(words: readonly string[]): Option[] {
  const found: Option[] = [];
  for (let at = 0; at < words.length; ) {
    const name = words[at] ?? '';
    const count = options.get(name);
    if (count === undefined) throw new Error(`the line for bubblewrap holds ${JSON.stringify(name)}`);
    found.push({ name, values: words.slice(at + 1, at + 1 + count) });
    at += 1 + count;
  }
  return found;
}

/** The words of a line of a shell that holds no more than bare words and quotes. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  const piece = /'([^']*)'|"([^"\\$`]*)"|([A-Za-z0-9_./:=@+,-]+)|( )/y;
  let word: string | undefined;
  while (piece.lastIndex < line.length) {
    const at = piece.lastIndex;
    const found = piece.exec(line);
    if (found === null) throw new Error(`the line for bubblewrap holds something unknown at character ${at}`);
    const [, single, double, bare, space] = found;
    if (space === undefined) word = (word ?? '') + (single ?? double ?? bare ?? '');
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
