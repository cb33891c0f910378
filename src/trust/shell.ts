/**
 * Takes a command for bash apart into all that it may do: every command in it, also those that stand in the arguments
 * of others, every file that it writes by redirection. Owns how deep that goes and when it gives up. Never judges.
 */
import { builtin } from './builtins.ts';
import { findCall } from './find.ts';
import { gitCall } from './git.ts';
import {
  type Dialect,
  type Finding,
  nameOf,
  type Part,
  quoted,
  type Stdin,
  unknown,
  type Words,
} from './parts.ts';
import { readScript } from './script.ts';
import { scripted } from './shells.ts';
import { type Inner, passes, wrapped } from './wrappers.ts';

export interface Reading {
  /** In the order in which they stand there. If one is opaque, there may be more than the others. */
  readonly parts: readonly Part[];
  /** Names that the command itself gives a new meaning. */
  readonly defined: ReadonlySet<string>;
}

/** How many commands may stand in the arguments of one another. */
const maxDepth = 24;
const maxParts = 5_000;

/** All that a command does, as far as that can be told before it runs. Ends for any text, and soon. */
export function readCommand(command: string): Reading {
  const parts: Part[] = [];
  const defined = new Set<string>();
  const computes = new Set<string>();
  const holds = new Set<string>();
  const left: { readonly finding: Finding; readonly depth: number }[] = [
    { finding: { is: 'script', text: command, dialect: 'bash' }, depth: 0 },
  ];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { finding, depth } = next;
    if (depth > maxDepth || parts.length > maxParts) {
      parts.push({ is: 'opaque', because: 'the command is too involved to be taken apart' });
      break;
    }
    let hidden: readonly Finding[] = [];
    switch (finding.is) {
      case 'script':
        hidden = readScript(finding.text, finding.dialect);
        break;
      case 'command': {
        const { words, stdin, dialect } = finding;
        const found = hiddenIn(words, stdin, dialect);
        parts.push({ is: 'command', words, passes: passes(words, found) || exportsOnly(words, found) });
        hidden = found.map((one) => (one.is === 'inner' ? { ...one, is: 'command', stdin, dialect } : one));
        break;
      }
      case 'write':
      case 'setting':
      case 'opaque':
        parts.push(finding);
        break;
      case 'defines':
        defined.add(finding.name);
        break;
      case 'computes':
        computes.add(finding.name);
        break;
      case 'holds':
        holds.add(finding.name);
        break;
      default: {
        const never: never = finding;
        throw new TypeError(`No such finding: ${JSON.stringify(never)}`);
      }
    }
    for (const one of hidden.toReversed()) left.push({ finding: one, depth: depth + 1 });
  }
  for (const name of computes) {
    if (!holds.has(name)) continue;
    const because = `arithmetic runs the commands in what it evaluates, and \`${name}\` holds a text`;
    parts.push({ is: 'opaque', because });
  }
  parts.push(...ownFiles(parts));
  return { parts, defined };
}

/** `export` of variables that are plainly harmless. */
function exportsOnly(words: Words, found: readonly Inner[]): boolean {
  const [name] = words;
  return name.is === 'literal' && name.text === 'export' && words.length > 1 && found.length === 0;
}

/** Files that the command writes and then runs: what is in them is not looked at. */
function ownFiles(parts: readonly Part[]): Part[] {
  const written = parts.flatMap((part) => (part.is === 'write' ? [part.path] : []));
  if (written.length === 0) return [];
  const anything = written.some((path) => path.is === 'dynamic');
  const names = new Set(written.flatMap((path) => (path.is === 'literal' ? [nameOf(path.text)] : [])));
  return parts.flatMap((part): Part[] => {
    const name = part.is === 'command' ? part.words[0] : undefined;
    if (name?.is !== 'literal' || !name.text.includes('/')) return [];
    if (!anything && !names.has(nameOf(name.text))) return [];
    return [{ is: 'opaque', because: `it may write ${quoted(name.text)} itself before it runs it` }];
  });
}

/** What one command runs or changes by way of its arguments and its standard input. */
function hiddenIn(words: Words, stdin: Stdin, dialect: Dialect): readonly Inner[] {
  const [first] = words;
  if (first.is === 'dynamic') return [unknown([first])];
  const name = nameOf(first.text);
  if (name === 'git') return gitCall(words);
  if (name === 'find' || name === 'gfind') return findCall(words);
  return wrapped(name, words) ?? scripted(name, words, stdin, dialect) ?? builtin(name, words) ?? [];
}
