/**
 * The fields that requests are made of, and what is said of one that is wrong. Owns their bounds and words.
 * Knows nothing of routes.
 */
import { z } from 'zod';
import { kindOf, valueAt } from '../core/given.ts';
import type { Fault } from './problem.ts';

const MAX_TEXT = 100_000;
const MAX_TITLE = 200;
const MAX_PARTS = 100;
/** Control characters other than line breaks and tabs: no transcript, terminal or page can show them. */
const control = /[^\P{Cc}\n\r\t]/u;

function characters(text: string): number {
  if (text.length <= MAX_TEXT) return text.length;
  let n = 0;
  for (const _ of text) n += 1;
  return n;
}

function faultOfText(text: string, max: number): string | undefined {
  if (text.trim() === '') return 'must not be blank';
  const length = characters(text);
  if (length > max) return `must be at most ${max} characters, not ${length}`;
  const found = control.exec(text);
  if (!found) return undefined;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `holds the control character U+${code} at position ${found.index}: send plain text; line breaks and tabs are fine`;
}

/** Text of 1 to `max` characters, not blank; halves of surrogate pairs become U+FFFD. */
function words(max: number) {
  return z
    .string()
    .superRefine((text, context) => {
      const message = faultOfText(text, max);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .overwrite((text) => text.toWellFormed())
    .meta({ minLength: 1, maxLength: max, pattern: '\\S' });
}

/** For routes that take no parameters in the address. */
export const noQuery = z.strictObject({});

export const text = words(MAX_TEXT);
export const title = words(MAX_TITLE);
export const modelName = words(MAX_TITLE).describe('The id or the configured alias of a model.');

/** US dollars that may be spent in a day. */
export const budgetUsd = z
  .number()
  .min(0.01, 'must be at least 0.01')
  .max(1_000_000, 'must be at most 1000000')
  .describe('US dollars that the chat and its subagents may spend in a day (UTC).');

export const requestId = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9 and _ . : -')
  .optional()
  .describe('Names this request: sent again with the same body it is answered again and done once.');

const part = z.strictObject({ type: z.literal('text'), text: z.string().meta({ minLength: 1 }) });

/** A message as people send it: `text`, or the same as `parts`. */
export const messageBody = z
  .strictObject({
    text: text.optional(),
    parts: z
      .array(part)
      .min(1, 'must hold at least one part')
      .max(MAX_PARTS, `must hold at most ${MAX_PARTS} parts`)
      .optional()
      .describe('Instead of `text`; together as long as a text may be.'),
    interrupt: z.boolean().optional().describe('Gives up the call that is under way, to read this at once.'),
    id: requestId,
  })
  .superRefine((body, context) => {
    const { text: whole, parts } = body;
    if (whole !== undefined && parts !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['parts'],
        message: 'can not stand beside text: send one of them',
      });
    }
    if (whole === undefined && parts === undefined) {
      context.addIssue({ code: 'custom', path: ['text'], message: 'is missing: send text, or parts' });
    }
    if (parts === undefined) return;
    const message = faultOfText(parts.map((one) => one.text).join('\n'), MAX_TEXT);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['parts'], message });
  });

const digits = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number in digits')
  .transform(Number);

/** How many of a list are wanted; more than `max` is lowered to it. */
export function limit(usual: number, max: number) {
  return digits
    .pipe(z.int().min(1, 'must be at least 1'))
    .overwrite((n) => Math.min(n, max))
    .optional()
    .describe(`At most so many; ${usual} if left out; more than ${max} is lowered to ${max}.`);
}

/** A switch in the address. */
export const yesOrNo = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .pipe(z.boolean())
  .optional();

/** Dollars that a chat may spend in a day. */
export const budget = z
  .number()
  .positive('must be more than 0')
  .max(1_000_000, 'must be at most 1000000')
  .describe('Dollars a day.');

/** A sequence number in a log, 0 for its beginning. */
export const sequence = digits.pipe(z.int().min(0));

/** A feed's cursor as it is sent: whether it is one depends on the log. */
export const cursor = z
  .string()
  .optional()
  .describe('A sequence number: what comes after it. 0: from the beginning.');

/**
 * What is wrong, field by field.
 * @param given what was checked
 * @param names the fields there are, for whoever sent another one
 */
export function faultsOf(error: z.ZodError, given: unknown, names: readonly string[]): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const path = issue.path.join('.');
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known =
          issue.path.length === 0
            ? `: there ${names.length === 0 ? 'is none' : `are ${names.join(', ')}`}`
            : '';
        return issue.keys.map((key) => ({
          path: [...issue.path, shorten(key)].join('.'),
          message: `is not a field here${known}`,
        }));
      }
      case 'invalid_type':
        return [{ path, message: typeWords(issue.expected, valueAt(given, issue.path)) }];
      case 'invalid_value':
        return [{ path, message: `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}` }];
      default:
        return [{ path, message: issue.message }];
    }
  });
}

function typeWords(expected: string, value: unknown): string {
  if (value === undefined) return 'is missing';
  const wanted: Readonly<Record<string, string>> = {
    string: 'a string',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return `must be ${wanted[expected] ?? expected}, not ${kindOf(value)}`;
}

function shorten(key: string): string {
  return key.length <= 80 ? key.toWellFormed() : `${key.slice(0, 79).toWellFormed()}…`;
}
