/**
 * What a subagent's ending says to its parent's model, in its full and its short form. Owns the wording and
 * the bounds; that it is told once is the mailbox's business.
 */
import type { MailBody } from './correspondence.ts';
import { attribute, encodeBody, head } from './fence.ts';
import { nonce } from './ids.ts';
import { plural } from './plural.ts';
import type { Block } from './ports.ts';

/** Characters of a result that an announcement shows, counted before escaping. */
export const FULL_CHARS = 8_000;
/** The same when one step would otherwise carry more than `STEP_CHARS`. */
export const SHORT_CHARS = 300;
export const STEP_CHARS = 60_000;

type Announcement = Extract<MailBody, { kind: 'announcement' }>;

/** The text of an announcement, showing at most `most` characters of its result. */
export function announcementText(
  secret: string,
  news: Announcement,
  most: number,
  mark = nonce(secret, news.card.id, news.attempt),
): string {
  const { card } = news;
  const shown = head(news.result, most);
  const attributes = [
    `nonce="${mark}"`,
    `label="${attribute(card.label)}"`,
    `id="${card.id}"`,
    `attempt="${news.attempt}"`,
    `status="${card.status}"`,
    ...(card.reason ? [`reason="${attribute(card.reason)}"`] : []),
    ...(card.verified === undefined ? [] : [`verified="${attribute(card.verified)}"`]),
    `took="${duration(news.workedMs)}"`,
    `steps="${card.steps}"`,
    `tokens="${card.usage.inputTokens + card.usage.outputTokens + card.usage.cacheReadTokens + card.usage.cacheWriteTokens}"`,
    `usd="${card.usage.usd.toFixed(2)}"`,
    ...(card.workspace
      ? [
          `workspace="${attribute(
            `branch ${card.workspace.branch}, ${plural(card.workspace.commits, 'commit')}, ${plural(card.workspace.files, 'file')}`,
          )}"`,
        ]
      : []),
    ...(shown.length < news.resultChars ? [`shown="${shown.length} of ${news.resultChars}"`] : []),
  ];
  const body = encodeBody(shown);
  return `<subagent-announcement ${attributes.join(' ')}>\n${body}\n</subagent-announcement nonce="${mark}">`;
}

/** The two forms; one and the same block where the short one would say the same. */
export function announcementBlocks(secret: string, news: Announcement): { block: Block; short: Block } {
  const mark = nonce(secret, news.card.id, news.attempt);
  const block: Block = { type: 'text', text: announcementText(secret, news, FULL_CHARS, mark) };
  if (news.result.length <= SHORT_CHARS) return { block, short: block };
  return { block, short: { type: 'text', text: announcementText(secret, news, SHORT_CHARS, mark) } };
}

/** A span of time as people write it: `2m13s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  const text = parts
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join('');
  return text === '' ? '0s' : text;
}
