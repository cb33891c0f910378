/**
 * A history that shows every half commit: batch n adds event n to session `a` and events 2n−1 and 2n to `b`,
 * each with a text that its place determines, some longer than a page. Event n of `a` says something, too.
 */
import { deepEqual } from 'node:assert/strict';
import type { Commit, LogRow, Store } from '../../src/core/ports.ts';
import type { Finder } from '../../src/core/sayings.ts';

/** Batch number `n`, from 1. */
export function batch(n: number): Commit[] {
  const key = { id: `request ${n}`, hash: 'h', answer: `{"n":${n}}` };
  return [
    {
      session: 'a',
      ...born('a', n),
      events: [row(n)],
      wants: n % 2 === 0,
      key,
      sayings: [{ seq: n, at: 1_700_000_000_000 + n, text: `said in batch ${n}` }],
    },
    {
      session: 'b',
      ...born('b', n),
      events: [row(2 * n - 1), row(2 * n)],
      wants: true,
      snapshot: { seq: 2 * n, version: 1, state: text(n) },
    },
  ];
}

/** How many batches the store holds; throws unless each is there whole and nothing else is. */
export function batchesIn(store: Store & Finder): number {
  const n = store.session('a')?.seq ?? 0;
  deepEqual(store.session('b')?.seq ?? 0, 2 * n);
  deepEqual(store.events('a', 0, Number.POSITIVE_INFINITY), rows(n));
  deepEqual(store.events('b', 0, Number.POSITIVE_INFINITY), rows(2 * n));
  deepEqual(store.snapshot('b')?.state, n === 0 ? undefined : text(n));
  deepEqual(store.wanting(), n === 0 ? [] : n % 2 === 0 ? ['a', 'b'] : ['b']);
  const chats = store.chats({ limit: 5 }).map((chat) => chat.id);
  deepEqual(chats, n === 0 ? [] : ['b', 'a']);
  for (let one = 1; one <= n; one += 1) deepEqual(store.key('a', `request ${one}`)?.answer, `{"n":${one}}`);
  deepEqual(store.key('a', `request ${n + 1}`), undefined);
  const found = store.search({ query: { phrases: [['said']] }, limit: n + 1 }).map(({ seq }) => seq);
  deepEqual(
    found,
    rows(n)
      .map(({ seq }) => seq)
      .toReversed(),
  );
  return n;
}

function born(session: string, n: number): Pick<Commit, 'create'> {
  if (n > 1) return {};
  return { create: { chat: session, parent: null, kind: 'main', owner: 'ann', createdAt: 1 } };
}

function rows(count: number): LogRow[] {
  return Array.from({ length: count }, (_, index) => row(index + 1));
}

function row(seq: number): LogRow {
  return { seq, at: 1_700_000_000_000 + seq, event: text(seq) };
}

function text(n: number): string {
  return JSON.stringify({ n, filler: `${n}.`.repeat(n % 9 === 0 ? 3_000 : 10 + (n % 40)) });
}
