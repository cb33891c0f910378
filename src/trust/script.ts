/**
 * From a shell script to what it does. Owns the walk over the syntax tree: every command, wherever it hides, every
 * file that is written by redirection, every variable that is set. Never looks into what a command does with its
 * arguments.
 */
import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import { arithmeticWord, operand, settings } from './arithmetic.ts';
import { type Dialect, type Finding, literal, opaque, quoted, type Word, type Words } from './parts.ts';
import { redirected, stdinOf } from './redirection.ts';
import { assigned, filled } from './variables.ts';
import { wordOf } from './word.ts';

/** As long as the tool `bash` takes. */
const maxLength = 100_000;
/** Each opens something that has to be read again inside; people write a few. */
const maxOpeners = 6_000;
const maxNesting = 24;

const tooDeep = opaque('the command is nested too deeply to be taken apart');

/** What these mean to bash, they don't mean to other shells. */
const bashOnly: ReadonlySet<SyntaxNode['type']> = new Set([
  'AnsiCQuoted',
  'LocaleString',
  'ProcessSubstitution',
  'HereString',
  'BraceExpansion',
  'ArrayValue',
  'TestCommand',
  'ArithmeticCommand',
  'ArithmeticFor',
  'Select',
  'Coproc',
]);

/** All that a script does, in its order. What is not understood is in it as opaque. */
export function readScript(text: string, dialect: Dialect): Finding[] {
  if (text.length > maxLength) return [opaque('the command is too long to be taken apart')];
  const openers = text.match(/[$<>]\(|\$\{|\(\(|\$\[|`|<</g)?.length ?? 0;
  if (openers > maxOpeners) return [tooDeep];
  try {
    return walk(parse(text), dialect);
  } catch (error) {
    // The parser is recursive.
    if (error instanceof RangeError) return [tooDeep];
    throw error;
  }
}

function walk(root: SyntaxNode, dialect: Dialect): Finding[] {
  const found: Finding[] = [];
  const left: { readonly node: SyntaxNode; readonly nesting: number }[] = [{ node: root, nesting: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node } = next;
    if (next.nesting > maxNesting) return [...found, tooDeep];
    if (dialect !== 'bash' && bashOnly.has(node.type)) {
      found.push(opaque(`${describe(node)} means something else to other shells than bash`));
    }
    for (const finding of look(node, dialect)) found.push(finding);
    const nesting = next.nesting + (node.type === 'Script' ? 1 : 0);
    const children: SyntaxNode[] = [];
    forEachChild(node, (child) => children.push(child));
    for (const child of children.toReversed()) left.push({ node: child, nesting });
  }
  return found;
}

/** What a node itself says; the walk goes on to its children by itself. */
function look(node: SyntaxNode, dialect: Dialect): readonly Finding[] {
  switch (node.type) {
    case 'Script': {
      const [error] = node.errors ?? [];
      return error === undefined
        ? []
        : [opaque(`it is not understood as a shell command (${error.message})`)];
    }
    case 'Command':
      return commandOf(node, dialect);
    case 'Assignment': {
      const { value } = node;
      const computed = value.type === 'Word' && value.parts?.length === 1 ? value.parts[0]?.type : undefined;
      const index = node.index === undefined ? [] : arithmeticWord(node.index);
      const word = value.type === 'Word' && node.append !== true ? wordOf(value) : undefined;
      // A list with something behind it: the parser takes it for a word.
      const list = value.type === 'Word' && value.text.startsWith('(') ? [unread(node)] : [];
      return [
        ...assigned(node.name, computed === 'ArithmeticExpansion' ? 'number' : word),
        ...index,
        ...list,
      ];
    }
    case 'ArrayValue':
      return node.elements
        .filter((element) => /^\[(?!\d+\])/.test(element.text))
        .map((element) => opaque(`${quoted(element.text)} evaluates its index, which may run commands`));
    case 'Redirect':
      return redirected(node);
    case 'HereDoc':
      return node.closing === undefined ? [opaque('a here-document has no end')] : [];
    case 'Function': {
      const name = wordOf(node.name);
      return name.is === 'literal' ? [{ is: 'defines', name: name.text }] : [unread(node)];
    }
    case 'For':
    case 'Select': {
      const numbers =
        node.type === 'For' &&
        node.wordlist?.every((word) => /^(?:\d{1,18}|\{\d+\.\.\d+\})$/.test(word.text));
      return filled(node.name.text, numbers === true);
    }
    case 'Coproc':
      return [{ is: 'setting', shown: 'coproc' }, ...(node.name ? filled(node.name.text, false) : [])];
    case 'ArithmeticExpansion':
    case 'ArithmeticCommand':
      return node.expression === undefined ? [unread(node)] : [];
    case 'ArithmeticBinary':
    case 'ArithmeticUnary':
      return settings(node);
    case 'ArithmeticWord':
      return operand(node);
    case 'ArithmeticCommandExpansion':
      return [opaque("what arithmetic makes of a command's output can't be told before")];
    case 'TestBinary':
      return /^-(?:eq|ne|lt|le|gt|ge)$/.test(node.operator)
        ? [...arithmeticWord(node.left), ...arithmeticWord(node.right)]
        : [];
    case 'TestUnary': {
      const tested = wordOf(node.operand);
      if (node.operator !== '-v' && node.operator !== '-R') return [];
      return tested.is === 'literal' && /^\w*$/.test(tested.text) ? [] : [unread(node)];
    }
    case 'ParameterExpansion':
      return parameter(node);
    case 'ExtendedGlob':
      return [opaque(`whether ${quoted(node.text)} is a pattern depends on the shell's settings`)];
    case 'CommandExpansion':
    case 'ProcessSubstitution':
      return node.script === undefined ? [unread(node)] : [];
    // If a shell would see an expansion there, the parser and the shell disagree.
    case 'Word':
      return node.parts === undefined && /[<>]\(|`|\$[({[\w'"]/.test(unescaped(node.text))
        ? [unread(node)]
        : [];
    case 'Literal':
      return /`|\$[({[\w]/.test(unescaped(node.text)) ? [unread(node)] : [];
    default:
      return [];
  }
}

function unescaped(text: string): string {
  return text.replace(/\\[\s\S]/g, '');
}

function unread(node: SyntaxNode): Finding {
  return opaque(`what ${describe(node)} does can't be told before it runs`);
}

function describe(node: SyntaxNode): string {
  return 'text' in node ? quoted(node.text) : `a construct of the kind ${node.type}`;
}

function commandOf(node: Command, dialect: Dialect): Finding[] {
  if (node.name === undefined) return [];
  const rest = node.args.map((argument): Word => {
    if (argument.type === 'Word') return wordOf(argument);
    const { value } = argument;
    const word = value.type === 'Word' && argument.index === undefined ? wordOf(value) : undefined;
    const start = `${argument.name}${argument.append === true ? '+' : ''}=`;
    if (word?.is === 'literal') return literal(start + word.text);
    return { is: 'dynamic', shown: argument.text, start: start + (word?.start ?? ''), many: false };
  });
  const words: Words = [wordOf(node.name), ...rest];
  return [{ is: 'command', words, stdin: stdinOf(node.redirects), dialect }];
}

/** Expansions that do more than to insert a variable. */
function parameter(node: Extract<SyntaxNode, { type: 'ParameterExpansion' }>): Finding[] {
  const { index, operation, prefix } = node;
  const all = index?.text === '@' || index?.text === '*';
  const found = index === undefined || all ? [] : arithmeticWord(index);
  // The variable's text is read as the name of another one, with an index that is evaluated.
  if (prefix === '!' && !all && operation?.type !== 'Names') found.push(unread(node));
  switch (operation?.type) {
    case 'Slice':
      return [
        ...found,
        ...arithmeticWord(operation.offset),
        ...(operation.length === undefined ? [] : arithmeticWord(operation.length)),
      ];
    case 'Transform':
      // @P expands the text like a prompt, commands included.
      return /^[QEALUuKka]$/.test(operation.operand.text) ? found : [...found, unread(node)];
    case 'Default':
      return operation.operator.endsWith('=') ? [...found, ...assigned(node.parameter, undefined)] : found;
    case 'Unknown':
      return [...found, unread(node)];
    case 'Remove':
    case 'Replace':
    case 'CaseModification':
    case 'Names':
    case undefined:
      return found;
    default: {
      const never: never = operation;
      throw new TypeError(`No such expansion: ${JSON.stringify(never)}`);
    }
  }
}
