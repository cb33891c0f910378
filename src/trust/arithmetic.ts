/**
 * What the shell's arithmetic may run. It evaluates what its variables hold, again as arithmetic, and runs the
 * commands that it finds in there (`a[$(…)]`): only numbers and variables that hold nothing else are safe. Owns that
 * judgement of an operand; never walks an expression.
 */
import type { ArithmeticExpression, ArithmeticWord, Word as SyntaxWord, WordPart } from 'unbash';
import { type Finding, opaque, quoted } from './parts.ts';
import { filled } from './variables.ts';

const number = /^(?:\d+|0[xX][0-9a-fA-F]+|\d{1,2}#[0-9a-zA-Z]+)$/;
const name = /^[A-Za-z_]\w*$/;
/** Those in capitals are often filled by the shell itself, with texts; these only with numbers. */
const safeName =
  /^(?:[a-z]\w*|RANDOM|SRANDOM|SECONDS|EPOCHSECONDS|LINENO|UID|EUID|PPID|SHLVL|BASHPID|OPTIND|COLUMNS|LINES)$/;

/** The operand of an expression. */
export function operand(node: ArithmeticWord): Finding[] {
  if (node.parts === undefined) return evaluated(node.value);
  return node.parts.flatMap((part) => evaluatedPart(part, node.value));
}

/** A word that is evaluated as arithmetic where it stands: an index, an offset, an operand of `-eq`. */
export function arithmeticWord(word: SyntaxWord): Finding[] {
  if (word.parts === undefined) return evaluated(word.value.trim().replace(/^-/, ''));
  return word.parts.flatMap((part) => evaluatedPart(part, word.text));
}

/** An expression that sets a variable sets it to a number, and yet `PATH` to a number is another `PATH`. */
export function settings(node: ArithmeticExpression): Finding[] {
  switch (node.type) {
    case 'ArithmeticBinary':
      return /^(?:[-+*/%&|^]|<<|>>)?=$/.test(node.operator) ? target(node.left) : [];
    case 'ArithmeticUnary':
      return node.operator === '++' || node.operator === '--' ? target(node.operand) : [];
    case 'ArithmeticTernary':
    case 'ArithmeticGroup':
    case 'ArithmeticWord':
    case 'ArithmeticCommandExpansion':
      return [];
    default: {
      const never: never = node;
      throw new TypeError(`No such expression: ${JSON.stringify(never)}`);
    }
  }
}

function target(node: ArithmeticExpression): Finding[] {
  return node.type === 'ArithmeticWord' && name.test(node.value) ? filled(node.value, true) : [unsure('it')];
}

function evaluated(text: string): Finding[] {
  return text === '' || number.test(text) ? [] : variable(text, text);
}

function variable(text: string, whole: string): Finding[] {
  return safeName.test(text) ? [{ is: 'computes', name: text }] : [unsure(whole)];
}

function evaluatedPart(part: WordPart, whole: string): Finding[] {
  switch (part.type) {
    case 'Literal':
      return evaluated(part.value);
    case 'DoubleQuoted':
      return part.parts.flatMap((child) => evaluatedPart(child, whole));
    case 'SimpleExpansion':
      // How many arguments, the last exit code, process numbers.
      if (/^\$[#?$!]$/.test(part.text)) return [];
      return variable(part.text.slice(1), whole);
    case 'ParameterExpansion':
      if (part.operation === undefined && part.index === undefined && part.prefix !== '!') {
        return part.prefix === '#' ? [] : variable(part.parameter, whole);
      }
      return [unsure(whole)];
    case 'ArithmeticExpansion':
      // A number; what is inside is looked at where the walk comes to it.
      return [];
    case 'Glob':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
    case 'LocaleString':
    case 'CommandExpansion':
    case 'ProcessSubstitution':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      return [unsure(whole)];
    default: {
      const never: never = part;
      throw new TypeError(`No such part of a word: ${JSON.stringify(never)}`);
    }
  }
}

function unsure(text: string): Finding {
  return opaque(
    `arithmetic runs the commands in what it evaluates, and ${quoted(text)} can't be told before`,
  );
}
