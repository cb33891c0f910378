/** In which order the tree shows a team, and in which the timeline does. */
import { describe, expect, test } from 'vitest';
import { inOrderOfMaking, type TreeNode, treeRows } from '../../src/web/team/tree-order.ts';

const none: ReadonlyMap<string, boolean> = new Map();

function node(id: string, status: TreeNode['status'], at: number, more: Partial<TreeNode> = {}): TreeNode {
  const ended = status === 'completed' || status === 'failed' || status === 'killed';
  return { id, parent: 'chat_1', status, createdAt: at, ...(ended ? { endedAt: at + 100 } : {}), ...more };
}

const ids = (nodes: readonly TreeNode[], opened = none): string[] =>
  treeRows(nodes, opened).map(({ id }) => id);

describe('the tree', () => {
  test('shows who needs an answer first, then who is at work, then who is queued, then the endings', () => {
    const nodes = [
      node('done', 'completed', 1),
      node('queued', 'queued', 2),
      node('busy', 'running', 3),
      node('asking', 'input_required', 4),
    ];
    expect(ids(nodes)).toEqual(['asking', 'busy', 'queued', 'done']);
  });

  test('keeps the live ones in the order of their making, and puts the newest ending first', () => {
    const nodes = [
      node('b', 'running', 2),
      node('a', 'running', 1),
      node('waits', 'waiting', 3),
      node('old', 'completed', 4),
      node('new', 'failed', 5),
    ];
    expect(ids(nodes)).toEqual(['a', 'b', 'waits', 'new', 'old']);
  });

  test('puts a parent where the most urgent below it would stand, and its children below it', () => {
    const nodes = [
      node('busy', 'running', 1),
      node('boss', 'waiting', 2),
      node('pawn', 'running', 3, { parent: 'boss' }),
      node('asks', 'input_required', 4, { parent: 'boss' }),
    ];
    const rows = treeRows(nodes, none);
    expect(rows.map(({ id, level, place, of }) => [id, level, place, of])).toEqual([
      ['boss', 1, 1, 2],
      ['asks', 2, 1, 2],
      ['pawn', 2, 2, 2],
      ['busy', 1, 2, 2],
    ]);
    expect(rows[1]?.above).toBe('boss');
    expect(rows[0]?.isOpen).toBe(true);
    expect(rows[3]?.isOpen).toBeUndefined();
  });

  test('folds endings beyond the last five together, and opens them when asked', () => {
    const nodes = Array.from({ length: 9 }, (_, at) => node(`e${at}`, 'completed', at));
    const folded = treeRows(nodes, none);
    expect(folded.map(({ id }) => id)).toEqual(['e8', 'e7', 'e6', 'e5', 'e4', 'earlier:']);
    expect(folded.at(-1)).toMatchObject({ kind: 'earlier', count: 4, isOpen: false, place: 6, of: 6 });
    const open = treeRows(nodes, new Map([['earlier:', true]]));
    expect(open.slice(6).map(({ id, level }) => [id, level])).toEqual([
      ['e3', 2],
      ['e2', 2],
      ['e1', 2],
      ['e0', 2],
    ]);
  });

  test('folds no single one, since that would take the place it saves', () => {
    const nodes = Array.from({ length: 6 }, (_, at) => node(`e${at}`, 'completed', at));
    expect(ids(nodes)).toHaveLength(6);
    expect(ids(nodes)).not.toContain('earlier:');
  });

  test('folds what is below an ending, unless it was opened by hand', () => {
    const nodes = [node('boss', 'completed', 1), node('pawn', 'completed', 2, { parent: 'boss' })];
    expect(ids(nodes)).toEqual(['boss']);
    expect(ids(nodes, new Map([['boss', true]]))).toEqual(['boss', 'pawn']);
    expect(ids([node('boss', 'waiting', 1), ...nodes.slice(1)], new Map([['boss', false]]))).toEqual([
      'boss',
    ]);
  });

  test('shows whoever has lost its parent at the top, and nobody twice', () => {
    const nodes = [node('orphan', 'running', 1, { parent: 'forgotten' }), node('busy', 'running', 2)];
    expect(ids(nodes)).toEqual(['orphan', 'busy']);
  });
});

describe('the timeline', () => {
  test('puts each after its parent, in the order of their making, whatever became of them', () => {
    const nodes = [
      node('second', 'input_required', 2),
      node('first', 'completed', 1),
      node('below', 'running', 3, { parent: 'first' }),
    ];
    expect(inOrderOfMaking(nodes)).toEqual([
      { id: 'first', depth: 0, parent: '' },
      { id: 'below', depth: 1, parent: 'first' },
      { id: 'second', depth: 0, parent: '' },
    ]);
  });
});
