/**
 * The index of words in the database: which words stand in which message and title, and the search for them. Owns the
 * form of its rows; what counts as a word, `core/words.ts` says. Holds no text: that is in the logs.
 */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../../core/events.ts';
import { type Finder, type Found, type Saying, saidIn, titleIn } from '../../../core/sayings.ts';
import { type Query, wordsIn } from '../../../core/words.ts';
import { wholeNumber } from '../../../runtime/store-rules.ts';
import { idOf, integer } from './rows.ts';

/** Functions by which steps of the schema index the logs that are there. They never throw. */
export function addWordFunctions(db: DatabaseSync): void {
  const pure = { deterministic: true };
  db.function('said', pure, (event) => textOf(event, saidIn));
  db.function('titled', pure, (event) => textOf(event, titleIn));
  db.function('words_of', pure, (text) => (typeof text === 'string' ? indexed(text) : null));
}

/** Null for what isn't an event that this release can read, and for one that says nothing. */
function textOf(event: unknown, read: typeof saidIn): string | null {
  if (typeof event !== 'string') return null;
  try {
    return read(decodeEvent({ seq: 0, at: 0, event }).event) ?? null;
  } catch {
    return null;
  }
}

/** As the index takes it: its tokens are what stands between blanks. */
function indexed(text: string): string {
  return wordsIn(text)
    .map((word) => word.text)
    .join(' ');
}

/** An owner as one token, which no other owner shares. */
function ownerToken(owner: string): string {
  return Buffer.from(owner).toString('hex');
}

export interface WordIndex {
  /** @param no the number of the chat's main session */
  add(no: number | bigint, owner: string, sayings: readonly Saying[]): void;
  /** All of a session. */
  remove(no: number): void;
  search: Finder['search'];
}

export function wordIndex(db: DatabaseSync): WordIndex {
  const place = db.prepare('INSERT INTO sayings (key, at) VALUES ((? << 32) | ?, ?)');
  const words = db.prepare('INSERT INTO words (rowid, owner, said) VALUES (?, ?, ?)');
  const known = db.prepare('SELECT id FROM sayings WHERE key = ((? << 32) | ?)');
  const dropWords = db.prepare('DELETE FROM words WHERE rowid = ?');
  const dropPlace = db.prepare('DELETE FROM sayings WHERE id = ?');
  const ofSession = db.prepare('SELECT id FROM sayings WHERE key >= (? << 32) AND key < ((? + 1) << 32)');
  const border = db.prepare(
    'SELECT sayings.id FROM sessions JOIN sayings ON key = ((no << 32) | ?) WHERE sessions.id = ?',
  );
  const hits = db.prepare(`
    SELECT sessions.id, key & 4294967295 AS seq, at
    FROM words JOIN sayings ON sayings.id = words.rowid JOIN sessions ON no = key >> 32
    WHERE words MATCH ? AND words.rowid < ? ORDER BY words.rowid DESC LIMIT ?
  `);

  function drop(id: number): void {
    dropWords.run(id);
    dropPlace.run(id);
  }

  return {
    add(no, owner, sayings) {
      for (const { seq, at, text } of sayings) {
        // A title takes the place of the one before, and the place of a new one in the order.
        const before = seq === 0 ? known.get(no, seq) : undefined;
        if (before) drop(integer(before, 'id'));
        if (text.trim() === '') continue;
        const { lastInsertRowid } = place.run(no, seq, at);
        words.run(lastInsertRowid, ownerToken(owner), indexed(text));
      }
    },

    remove(no) {
      for (const row of ofSession.all(no, no)) drop(integer(row, 'id'));
    },

    search({ query, owner, before, limit }): Found[] {
      const count = wholeNumber(limit, 'limit');
      const at = before && border.get(before.seq, before.session);
      if (before && !at) return [];
      return hits
        .all(expression(query, owner), at ? integer(at, 'id') : Number.MAX_SAFE_INTEGER, count)
        .map((row) => ({ session: idOf(row), seq: integer(row, 'seq'), at: integer(row, 'at') }));
    },
  };
}

/** Words hold nothing but letters, digits and signs, so a quoted one says nothing but itself. */
function expression({ phrases }: Query, owner: string | undefined): string {
  const quoted = phrases.map((phrase, at) => `"${phrase.join(' ')}"${at === phrases.length - 1 ? '*' : ''}`);
  const said = `said : (${quoted.join(' AND ')})`;
  return owner === undefined ? said : `owner : "${ownerToken(owner)}" AND ${said}`;
}
