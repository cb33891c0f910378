/** Reads the gateway's fenced notes out of a user message, and what is left as people's words. */

export interface Announcement {
  readonly label: string;
  readonly status: string;
  /** The first line of the result that says something. */
  readonly firstLine: string;
}

export interface Heard {
  readonly announcements: readonly Announcement[];
  readonly steers: readonly string[];
  readonly notes: readonly string[];
  /** What people wrote, without the gateway's lines about date and speaker. */
  readonly words: string;
}

const announcement = /<subagent-announcement\b([^>]*)>([\s\S]*?)<\/subagent-announcement\b[^>]*>/g;
const steer = /<steer\b[^>]*>([\s\S]*?)<\/steer>/g;
/** The line before people's words that says when and who: `[2026-11-20 10:44 UTC, ada via web]`. */
const dateLine = /^\[\d{4}-\d{2}-\d{2} [^\]\n]*\]$/gm;
const note = /<gateway-note\b[^>]*>([\s\S]*?)<\/gateway-note\b[^>]*>/g;

export function hear(text: string): Heard {
  const announcements = [...text.matchAll(announcement)].map(([, head = '', body = '']) => ({
    label: /\blabel="([^"]*)"/.exec(head)?.[1] ?? 'a subagent',
    status: /\bstatus="([^"]*)"/.exec(head)?.[1] ?? 'ended',
    firstLine: firstLine(decoded(body)),
  }));
  const inside = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map(([, body = '']) => decoded(body).trim());
  return {
    announcements,
    steers: inside(steer),
    notes: inside(note),
    words: text
      .replaceAll(announcement, '')
      .replaceAll(steer, '')
      .replaceAll(note, '')
      .replaceAll(dateLine, '')
      .trim(),
  };
}

export function firstLine(text: string): string {
  const line = text
    .split('\n')
    .map((each) => each.replace('[simulator]', '').trim())
    .find((each) => each !== '');
  return shorten(line ?? '', 200);
}

export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function decoded(body: string): string {
  return body.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
