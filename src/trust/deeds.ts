/**
 * What a tool call is going to do, one by one, in the terms that rules are written in. Owns the way from a call's
 * input to its deeds; never judges one.
 */
import type { Json } from '../core/ports.ts';
import { quoted, shownWords, type Words } from './parts.ts';
import { type Place, placeOf } from './path-pattern.ts';
import { type JudgedTool, judgedTools } from './rules.ts';
import { readCommand } from './shell.ts';

/** A call as far as it is judged. */
export interface JudgedCall {
  readonly name: string;
  readonly input: { readonly [key: string]: Json };
  /** Whether the tool changes nothing, whatever it is given. */
  readonly readOnly: boolean;
  /**
   * The folder where relative paths begin, if the caller knows it. Without it an absolute path is never one that a
   * relative pattern allows, and asks if a relative pattern of another rule could mean it.
   */
  readonly workspace?: string;
}

export type FileTool = 'read' | 'write' | 'edit' | 'glob' | 'grep';

/** `shown`: how it is named to people and models. */
export type Deed =
  | {
      readonly is: 'command';
      readonly words: Words;
      /** It needs no rule of its own. */
      readonly passes: boolean;
      /** The name doesn't mean what it meant to whoever wrote the rules. */
      readonly redefined: boolean;
      readonly shown: string;
    }
  | {
      readonly is: 'file';
      readonly tool: FileTool;
      /** Undefined: nobody can tell before it runs. */
      readonly place: Place | undefined;
      /** Whether all that lies below is meant, too. */
      readonly folder: boolean;
      readonly shown: string;
    }
  | { readonly is: 'page'; readonly url: string; readonly shown: string }
  | { readonly is: 'worktrees'; readonly action: string; readonly shown: string }
  /** A call of a tool that no rule can speak of. */
  | { readonly is: 'other'; readonly shown: string }
  | { readonly is: 'setting'; readonly shown: string }
  | { readonly is: 'opaque'; readonly because: string };

/** All that a call does. */
export function deedsOf(call: JudgedCall): Deed[] {
  const tool = judgedTools.find((name) => name === call.name);
  if (tool === undefined) return [{ is: 'other', shown: quoted(call.name) }];
  return deedsOfTool(tool, call);
}

function deedsOfTool(tool: JudgedTool, { input, workspace }: JudgedCall): Deed[] {
  switch (tool) {
    case 'bash':
      return commandDeeds(textOf(input.command), workspace);
    case 'read':
    case 'write':
    case 'edit':
      return [file(tool, textOf(input.path), workspace, false)];
    case 'glob':
    case 'grep': {
      const names = textOf(tool === 'glob' ? input.pattern : input.glob) ?? '';
      const path = textOf(input.path) ?? '.';
      // Such a pattern leads out of the folder that it is given.
      return [file(tool, /^\/|\.\./.test(names) ? undefined : path, workspace, true)];
    }
    case 'web_fetch': {
      const url = textOf(input.url) ?? '';
      return [{ is: 'page', url, shown: quoted(`web_fetch ${url}`) }];
    }
    case 'worktrees': {
      const action = textOf(input.action) ?? '';
      return [{ is: 'worktrees', action, shown: quoted(`worktrees ${action}`) }];
    }
    default: {
      const never: never = tool;
      throw new TypeError(`No such tool: ${JSON.stringify(never)}`);
    }
  }
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function file(
  tool: FileTool,
  path: string | undefined,
  workspace: string | undefined,
  folder: boolean,
): Deed {
  const place = path === undefined ? undefined : placeOf(path, workspace);
  return { is: 'file', tool, place, folder, shown: quoted(`${tool} ${path ?? '…'}`) };
}

function commandDeeds(command: string | undefined, workspace: string | undefined): Deed[] {
  if (command === undefined) return [{ is: 'opaque', because: 'the call names no command' }];
  const { parts, defined } = readCommand(command);
  return parts.map((part): Deed => {
    switch (part.is) {
      case 'command': {
        const { words, passes } = part;
        const [name] = words;
        const redefined = name.is === 'literal' && defined.has(name.text);
        return {
          is: 'command',
          words,
          passes: passes && !redefined,
          redefined,
          shown: quoted(shownWords(words)),
        };
      }
      case 'write': {
        const place = part.path.is === 'literal' ? placeOf(part.path.text, workspace) : undefined;
        const shown = quoted(`> ${shownWords([part.path])}`);
        return { is: 'file', tool: 'write', place, folder: false, shown };
      }
      case 'setting':
        return { is: 'setting', shown: quoted(part.shown) };
      case 'opaque':
        return part;
      default: {
        const never: never = part;
        throw new TypeError(`No such part: ${JSON.stringify(never)}`);
      }
    }
  });
}
