/**
 * In which order subagents stand below each other. Whoever needs an answer comes first, then who is at work, then who
 * waits for a place, each as they were made; then the endings, newest first, the older ones folded away. A parent stands
 * where the most urgent of those below it would. Pure.
 */
import type { Subagent } from '../../client/index.ts';
import { endedStatuses } from '../../client/index.ts';

/** Ended ones of one parent that are shown; further ones are folded together. */
const SHOWN_ENDED = 5;

export type TreeNode = Pick<Subagent, 'id' | 'parent' | 'createdAt' | 'endedAt' | 'status'>;

export interface TreeRow {
  readonly kind: 'subagent' | 'earlier';
  /** The subagent's id; of a fold: one made of its parent's. */
  readonly id: string;
  /** From 1. */
  readonly level: number;
  /** Its place among its siblings, from 1, and how many these are. */
  readonly place: number;
  readonly of: number;
  /** Absent: nothing is below it. */
  readonly isOpen?: boolean;
  /** The row that it stands below. */
  readonly above?: string;
  /** How many a fold holds. */
  readonly count?: number;
}

interface Branch {
  readonly node: TreeNode;
  readonly below: Branch[];
  urgency: number;
}

/** @param opened what was opened or folded by hand, by the row's id */
export function treeRows(
  nodes: readonly TreeNode[],
  opened: ReadonlyMap<string, boolean>,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  add(rows, branches(nodes), opened, { level: 1, parent: '' });
  return rows;
}

interface Where {
  readonly level: number;
  readonly parent: string;
  readonly above?: string;
}

function add(
  rows: TreeRow[],
  siblings: readonly Branch[],
  opened: ReadonlyMap<string, boolean>,
  where: Where,
): void {
  const ended = siblings.filter(({ urgency }) => urgency === ENDED);
  // A fold for a single one would take the place that it saves.
  const folded = ended.length > SHOWN_ENDED + 1 ? ended.slice(SHOWN_ENDED) : [];
  const shown = siblings.slice(0, siblings.length - folded.length);
  const of = shown.length + (folded.length > 0 ? 1 : 0);
  const { level, parent, above } = where;
  const under = above === undefined ? {} : { above };
  for (const [at, branch] of shown.entries())
    addBranch(rows, branch, opened, { level, place: at + 1, of, ...under });
  if (folded.length === 0) return;
  const id = `earlier:${parent}`;
  const isOpen = opened.get(id) ?? false;
  rows.push({ kind: 'earlier', id, level, place: of, of, isOpen, count: folded.length, ...under });
  if (!isOpen) return;
  for (const [at, branch] of folded.entries()) {
    addBranch(rows, branch, opened, { level: level + 1, place: at + 1, of: folded.length, above: id });
  }
}

function addBranch(
  rows: TreeRow[],
  { node: { id }, below, urgency }: Branch,
  opened: ReadonlyMap<string, boolean>,
  place: Pick<TreeRow, 'level' | 'place' | 'of' | 'above'>,
): void {
  const isOpen = opened.get(id) ?? urgency !== ENDED;
  rows.push({ kind: 'subagent', id, ...place, ...(below.length > 0 ? { isOpen } : {}) });
  if (below.length > 0 && isOpen) add(rows, below, opened, { level: place.level + 1, parent: id, above: id });
}

const ENDED = 3;

function urgencyOf(status: TreeNode['status']): number {
  if (endedStatuses.has(status)) return ENDED;
  if (status === 'input_required') return 0;
  return status === 'queued' || status === 'blocked' ? 2 : 1;
}

/** Whoever's parent isn't known stands at the top. */
function branches(nodes: readonly TreeNode[]): readonly Branch[] {
  const byId = new Map<string, Branch>();
  for (const node of nodes) byId.set(node.id, { node, below: [], urgency: urgencyOf(node.status) });
  const roots: Branch[] = [];
  for (const branch of byId.values()) (byId.get(branch.node.parent)?.below ?? roots).push(branch);
  sort(roots);
  return roots;
}

function sort(siblings: Branch[]): void {
  for (const branch of siblings) {
    sort(branch.below);
    const first = branch.below[0];
    if (first) branch.urgency = Math.min(branch.urgency, first.urgency);
  }
  siblings.sort((a, b) => a.urgency - b.urgency || inGroup(a, b));
}

function inGroup(a: Branch, b: Branch): number {
  if (a.urgency !== ENDED) return a.node.createdAt - b.node.createdAt;
  return (b.node.endedAt ?? b.node.createdAt) - (a.node.endedAt ?? a.node.createdAt);
}

/** All in the order in which they were made, each after its parent: places that no news changes. */
export function inOrderOfMaking(
  nodes: readonly TreeNode[],
): readonly { readonly id: string; readonly depth: number; readonly parent: string }[] {
  const known = new Set(nodes.map(({ id }) => id));
  const below = new Map<string, TreeNode[]>();
  for (const node of nodes.toSorted((a, b) => a.createdAt - b.createdAt)) {
    const parent = known.has(node.parent) ? node.parent : '';
    const siblings = below.get(parent);
    if (siblings) siblings.push(node);
    else below.set(parent, [node]);
  }
  const all: { id: string; depth: number; parent: string }[] = [];
  const visit = (parent: string, depth: number): void => {
    for (const { id } of below.get(parent) ?? []) {
      all.push({ id, depth, parent });
      visit(id, depth + 1);
    }
  };
  visit('', 0);
  return all;
}
