/**
 * How things stand with a session's subagents and what they wait for, in words for its model: what a summary must
 * never lose, so it is told from the state. Owns the wording.
 */
import type { Card } from './card.ts';
import { head } from './fence.ts';
import type { Session } from './session.ts';
import { isEnded } from './subagents.ts';

/** Ended subagents that are named: the latest. */
const LATEST_ENDED = 30;
const TASK_CHARS = 160;

export function standingFacts(state: Session): string {
  const cards = Object.values(state.tree.cards);
  const live = cards.filter((card) => !isEnded(card.status));
  const ended = cards.filter((card) => isEnded(card.status));
  const sections = [
    "How things stand now, by the gateway's books:",
    live.length === 0
      ? '- No subagent is alive.'
      : ['- Subagents alive; their news comes by itself:', ...live.map(liveLine)].join('\n'),
  ];
  if (ended.length > 0) {
    const latest = ended.slice(-LATEST_ENDED);
    const more = ended.length - latest.length;
    sections.push(
      `- Subagents that ended (read with show, go on with steer)${more > 0 ? `, the latest ${latest.length} of ${ended.length}` : ''}: ${latest.map((card) => `${card.path} ${card.status}${unread(card)}`).join(', ')}.`,
    );
  }
  if (state.plan) {
    const { mainTask, tasks } = state.plan;
    sections.push(
      `- Your plan for "${mainTask}": ${tasks.map(({ id }) => id).join(', ')}; plan, action show, says how far each is.`,
    );
  }
  return sections.join('\n');
}

function liveLine(card: Card): string {
  const task = head(card.task.replace(/\s+/g, ' ').trim(), TASK_CHARS);
  const asks = (card.requests ?? []).map(
    ({ id, title }) => `\n    It waits for an answer (request ${id}): ${head(title, TASK_CHARS)}`,
  );
  return `  - ${card.path} (${card.id}), ${card.status}: ${task}${asks.join('')}`;
}

function unread(card: Card): string {
  return card.announcement === 'pending' ? ', its news still comes' : '';
}
