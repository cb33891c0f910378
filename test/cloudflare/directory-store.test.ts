import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { directorySteps } from '../../src/hosts/cloudflare/directory-schema.ts';
import { openDirectoryStore } from '../../src/hosts/cloudflare/directory-store.ts';
import { meteredSql } from '../../src/hosts/cloudflare/sql.ts';
import { makeToken } from '../../src/http/token-rules.ts';
import { digestOf } from '../../src/http/tokens.ts';
import { kindOfFailure } from '../store/opened-store.ts';
import { nodeSql } from './node-sql.ts';

function open(node = nodeSql()) {
  const sql = meteredSql(node);
  return { node, sql, directory: openDirectoryStore(sql) };
}

const chat = (id: string, createdAt: number, owner = 'ann', archived = false) => ({
  id,
  owner,
  createdAt,
  archived,
});

describe('the chats of the directory', () => {
  test('are found by their id, until they are taken out', () => {
    const { directory, node } = open();
    directory.shelve(chat('a', 1));
    expect(directory.owner('a')).toBe('ann');
    expect(directory.owner('b')).toBeUndefined();
    expect(openDirectoryStore(node).owner('a')).toBe('ann');
    directory.unshelve('a');
    directory.unshelve('a');
    expect(directory.owner('a')).toBeUndefined();
    expect(directory.page({ limit: 9 })).toEqual([]);
  });

  test('come newest first, those of one moment by their arrival', () => {
    const { directory } = open();
    for (const one of [chat('b', 20), chat('z', 10), chat('c', 20), chat('a', 20)]) directory.shelve(one);
    expect(directory.page({ limit: 9 }).map(({ id }) => id)).toEqual(['a', 'c', 'b', 'z']);
    expect(directory.page({ limit: 1 })).toEqual([chat('a', 20)]);
    expect(directory.page({ limit: 0 })).toEqual([]);
    expect(directory.page({ limit: 9, before: 'nobody' })).toEqual([]);
    expect(() => directory.page({ limit: Number.NaN })).toThrow(RangeError);
  });

  test('are paged without a gap or a repetition, by owner too', () => {
    const { directory } = open();
    const born = Array.from({ length: 23 }, (_, n) =>
      chat(`chat ${n}`, 100 + Math.floor(n / 2), n % 3 === 0 ? 'bea' : 'ann'),
    );
    for (const one of born) directory.shelve(one);
    for (const owner of [undefined, 'ann', 'bea', 'nobody']) {
      const which = owner === undefined ? {} : { owner };
      const seen: string[] = [];
      for (let page = directory.page({ limit: 4, ...which }); page.length > 0; ) {
        seen.push(...page.map(({ id }) => id));
        page = directory.page({ limit: 4, before: seen.at(-1) ?? '', ...which });
      }
      const mine = born.filter((one) => owner === undefined || one.owner === owner);
      expect(seen).toEqual(mine.map(({ id }) => id).reverse());
    }
  });

  test('that are archived are listed by themselves, and come back to their places', () => {
    const { directory } = open();
    const ids = (query: { archived?: boolean | 'any'; before?: string; owner?: string }): string[] =>
      directory.page({ limit: 9, ...query }).map(({ id }) => id);
    for (const one of [chat('a', 10), chat('b', 10), chat('c', 10)]) directory.shelve(one);
    directory.shelve(chat('b', 10, 'ann', true));
    expect(ids({})).toEqual(['c', 'a']);
    expect(ids({ archived: true })).toEqual(['b']);
    expect(ids({ archived: 'any' })).toEqual(['c', 'b', 'a']);
    expect(ids({ archived: 'any', before: 'c' })).toEqual(['b', 'a']);
    expect(ids({ archived: 'any', owner: 'bea' })).toEqual([]);
    expect(directory.page({ limit: 2, archived: 'any' }).map(({ id }) => id)).toEqual(['c', 'b']);
    expect(ids({ archived: true, owner: 'bea' })).toEqual([]);
    expect(ids({ before: 'b' })).toEqual(['a']);
    directory.shelve(chat('b', 10));
    expect(ids({})).toEqual(['c', 'b', 'a']);
  });

  test('that are entered again as they are write nothing', () => {
    const { directory, sql } = open();
    directory.shelve(chat('a', 1));
    const before = sql.figures().rowsWritten;
    directory.shelve(chat('a', 1));
    expect(sql.figures().rowsWritten).toBe(before);
  });
});

