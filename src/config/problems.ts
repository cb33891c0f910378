/**
 * Turns what is wrong with the configuration into lines for a person: the setting, where it came from, what it
 * was, what it may be. Never prints a secret, and checks nothing itself.
 */
import { z } from 'zod';
import { valueAt } from '../core/given.ts';
import { nearest } from './nearest.ts';
import { settingsSchema } from './schema.ts';

/** The configuration is wrong and the start must not go on: one line for each fault, fit for standard error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** What a command that meets it exits with. */
  readonly exitCode = 2;

  constructor(lines: readonly string[]) {
    // A name or value from outside can't add a line or steer the terminal.
    super(lines.map((line) => line.replace(/\p{Cc}/gu, '?')).join('\n'));
  }
}

type Path = readonly PropertyKey[];

interface Checked {
  /** What stood there, by setting. */
  readonly raw: unknown;
  /** Everything is a text there, as in the environment: then quotes around a number are nobody's mistake. */
  readonly texts: boolean;
  /** Names a setting and its place. */
  readonly subject: (path: Path) => string;
}

/** One line for each fault that the settings' schema found. */
export function problemLines(error: z.ZodError, checked: Checked): string[] {
  return [...new Set(error.issues.flatMap((issue) => lines(issue, checked)))];
}

function lines(issue: z.core.$ZodIssue, { raw, texts, subject }: Checked): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${subject([...issue.path, key])} ${unknownKey(key, issue.path)}`);
    case 'invalid_key': {
      const words = issue.issues[0]?.message ?? issue.message;
      return [`${subject(issue.path)} has a name that won't do${ending(words)}`];
    }
    default: {
      const value = valueAt(raw, issue.path);
      const shown = issue.path[0] === 'token' ? hidden(value) : show(value);
      const quotes = !texts && issue.code === 'invalid_type' && /^(number|int)$/.test(issue.expected);
      const hint =
        quotes && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? ', without quotes' : '';
      return [`${subject(issue.path)} ${shown}${ending(issue.message + hint)}`];
    }
  }
}

/** What begins with a small letter says what a value may be; anything else is a sentence of its own. */
function ending(words: string): string {
  return /^[a-z]/.test(words) ? `; it must be ${words}.` : `: ${words}.`;
}

/** Words for the faults of fields that bring none of their own; they end the sentence "it must be …". */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'record' || issue.expected === 'object') return 'an object, { … }';
      if (issue.expected === 'string') return 'a text in double quotes';
      return /^[aeiou]/.test(issue.expected) ? `an ${issue.expected}` : `a ${issue.expected}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    default:
      return undefined;
  }
};

function unknownKey(key: string, path: Path): string {
  if (path.length === 0 && /anthropic|api_?key|auth_?token|base_?url/i.test(key)) {
    return 'can not stand here: ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN and ANTHROPIC_BASE_URL are read from the environment only.';
  }
  const known = keysAt(path);
  const meant = nearest(key, known);
  return meant === undefined
    ? `is not a setting; there are ${known.join(', ')}.`
    : `is not a setting; did you mean "${meant}"?`;
}

/** Which keys the schema knows at a path, read from the schema itself. */
function keysAt(path: Path): string[] {
  let here: unknown = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  for (const key of path) {
    const named = valueAt(here, ['properties', key]);
    here = named ?? valueAt(here, ['additionalProperties']);
  }
  const properties = valueAt(here, ['properties']);
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function hidden(value: unknown): string {
  return typeof value === 'string'
    ? `has a value that won't do (hidden, ${value.length} characters)`
    : 'has a value that is not a text (hidden)';
}

/** What a setting was, short and on one line; passwords in addresses are left out. */
export function show(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object' && value !== null) return 'is an object';
  const text = JSON.stringify(value).replace(/[^/"@\s]*:[^"@\s]*@/, '(hidden)@');
  return `is ${text.length > 80 ? `${text.slice(0, 78)}…"` : text}`;
}
