/**
 * The part of the fold that knows a session's subagents: all its descendants' cards as their last news told
 * them, and what it alone knows of its own children. Decides nothing; `decide.ts` asks it.
 */
import type { Amount, Cap } from './amount.ts';
import { type Card, type ChildSpec, type EndedStatus, endedStatuses, type InputRequest } from './card.ts';

/** What a parent keeps of an own child besides its card. */
export interface Child {
  readonly spec: Pick<ChildSpec, 'announce' | 'depth' | 'once'> & {
    /** The step that spawned it: it is announced together with those of the same one. */
    readonly together?: number;
  };
  /** The children that must have completed before it begins. */
  readonly after?: readonly string[];
  /** It was told that one of these won't. */
  readonly unmet?: true;
  /** How often it is still tried again when it fails. */
  readonly retries?: number;
  /** The event that accepted its latest ending. */
  readonly endedSeq?: number;
  /** How its attempts ended, oldest first, of many the latest; absent: none did. */
  readonly endings?: readonly AttemptEnding[];
  /** The last attempt that was given a place; 0 for none. */
  readonly admitted: number;
  /** Number of the last steer posted to it or through it; 0 for none. */
  readonly steered: number;
  /** Spawns it was given for `day` and hasn't returned. */
  readonly spawns: number;
  readonly money: ChildMoney;
}

/** An attempt that ended. Times are wall clock, in milliseconds. */
export interface AttemptEnding {
  readonly attempt: number;
  readonly status: EndedStatus;
  readonly startedAt?: number;
  readonly endedAt: number;
}

/** A child in its parent's account. */
export interface ChildMoney {
  /** What it is to get for an attempt, if there is so much; absent: the configured share. */
  readonly wanted?: Cap;
  /** Its cap on all its attempts together, while it may spend of it. */
  readonly granted?: Cap;
  /** What it had spent when that was last accounted, with all below it. */
  readonly closed: Amount;
  /** The part of it that is in its parent's account of `day`. */
  readonly counted: Amount;
  readonly day: string;
}

export interface Tree {
  /** Every descendant, oldest first. */
  readonly cards: { readonly [id: string]: Card };
  readonly children: { readonly [id: string]: Child };
  /** Requests that were answered from here or through here, until news of the asker no longer shows them. */
  readonly answered: readonly string[];
}

export const emptyTree: Tree = { cards: {}, children: {}, answered: [] };

const ended: ReadonlySet<string> = new Set(endedStatuses);

export function isEnded(status: string): status is EndedStatus {
  return ended.has(status);
}

/** Ended, and nothing of it is known to live. */
export function isDead(card: Card): boolean {
  return isEnded(card.status) && card.unswept === undefined;
}

export function withCard(tree: Tree, card: Card): Tree {
  return { ...tree, cards: { ...tree.cards, [card.id]: card } };
}

/**
 * The tree with a descendant's news. What a parent knows better than its child stays as it is: a child that
 * told of waiting for a place before it heard that it has one is at work all the same, one that waits for others
 * doesn't know of them, and what became of its
 * announcement is not the child's to tell.
 */
export function withNews(before: Tree, latest: Card): Tree {
  const { tree, news } = heard(before, latest);
  const child = tree.children[news.id];
  const known = tree.cards[news.id];
  if (!child || !known) return withCard(tree, news);
  const placed = child.admitted >= news.attempt && news.status === 'queued';
  const told = known.attempt === news.attempt && isEnded(known.status);
  const waits = known.status === 'blocked' && known.attempt === news.attempt && news.status === 'queued';
  return withCard(tree, {
    ...news,
    ...(placed ? { status: 'running' } : {}),
    ...(waits ? { status: 'blocked', activity: known.activity } : {}),
    ...(told ? { announcement: known.announcement } : {}),
  });
}

/** The tree with the card that came with an ending. */
export function withEnding(before: Tree, card: Card): Tree {
  const { tree, news } = heard(before, card);
  return withCard(tree, news);
}

/** Endings of one child that are kept. */
const MOST_ENDINGS = 20;

/** A child's endings with the one that its card tells of. */
export function endingsWith({ endings = [] }: Child, card: Card): readonly AttemptEnding[] {
  const { attempt, status, startedAt, endedAt } = card;
  if (!isEnded(status) || endedAt === undefined) return endings;
  const ending = { attempt, status, endedAt, ...(startedAt === undefined ? {} : { startedAt }) };
  return [...endings, ending].slice(-MOST_ENDINGS);
}

/** News without the requests that were answered since: it was told before the answer was heard. */
function heard(tree: Tree, { requests = [], ...card }: Card): { tree: Tree; news: Card } {
  if (tree.answered.length === 0) return { tree, news: withRequests(card, requests) };
  const shown = new Set(requests.map(({ id }) => id));
  const own = (id: string): boolean => id.startsWith(`${card.id}.`);
  const answered = tree.answered.filter((id) => !own(id) || shown.has(id));
  const open = requests.filter(({ id }) => !tree.answered.includes(id));
  return { tree: { ...tree, answered }, news: withRequests(card, open) };
}

