/**
 * What a chat's calls came to: of the whole, by day, by model and by session. Adds up what sessions and cards know;
 * reads no log and counts nothing itself.
 */
import type { Spending } from '../core/budget.ts';
import type { Card } from '../core/card.ts';
import type { Usage } from '../core/ports.ts';
import { addUsage, noUsage, type Session } from '../core/session.ts';
import { usageAnswer } from './answers.ts';
import { noQuery } from './fields.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { get, json, type Route } from './route.ts';
import { budgetView, glanceAt } from './views.ts';

interface Line {
  readonly session: string;
  readonly path: string;
  readonly model: string;
  readonly own: Usage;
  readonly spending: readonly Spending[];
}

/** Where the use of subagents stands that ended long ago and were forgotten. */
const FORGOTTEN = '(forgotten)';

export function usageRoutes(ports: AppPorts): Route[] {
  const shown = get({
    name: 'getUsage',
    path: '/v1/chats/{chat}/usage',
    scope: 'read',
    summary: 'Shows what a chat used and what it cost: by day, model and session.',
    details:
      "The API's own figures and the catalogue's prices. Calls that were cut count as far as the API told.",
    query: noQuery,
    answers: { 200: { description: 'What was used.', schema: usageAnswer } },
    problems: ['not-found'],
    async handle({ chat }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const lines = await linesOf(ports, main);
      const spending = lines.flatMap((line) => line.spending);
      const days = grouped(spending, ({ day }) => day);
      return json(usageAnswer, 200, {
        usage: total(lines.map(({ own }) => own)),
        budget: budgetView(ports, main),
        days: [...days].sort(([a], [b]) => (a < b ? 1 : -1)).map(([day, usage]) => ({ day, usage })),
        models: [...grouped(spending, ({ model }) => model)].map(([model, usage]) => ({ model, usage })),
        sessions: lines.map(({ session, path, model, own }) => ({
          session,
          path,
          model,
          own,
          subtree: total(lines.filter((line) => isBelow(line.path, path)).map((line) => line.own)),
        })),
      });
    },
  });
  return [shown];
}

async function linesOf(ports: Pick<AppPorts, 'runtime'>, main: Session): Promise<Line[]> {
  const { id, model, usage, spending, tree, pastUsage, pastSpending } = main;
  const below = Object.values(tree.cards).map(async (card): Promise<Line> => {
    // What is at hand knows more than the latest news of it.
    const now = await glanceAt(ports, card);
    return {
      session: card.id,
      path: card.path,
      model: card.model,
      own: now?.usage ?? card.usage,
      spending: now?.spending ?? spendingOf(card),
    };
  });
  return [
    { session: id, path: '', model, own: usage, spending },
    ...(pastSpending.length > 0
      ? [{ session: '', path: FORGOTTEN, model: '', own: pastUsage, spending: pastSpending }]
      : []),
    ...(await Promise.all(below)),
  ];
}

/** A card from before days were counted: all of it on the day it ended, or began. */
function spendingOf(card: Card): readonly Spending[] {
  if (card.spending || card.usage.usd + card.usage.outputTokens === 0) return card.spending ?? [];
  const day = new Date(card.endedAt ?? card.createdAt).toISOString().slice(0, 10);
  return [{ day, model: card.model, usage: card.usage }];
}

function isBelow(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

function grouped(all: readonly Spending[], key: (one: Spending) => string): Map<string, Usage> {
  const groups = new Map<string, Usage>();
  for (const one of all) groups.set(key(one), addUsage(groups.get(key(one)) ?? noUsage, one.usage));
  return groups;
}

function total(all: readonly Usage[]): Usage {
  return all.reduce(addUsage, noUsage);
}
