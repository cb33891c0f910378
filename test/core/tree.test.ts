import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nothing } from '../../src/core/amount.ts';
import type { Card } from '../../src/core/card.ts';
import { childTowards, emptyTree, find, subtree, type Tree, withCard } from '../../src/core/subagents.ts';

function cardOf(id: string, path: string, parent: string): Card {
  return {
    id,
    label: path.split('/').at(-1) ?? '',
    path,
    parent,
    task: '',
    role: 'worker',
    agent: 'tidings',
    model: 'm',
    status: 'running',
    attempt: 1,
    createdAt: 0,
    steps: 0,
    activity: '',
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
    share: { minutes: 60 },
    pendingSteers: 0,
    announcement: 'none',
    heard: 0,
  };
}

function treeOf(cards: readonly Card[]): Tree {
  const tree = cards.reduce(withCard, emptyTree);
  const own = cards.filter(({ path }) => !path.includes('/'));
  const child = {
    spec: { announce: 'each', limitMs: 1, depth: 1 } as const,
    admitted: 1,
    steered: 0,
    spawns: 0,
    money: { closed: nothing, counted: nothing, day: '' },
  };
  return { ...tree, children: Object.fromEntries(own.map(({ id }) => [id, child])) };
}

const tree = treeOf([
  cardOf('sub_aaaa1111', 'boss', 'chat'),
  cardOf('sub_aaaa2222', 'boss/pawn', 'sub_aaaa1111'),
  cardOf('sub_bbbb3333', 'rook', 'chat'),
  cardOf('sub_bbbb4444', 'rook/pawn', 'sub_bbbb3333'),
  cardOf('sub_cccc5555', 'rook/pawn/scout', 'sub_bbbb4444'),
  cardOf('sub_dddd6666', 'sub_cccc5555', 'chat'),
]);

function paths(target: string): string[] {
  const found = find(tree, target);
  if (found.kind === 'none') return [];
  return found.kind === 'one' ? [found.card.path] : found.cards.map((card) => card.path);
}

describe('a subagent is found', () => {
  test.each([
    ['by its label, of whatever depth, if only one has it', 'scout', ['rook/pawn/scout']],
    ['by its path', 'boss/pawn', ['boss/pawn']],
    ['by its id', 'sub_aaaa2222', ['boss/pawn']],
    ['by its id before a label of the same name', 'sub_cccc5555', ['rook/pawn/scout']],
    ['by six or more characters of its id', 'sub_cc', ['rook/pawn/scout']],
    ['not by fewer', 'sub_c', []],
    ['not by what several labels share, but all are named', 'pawn', ['boss/pawn', 'rook/pawn']],
    ['not by what several ids begin with, but all are named', 'sub_aaaa', ['boss', 'boss/pawn']],
    ['not by a part of its path or label', 'pawn/scout', []],
    ['not by names of another kind', 'constructor', []],
    ['not by nothing', '', []],
  ])('%s', (_, target, expected) => {
    expect(paths(target)).toEqual(expected);
  });
});

describe('the tree', () => {
  test('knows the own child on the way to each descendant', () => {
    expect(childTowards(tree, 'sub_cccc5555')).toBe('sub_bbbb3333');
    expect(childTowards(tree, 'sub_bbbb3333')).toBe('sub_bbbb3333');
    expect(childTowards(tree, 'sub_zzzz')).toBeUndefined();
  });

  test('knows everyone below a subagent, itself first', () => {
    expect(subtree(tree, 'sub_bbbb3333').map(({ path }) => path)).toEqual([
      'rook',
      'rook/pawn',
      'rook/pawn/scout',
    ]);
  });

  test('of any shape leads to each by label, path, id or not at all, and never to another', () => {
    const shape = fc.array(fc.tuple(fc.nat(20), fc.constantFrom('a', 'b', 'c')), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(shape, (spawned) => {
        const cards: Card[] = [];
        for (const [at, label] of spawned) {
          const parent = cards[at % (cards.length + 1)];
          const path = parent ? `${parent.path}/${label}` : label;
          if (cards.some((card) => card.path === path)) continue;
          cards.push(cardOf(`sub_${'x'.repeat(4)}${cards.length + 100}`, path, parent?.id ?? 'chat'));
        }
        const made = treeOf(cards);
        for (const card of cards) {
          expect(find(made, card.id)).toEqual({ kind: 'one', card });
          if (card.path.includes('/')) expect(find(made, card.path)).toEqual({ kind: 'one', card });
          const same = cards.filter(({ label }) => label === card.label);
          const found = find(made, card.label);
          expect(found).toEqual(same.length === 1 ? { kind: 'one', card } : { kind: 'many', cards: same });
        }
      }),
    );
  });
});