function withRequests(card: Omit<Card, 'requests'>, requests: readonly InputRequest[]): Card {
  return requests.length > 0 ? { ...card, requests: [...requests] } : card;
}

/** The tree once an answer is on its way: nobody can answer the same request from here again. */
export function withAnswer(tree: Tree, target: string, request: string): Tree {
  const known = tree.cards[target];
  if (!known) return tree;
  const { requests = [], ...card } = known;
  const open = requests.filter(({ id }) => id !== request);
  return { ...withCard(tree, withRequests(card, open)), answered: [...tree.answered, request] };
}

export function withChild(tree: Tree, id: string, child: Child): Tree {
  return { ...tree, children: { ...tree.children, [id]: child } };
}

/** The tree with no spawns lent to any child that could come back. */
export function withNothingLent(tree: Tree): Tree {
  const children: { [id: string]: Child } = {};
  for (const [id, child] of Object.entries(tree.children)) children[id] = { ...child, spawns: 0 };
  return { ...tree, children };
}

export function ownCards(tree: Tree): Card[] {
  const cards: Card[] = [];
  for (const id in tree.children) {
    const card = tree.cards[id];
    if (card) cards.push(card);
  }
  return cards;
}

/** Not ended, or about to be resumed by a steer that it hadn't heard when it told of its ending. */
export function liveChildren(tree: Tree): Card[] {
  return ownCards(tree).filter(
    (card) => !isEnded(card.status) || (tree.children[card.id]?.steered ?? 0) > card.heard,
  );
}

/** Children that hold a place: at work, not queued, not waiting for others. */
export function atWork(tree: Tree): number {
  let n = 0;
  for (const card of ownCards(tree)) if (card.status === 'running') n += 1;
  return n;
}

/** Children that wait for a place and have settled what they spent before, in the order in which they began to. */
export function queued(tree: Tree): Card[] {
  return ownCards(tree).filter(
    (card) =>
      card.status === 'queued' && (tree.children[card.id]?.admitted ?? 0) < card.attempt && !card.unsettled,
  );
}

/** The own child on the way to `target`: itself, or the ancestor of it that is an own child. */
export function childTowards(tree: Tree, target: string): string | undefined {
  let id = target;
  for (let hops = 0; hops < 64; hops++) {
    if (tree.children[id]) return id;
    const card = tree.cards[id];
    if (!card) return undefined;
    id = card.parent;
  }
  return undefined;
}

/** A subagent and everything below it, itself first. */
export function subtree(tree: Tree, root: string): Card[] {
  const found = new Set<string>([root]);
  const cards: Card[] = [];
  // Parents are always older than their children, so one pass in order finds all.
  for (const card of Object.values(tree.cards)) {
    if (card.id === root || found.has(card.parent)) {
      found.add(card.id);
      cards.push(card);
    }
  }
  return cards;
}

/** How long after its ending one is not made again by the same words. */
const SAME_WORDS_MS = 10 * 60_000;

/** The own child that the same words have made, if it is at work still or ended just now. */
export function madeBy(tree: Tree, once: string, at: number): Card | undefined {
  return ownCards(tree).find((card) => {
    if (tree.children[card.id]?.spec.once !== once) return false;
    return !isEnded(card.status) || at - (card.endedAt ?? 0) < SAME_WORDS_MS;
  });
}

export type Found =
  | { readonly kind: 'one'; readonly card: Card }
  | { readonly kind: 'none' }
  | { readonly kind: 'many'; readonly cards: readonly Card[] };

/** Shortest id prefix that may stand for a subagent. */
const MIN_PREFIX = 6;

/**
 * Finds a descendant by path, id, label (of any depth, if only one has it), or a prefix of at least six
 * characters of one id; in this order, so that an exact name is never ambiguous with a prefix.
 */
export function find(tree: Tree, target: string): Found {
  const cards = Object.values(tree.cards);
  const byId = tree.cards[target];
  if (byId && Object.hasOwn(tree.cards, target)) return { kind: 'one', card: byId };
  // A path of one part is a label of an own child, which wins over the same label further down only
  // when nobody else has it: an ambiguous word is answered with the paths to choose from.
  const byPath = cards.find((card) => card.path === target);
  if (byPath && target.includes('/')) return { kind: 'one', card: byPath };
  const byLabel = cards.filter((card) => card.label === target);
  const [only] = byLabel;
  if (only && byLabel.length === 1) return { kind: 'one', card: only };
  if (byLabel.length > 1) return { kind: 'many', cards: byLabel };
  if (target.length >= MIN_PREFIX) {
    const byPrefix = cards.filter((card) => card.id.startsWith(target));
    const [match] = byPrefix;
    if (match && byPrefix.length === 1) return { kind: 'one', card: match };
    if (byPrefix.length > 1) return { kind: 'many', cards: byPrefix };
  }
  return { kind: 'none' };
}
