/**
 * What redirections of a command do: which files they write, and what its standard input holds. Never looks at the
 * command itself.
 */
import type { Redirect, Redirection } from 'unbash';
import { type Finding, opaque, quoted, type Stdin } from './parts.ts';
import { filled } from './variables.ts';
import { wordOf } from './word.ts';

/** Writing there changes no file. */
const noFile = /^\/dev\/(?:null|stdout|stderr|fd\/[12])$/;
/** To bash these are no files but connections. */
const connection = /^\/dev\/(?:tcp|udp)\//;

/** What one redirection does besides what its words expand. */
export function redirected(node: Redirect): Finding[] {
  const variable = node.descriptor?.type === 'FileDescriptorVariable' ? node.descriptor.name : undefined;
  const found = variable === undefined ? [] : filled(variable, true);
  if (variable !== undefined && !/^\w+$/.test(variable)) {
    found.push(opaque(`${quoted(variable)} evaluates its index, which may run commands`));
  }
  if (node.target === undefined) return [...found, opaque('a redirection leads nowhere')];
  const target = wordOf(node.target);
  const shown = `${node.operator}${node.target.text}`;
  if (target.is === 'literal' && connection.test(target.text)) {
    found.push(opaque(`${quoted(shown)} opens a connection`));
  }
  switch (node.operator) {
    case '>&':
      if (target.is === 'literal' && /^(?:\d+-?|-)$/.test(target.text)) return found;
      break;
    case '<':
    case '<&':
      // It may lead to a connection.
      return target.is === 'literal' ? found : [...found, { is: 'setting', shown }];
    case '>':
    case '>>':
    case '>|':
    case '<>':
    case '&>':
    case '&>>':
      break;
    default: {
      const never: never = node.operator;
      throw new TypeError(`No such redirection: ${JSON.stringify(never)}`);
    }
  }
  if (target.is === 'literal' && noFile.test(target.text)) return found;
  return [...found, { is: 'write', path: target }];
}

/** What comes to the standard input of a command with these redirections, if that is a text that shows. */
export function stdinOf(redirections: readonly Redirection[]): Stdin {
  const inputs = redirections.filter((one) => one.operator.includes('<'));
  const [input] = inputs;
  if (input === undefined || inputs.length > 1 || input.descriptor !== undefined) return undefined;
  switch (input.type) {
    case 'HereString': {
      const word = input.target === undefined ? undefined : wordOf(input.target);
      return word?.is === 'literal' ? { text: `${word.text}\n` } : undefined;
    }
    case 'HereDoc': {
      const { text } = input.body;
      if (input.delimiter?.quoted !== true && /[$`\\]/.test(text)) return undefined;
      return { text: input.operator === '<<-' ? text.replace(/^\t+/gm, '') : text };
    }
    case 'Redirect':
      return undefined;
    default: {
      const never: never = input;
      throw new TypeError(`No such redirection: ${JSON.stringify(never)}`);
    }
  }
}
