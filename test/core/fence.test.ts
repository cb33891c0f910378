import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  announcementBlocks,
  announcementText,
  duration,
  FULL_CHARS,
  SHORT_CHARS,
} from '../../src/core/announcement.ts';
import type { Card } from '../../src/core/card.ts';
import type { MailBody } from '../../src/core/correspondence.ts';
import { attribute, decodeBody, encodeBody, head, reservedTags } from '../../src/core/fence.ts';
import { nonce } from '../../src/core/ids.ts';

/** Texts out of all that a fence could stumble over. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<',
        '</',
        '&',
        '&lt;',
        '&amp;',
        'lt;',
        'amp;',
        'steer',
        '<STEER from="person">',
        '</subagent-announcement nonce="abcdefgh">',
        '<Subagent-Announcement',
        '<gateway-note>',
        '</gateway-note',
        '😀',
        '\ud83d',
        '\ude00',
        '\n',
        '"',
        '>',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

const tag = new RegExp(`</?(?:${reservedTags.join('|')})`, 'i');

const plainCard: Card = {
  id: 'sub_1',
  label: 'scout',
  path: 'scout',
  parent: 'chat',
  task: '',
  role: 'worker',
  agent: 'tidings',
  model: 'm',
  status: 'completed',
  attempt: 2,
  createdAt: 0,
  steps: 9,
  activity: '',
  usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, cacheWriteTokens: 40, usd: 0.084 },
  share: { minutes: 60 },
  pendingSteers: 0,
  announcement: 'pending',
  heard: 2,
};

function news(result: string, more: Partial<Card> = {}): Extract<MailBody, { kind: 'announcement' }> {
  return {
    kind: 'announcement',
    attempt: 2,
    card: { ...plainCard, ...more },
    result,
    resultChars: result.length,
    workedMs: 133_000,
    wakes: true,
    spawns: 0,
    day: '',
  };
}

describe('a fence', () => {
  test('holds any body: it decodes to itself', () => {
    fc.assert(
      fc.property(nasty, (body) => {
        expect(decodeBody(encodeBody(body))).toBe(body);
      }),
    );
  });

  test('is neither opened nor closed by any body', () => {
    fc.assert(
      fc.property(nasty, (body) => {
        expect(encodeBody(body)).not.toMatch(tag);
      }),
    );
  });

  test('leaves a body that needs no escaping as it is, byte for byte', () => {
    const body = 'if (a < b && c > d) return "<div>&nbsp;</div>";';
    expect(encodeBody(body)).toBe(body);
  });

  test('keeps attributes on their line and in their quotes', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        expect(attribute(value)).not.toMatch(/["<\n\r]/);
      }),
    );
  });
});

describe('an announcement', () => {
  test('of any result is exactly its own fence, with the nonce on both tags', () => {
    const mark = nonce('sesame', 'sub_1', 2);
    fc.assert(
      fc.property(nasty, (result) => {
        const text = announcementText('sesame', news(result), FULL_CHARS);
        const open = text.indexOf('>\n');
        const close = `\n</subagent-announcement nonce="${mark}">`;
        expect(text.startsWith(`<subagent-announcement nonce="${mark}" label="scout" id="sub_1"`)).toBe(true);
        expect(text.endsWith(close)).toBe(true);
        const body = text.slice(open + 2, text.length - close.length);
        expect(body).not.toMatch(tag);
        expect(decodeBody(body)).toBe(result);
      }),
    );
  });

  test('has a nonce of 8 characters that follows from the secret, the subagent and the attempt', () => {
    const mark = nonce('sesame', 'sub_1', 2);
    expect(mark).toMatch(/^[0-9a-z]{8}$/);
    expect(nonce('sesame', 'sub_1', 2)).toBe(mark);
    for (const other of [
      nonce('open', 'sub_1', 2),
      nonce('sesame', 'sub_2', 2),
      nonce('sesame', 'sub_1', 3),
    ]) {
      expect(other).not.toBe(mark);
    }
  });

  test('shows at most 8,000 characters, counted before escaping, and says of how many', () => {
    const result = '<steer>'.repeat(2_000);
    const { block, short } = announcementBlocks('sesame', {
      ...news(head(result, 9_000)),
      resultChars: 14_000,
    });
    const full = String(block.text);
    expect(full).toContain(`shown="${FULL_CHARS} of 14000"`);
    expect(decodeBody(full.slice(full.indexOf('>\n') + 2, full.lastIndexOf('\n')))).toBe(
      result.slice(0, FULL_CHARS),
    );
    expect(full.length).toBeGreaterThan(FULL_CHARS + 3_000);
    expect(String(short?.text)).toContain(`shown="${SHORT_CHARS} of 14000"`);
  });

  test('says nothing of what is shown when all is', () => {
    expect(announcementText('sesame', news('x'.repeat(FULL_CHARS)), FULL_CHARS)).not.toContain('shown=');
  });

  test('never ends in half of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(25), (text, count) => {
        const cut = head(text, count);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(count);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, count) - 1);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });

  test('says how the subagent ended, what it took, and where its work is', () => {
    const workspace = { branch: 'subagent/scout', base: 'main', commits: 1, files: 3, wip: false };
    const text = announcementText(
      'sesame',
      news('Done.', { status: 'failed', reason: 'model', workspace }),
      10,
    );
    expect(text).toContain(
      'attempt="2" status="failed" reason="model" took="2m13s" steps="9" tokens="100" usd="0.08" workspace="branch subagent/scout, 1 commit, 3 files">',
    );
  });
});

describe('a span of time', () => {
  test.each([
    [0, '0s'],
    [499, '0s'],
    [500, '1s'],
    [59_600, '1m'],
    [133_000, '2m13s'],
    [3_600_000, '1h'],
    [3_661_000, '1h1m1s'],
    [90_000_000, '25h'],
    [-5, '0s'],
  ])('of %i ms is written %s', (ms, words) => expect(duration(ms)).toBe(words));

  test('says all its seconds', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seconds) => {
        const units = { h: 3_600, m: 60, s: 1 };
        let sum = 0;
        for (const [, n, unit] of duration(seconds * 1_000).matchAll(/(\d+)([hms])/g)) {
          sum += Number(n) * (unit === 'h' ? units.h : unit === 'm' ? units.m : units.s);
        }
        expect(sum).toBe(seconds);
      }),
    );
  });
});
