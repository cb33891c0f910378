/**
 * The fields that requests are made of. Owns their bounds, and the words for what only they can say of a fault.
 * Knows nothing of routes.
 */
import { z } from 'zod';
import { MOST_FILES } from '../core/files.ts';
import { readQuery } from '../core/words.ts';

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

/** What no list, terminal or header can show, or what would turn the direction of what follows. */
const unseen = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/u;

/** A file's name: one name, no path. */
export const fileName = z
  .string()
  .superRefine((name, context) => {
    const message = faultOfName(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ minLength: 1, maxLength: MAX_TITLE })
  .describe('What the file is called, as people and the model see it.');

function faultOfName(name: string): string | undefined {
  if (name.trim() === '') return 'must not be blank';
  if (name.length > MAX_TITLE) return `must be at most ${MAX_TITLE} characters, not ${name.length}`;
  if (/[/\\]/.test(name) || /^\.+$/.test(name)) return 'must be a name, not a path';
  const found = unseen.exec(name);
  if (!found) return undefined;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `holds the character U+${code} at position ${found.index}, which can't be shown in a name`;
}

const part = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('text'), text: z.string().meta({ minLength: 1 }) }),
    z
      .strictObject({ type: z.literal('file'), id: z.string().min(1).max(64) })
      .describe('A file of this chat, as `POST …/files` answered it.'),
  ],
  { error: 'must be "text" or "file"' },
);

/** A message as people send it: `text`, or the same as `parts`, with files among them. */
export const messageBody = z
  .strictObject({
    text: text.optional(),
    parts: z
      .array(part)
      .min(1, 'must hold at least one part')
      .max(MAX_PARTS, `must hold at most ${MAX_PARTS} parts`)
      .optional()
      .describe(
        `Instead of \`text\`; its texts together as long as a text may be, and up to ${MOST_FILES} files, which need no text.`,
      ),
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
    const files = parts.flatMap((one) => (one.type === 'file' ? [one.id] : []));
    if (files.length > MOST_FILES) {
      const fault = `can hold at most ${MOST_FILES} files, not ${files.length}`;
      context.addIssue({ code: 'custom', path: ['parts'], message: fault });
    }
    if (new Set(files).size < files.length) {
      context.addIssue({ code: 'custom', path: ['parts'], message: 'name a file twice: once is enough' });
    }
    const texts = parts.flatMap((one) => (one.type === 'text' ? [one.text] : []));
    if (texts.length === 0) return;
    const message = faultOfText(texts.join('\n'), MAX_TEXT);
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

/** What is searched for: plain words, in which no sign is an operator. */
export const searched = words(MAX_TITLE)
  .refine((text) => text.trim() === '' || readQuery(text) !== undefined, {
    error: 'holds no word that could be looked for: letters, digits or emoji are needed',
  })
  .describe('Words.');

/** A sequence number in a log, 0 for its beginning. */
export const sequence = digits.pipe(z.int().min(0));

/** A feed's cursor as it is sent: whether it is one depends on the log. */
export const cursor = z
  .string()
  .optional()
  .describe('A sequence number: what comes after it. 0: from the beginning.');

/** Where a page of a log ends: at a sequence number, or with the latest there is. */
const back = z
  .string()
  .describe('A sequence number: the last before it, in ascending order. `latest`: the last there are.');

/** The same for a feed, whose cursors its log knows. */
export const cursorBack = back.optional();

export const sequenceBack = back
  .regex(/^(?:\d{1,15}|latest)$/, 'must be a whole number in digits, or latest')
  .optional();

/** For a query that goes on from a place in a log, to one side of it. */
export function oneSide(
  { after, before }: { readonly after?: unknown; readonly before?: unknown },
  context: z.RefinementCtx,
): void {
  if (after === undefined || before === undefined) return;
  const message = 'can not stand beside after: send one of them';
  context.addIssue({ code: 'custom', path: ['before'], message });
}