describe('the named tokens of the directory', () => {
  const wish = { name: 'ann-laptop', scopes: ['chat', 'read'], owner: 'ann' };

  test('are shown once, and only their digests are kept', () => {
    const { directory, node } = open();
    const { token, kept } = makeToken(wish, 5);
    expect(directory.tokens.add(kept)).toEqual({ token: kept, repeated: false });
    expect(token).toMatch(/^tid_[\w-]{32}$/);
    expect(kept).toEqual({
      name: 'ann-laptop',
      digest: digestOf(token),
      scopes: ['read', 'chat'],
      owner: 'ann',
      createdAt: 5,
    });
    expect(JSON.stringify(node.db.prepare('SELECT * FROM tokens').all())).not.toContain(token);
    const again = openDirectoryStore(node);
    expect(again.tokens.byDigest(digestOf(token))).toEqual(kept);
    expect(again.tokens.byDigest(digestOf('tid_other'))).toBeUndefined();
    directory.tokens.add(makeToken({ name: 'a-later-one', scopes: ['admin'] }, 6).kept);
    expect(again.tokens.list().map(({ name, owner }) => [name, owner])).toEqual([
      ['ann-laptop', 'ann'],
      ['a-later-one', 'a-later-one'],
    ]);
  });

  test('that are revoked stay so since then, and their names are never given again', () => {
    const { directory } = open();
    const { kept } = makeToken(wish, 5);
    directory.tokens.add(kept);
    expect(() => directory.tokens.add(makeToken(wish, 6).kept)).toThrow(
      'There is a token ann-laptop already; revoke it, or take another name.',
    );
    expect(directory.tokens.revoke('ann-laptop', 7).token).toEqual({ ...kept, revokedAt: 7 });
    expect(directory.tokens.revoke('ann-laptop', 8).token).toEqual({ ...kept, revokedAt: 7 });
    expect(directory.tokens.byDigest(kept.digest)?.revokedAt).toBe(7);
    expect(() => directory.tokens.add(makeToken(wish, 9).kept)).toThrow('a name means one token for ever');
    expect(() => directory.tokens.revoke('nobody', 9)).toThrow('There is no token nobody.');
    expect(directory.tokens.list()).toHaveLength(1);
  });

  test('are made and revoked once for a request that has an id, and another one with it is refused', () => {
    const { directory } = open();
    const [hash, other] = ['a'.repeat(64), 'b'.repeat(64)];
    const { kept } = makeToken(wish, 5);
    const request = { id: 'admin:one', hash, salt: 'first' };
    expect(directory.tokens.add(kept, request)).toEqual({ token: kept, repeated: false });
    const again = makeToken(wish, 6).kept;
    expect(directory.tokens.add(again, { ...request, salt: 'second' })).toEqual({
      token: kept,
      repeated: true,
      salt: 'first',
    });
    const reused = 'This id was used before';
    expect(() => directory.tokens.add(again, { ...request, hash: other })).toThrow(reused);
    expect(() => directory.tokens.revoke(kept.name, 7, { id: request.id, hash: other })).toThrow(reused);
    const revocation = { id: 'admin:two', hash: other };
    const revoked = { ...kept, revokedAt: 7 };
    expect(directory.tokens.revoke(kept.name, 7, revocation)).toEqual({ token: revoked, repeated: false });
    expect(directory.tokens.revoke(kept.name, 8, revocation)).toEqual({ token: revoked, repeated: true });
    // What was refused left nothing behind: its id is free.
    expect(() => directory.tokens.revoke('nobody', 9, { id: 'admin:three', hash })).toThrow('There is no');
    expect(directory.tokens.revoke(kept.name, 9, { id: 'admin:three', hash: other }).repeated).toBe(false);
    expect(directory.tokens.list()).toEqual([revoked]);
  });

  test('of a scope that this release does not know are damage, not tokens of fewer scopes', () => {
    const { directory, node } = open();
    const { kept } = makeToken(wish, 5);
    directory.tokens.add(kept);
    node.db.exec(`UPDATE tokens SET scopes = '["read","new"]'`);
    expect(kindOfFailure(() => directory.tokens.byDigest(kept.digest))).toBe('corrupt');
    node.db.exec("UPDATE tokens SET scopes = 'read'");
    expect(kindOfFailure(() => directory.tokens.list())).toBe('corrupt');
  });
});

describe('who watches a token', () => {
  test('is told by its digest, each session once, until it no longer does', () => {
    const { directory } = open();
    directory.watch('d', 's2');
    directory.watch('d', 's1');
    directory.watch('d', 's1');
    directory.watch('e', 's3');
    expect(directory.watchers('d')).toEqual(['s1', 's2']);
    directory.unwatch('d', 's1');
    directory.unwatch('d', 's1');
    expect(directory.watchers('d')).toEqual(['s2']);
    expect(directory.watchers('f')).toEqual([]);
  });
});

test('the schema of the directory never changes in a step that was deployed', () => {
  const sums = directorySteps.map(({ sql }) => createHash('sha256').update(sql).digest('hex').slice(0, 16));
  expect(sums).toEqual(['9b7ead6dcc59a086', '54df6009c495590c']);
});
