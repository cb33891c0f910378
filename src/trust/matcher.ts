/**
 * A rule, made ready to be put to deeds. Owns which deeds a rule speaks of and how sure that is; never knows whether
 * the rule allows, asks or denies.
 */
import { commandPattern } from './command-pattern.ts';
import type { Deed } from './deeds.ts';
import { hostFits, pathPattern } from './path-pattern.ts';
import type { Rule } from './rules.ts';

export interface Matcher {
  readonly rule: Rule;
  /** Whether the rule, if it allows, covers this deed for certain. */
  allows(deed: Deed): boolean;
  /** Whether the rule, if it denies or asks, means this deed. */
  catches(deed: Deed): 'yes' | 'maybe' | 'no';
}

export function matcherOf(rule: Rule): Matcher {
  const { tool, pattern } = rule;
  if (pattern === undefined) {
    const means = (deed: Deed): boolean => toolOf(deed) === tool;
    return { rule, allows: means, catches: (deed) => (means(deed) ? 'yes' : 'no') };
  }
  switch (tool) {
    case 'bash': {
      const command = commandPattern(pattern);
      return {
        rule,
        allows: (deed) => deed.is === 'command' && !deed.redefined && command.allows(deed.words),
        catches: (deed) => (deed.is === 'command' ? command.catches(deed.words) : 'no'),
      };
    }
    case 'read':
    case 'write':
    case 'edit':
    case 'glob':
    case 'grep': {
      const path = pathPattern(pattern);
      return {
        rule,
        allows: (deed) =>
          deed.is === 'file' && deed.tool === tool && deed.place !== undefined && path.allows(deed.place),
        catches(deed) {
          if (deed.is !== 'file' || deed.tool !== tool) return 'no';
          return deed.place === undefined ? 'maybe' : path.catches(deed.place, deed.folder);
        },
      };
    }
    case 'web_fetch': {
      const means = (deed: Deed): boolean => deed.is === 'page' && hostFits(pattern, deed.url);
      return { rule, allows: means, catches: (deed) => (means(deed) ? 'yes' : 'no') };
    }
    case 'worktrees': {
      const means = (deed: Deed): boolean => deed.is === 'worktrees' && deed.action === pattern;
      return { rule, allows: means, catches: (deed) => (means(deed) ? 'yes' : 'no') };
    }
    default: {
      const never: never = tool;
      throw new TypeError(`No such tool: ${JSON.stringify(never)}`);
    }
  }
}

/** The tool whose rules speak of a deed. */
function toolOf(deed: Deed): string | undefined {
  switch (deed.is) {
    case 'command':
    case 'setting':
    case 'opaque':
      return 'bash';
    case 'file':
      return deed.tool;
    case 'page':
      return 'web_fetch';
    case 'worktrees':
      return 'worktrees';
    case 'other':
      return undefined;
    default: {
      const never: never = deed;
      throw new TypeError(`No such deed: ${JSON.stringify(never)}`);
    }
  }
}
