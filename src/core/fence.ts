/**
 * How words that are not a person's stand in a transcript: fenced, attributed, and unable to close or forge
 * a fence. Owns the reserved tags and their escaping; what goes into them is the caller's.
 */
import type { Block } from './ports.ts';

/** The tags that only the gateway may open or close. */
export const reservedTags = ['subagent-announcement', 'gateway-note', 'steer', 'web-page'] as const;

const forgery = new RegExp(`<(?=/?(?:${reservedTags.join('|')}))`, 'gi');
const entity = /&(?=(?:lt|amp);)/g;
const escaped = /&(lt|amp);/g;

/** Escapes a body so that it can neither close its fence nor open another; all else stays byte for byte. */
export function encodeBody(body: string): string {
  return body.replace(entity, '&amp;').replace(forgery, '&lt;');
}

/** The gateway's own words to a model. */
export function noteBlock(text: string): Block {
  return { type: 'text', text: `<gateway-note>\n${encodeBody(text)}\n</gateway-note>` };
}

/** The body that `encodeBody` was given. */
export function decodeBody(encoded: string): string {
  return encoded.replace(escaped, (_, name: string) => (name === 'lt' ? '<' : '&'));
}

/** A value for an attribute: one line, no quote and no bracket of its own. */
export function attribute(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replace(/\p{Cc}+/gu, ' ');
}

/** A text without line breaks or other blanks but single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** `count` characters from the start, never half of a surrogate pair. */
export function head(text: string, count: number): string {
  if (text.length <= count) return text;
  const last = text.charCodeAt(count - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? count - 1 : count);
}
