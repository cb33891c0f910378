/**
 * The rules of trust as they stand in the configuration: their schema, and how one is read. Never judges a call.
 *
 * A field's own error text ends the sentence "it must be …".
 */
import { z } from 'zod';

/** The tools whose calls are judged. The others only change sessions, which have rules of their own. */
export const judgedTools = [
  'bash',
  'read',
  'write',
  'edit',
  'glob',
  'grep',
  'web_fetch',
  'worktrees',
] as const;
export type JudgedTool = (typeof judgedTools)[number];

/** Tools that sessions are changed with: nobody is asked before they run. */
export const sessionTools: ReadonlySet<string> = new Set([
  'sessions_spawn',
  'subagents',
  'report',
  'stay_silent',
  'skill',
  'submit_result',
]);

const worktreeActions = ['list', 'diff', 'land', 'remove'];
const host = /^(?:\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i;
const ipv6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/i;

/** A rule: all calls of a tool, or those that fit a pattern. */
export interface Rule {
  /** As it stands in the configuration. */
  readonly text: string;
  readonly tool: JudgedTool;
  readonly pattern?: string;
}

const ruleWords = `a tool or tool(pattern), such as bash(npm test), write(src/**) or web_fetch(*.example.org); the tools are ${judgedTools.join(', ')}`;

/** @throws when the text is no rule: the schema checks the configuration before. */
export function ruleOf(text: string): Rule {
  const read = readRule(text);
  if (typeof read === 'string') throw new Error(`${JSON.stringify(text)} is no rule; it must be ${read}.`);
  return read;
}

/** The rule, or words for what it must be instead. */
function readRule(text: string): Rule | string {
  const [, name, pattern] = /^([^()]*)(?:\(([\s\S]*)\))?$/.exec(text) ?? [];
  const tool = judgedTools.find((one) => one === name);
  if (name !== undefined && sessionTools.has(name)) {
    return `a rule for one of ${judgedTools.join(', ')}; ${name} only changes sessions and is never asked about`;
  }
  if (tool === undefined || text.length > 500 || text.includes('\0')) return ruleWords;
  if (pattern === undefined) return { text, tool };
  if (pattern.trim() === '') return `${tool} alone if all its calls are meant, or ${tool}(pattern)`;
  return patternWords(tool, pattern) ?? { text, tool, pattern };
}

/** What a pattern that can't ever fit must be instead. */
function patternWords(tool: JudgedTool, pattern: string): string | undefined {
  switch (tool) {
    case 'bash': {
      const words = pattern.trim().split(/ +/);
      const operators = words.some((word) => /^(?:&&?|\|[|&]?|;;|[0-9&]*[<>].*|.+;)$/.test(word));
      // It ends what `find` runs; in any other place it is a second command.
      const semicolon = words.includes(';') && !words.some((word) => /^-(?:exec|ok)/.test(word));
      return operators || semicolon || /["'`\n\r\t]/.test(pattern)
        ? 'the words of one command, such as bash(git push *): without quotes, && | > and the like, as each command of a line is compared by itself, after its quotes are removed'
        : undefined;
    }
    case 'read':
    case 'write':
    case 'edit':
    case 'glob':
    case 'grep':
      return pattern.startsWith('~')
        ? `a path from the workspace or from the root (~ has no meaning), such as ${tool}(src/**)`
        : undefined;
    case 'web_fetch':
      return host.test(pattern) || ipv6.test(pattern)
        ? undefined
        : 'a host, or all names below one, such as web_fetch(docs.example.org) or web_fetch(*.example.org)';
    case 'worktrees':
      return worktreeActions.includes(pattern)
        ? undefined
        : `one of ${worktreeActions.map((action) => `worktrees(${action})`).join(', ')}`;
    default: {
      const never: never = tool;
      throw new TypeError(`No such tool: ${JSON.stringify(never)}`);
    }
  }
}

const listWords = (list: string): string => `a list of rules, such as ${list}`;
const rules = (example: string) =>
  z
    .array(
      z.string(ruleWords).superRefine((text, context) => {
        const read = readRule(text);
        if (typeof read === 'string') context.addIssue({ code: 'custom', message: read });
      }),
      listWords(example),
    )
    .max(1_000, 'a list of at most 1000 rules')
    .default([]);

const trustWords = 'an object such as {"subagents": "ask", "allow": ["bash(npm test)"]}';

/**
 * What sessions may do without asking. `main` and `subagents`: how far they are trusted with what no rule speaks of.
 * A rule that denies wins over one that asks, and that one over one that allows.
 */
export const trustSchema = z
  .strictObject(
    {
      main: z.enum(['ask', 'auto'], 'ask or auto').default('auto'),
      subagents: z.enum(['plan', 'ask', 'auto'], 'plan, ask or auto').default('auto'),
      allow: rules('["bash(npm test)", "write(src/**)"]'),
      ask: rules('["bash(git push *)"]'),
      deny: rules('["bash(rm *)"]'),
    },
    { error: trustWords },
  )
  .default({ main: 'auto', subagents: 'auto', allow: [], ask: [], deny: [] });

export type TrustSettings = z.output<typeof trustSchema>;
