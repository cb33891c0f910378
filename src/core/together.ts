/**
 * Which of the mail that waits may be read now: all of it, but for the endings of subagents that are to be told
 * together, as long as one of these lives. Owns this rule and nothing else.
 */
import type { Letter } from './mailbox.ts';
import type { Session } from './session.ts';
import * as subagents from './subagents.ts';

export function readable({ mail, tree }: Pick<Session, 'mail' | 'tree'>): readonly Letter[] {
  if (!mail.waiting.some(({ subagent }) => subagent && groupOf(tree, subagent.id) !== undefined)) {
    return mail.waiting;
  }
  const open = new Set(subagents.liveChildren(tree).flatMap(({ id }) => groupOf(tree, id) ?? []));
  return mail.waiting.filter(({ subagent }) => {
    const group = subagent && groupOf(tree, subagent.id);
    return group === undefined || !open.has(group);
  });
}

function groupOf(tree: subagents.Tree, id: string): number | undefined {
  return tree.children[id]?.spec.together;
}
