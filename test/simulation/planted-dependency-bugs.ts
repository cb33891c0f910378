/** Bugs to plant in what waits for what, what is told together and what is tried again. Owns that list. */
import { bug, type PlantedBug } from './planted-bug.ts';

export const dependencyBugs: readonly PlantedBug[] = [
  bug('a subagent begins before what it waits for', [
    'core/subagents.ts',
    "      card.status === 'queued' && (tree",
    "      (card.status === 'queued' || card.status === 'blocked') && (tree",
  ]),
  bug('what a subagent waited for is not given to it', [
    'core/dependencies.ts',
    "  for (const of of news) d.post(child, { kind: 'result', of });\n",
    '',
  ]),
  bug('whoever waits for what failed waits for ever', ['core/advance.ts', '      endUnmet(d);\n', '']),
  bug('whoever waits for what is tried again is told that it failed', [
    'core/dependencies.ts',
    "card.status !== 'completed' && !live.has(card.id));",
    "card.status !== 'completed');",
  ]),
  bug('whoever waits is told more than once that it is in vain', [
    'core/evolve-mail.ts',
    "  if (body.kind === 'unmet') return subagents.withChild(tree, to, { ...child, unmet: true });\n",
    '',
  ]),
  bug('a steer makes a subagent forget that it waits', [
    'core/subagents.ts',
    "    ...(waits ? { status: 'blocked', activity: known.activity } : {}),\n",
    '',
  ]),
  bug('what is to be told together is told one by one', [
    'core/together.ts',
    'return group === undefined || !open.has(group);',
    'return group === undefined || open.size > 0 || open.size === 0;',
  ]),
  bug('a failed attempt is tried again without end', [
    'core/evolve-mail.ts',
    '    ...(mail.body.retry ? { retries: retries - 1 } : {}),\n',
    '',
  ]),
  bug('a failed attempt is not tried again', [
    'core/second-tries.ts',
    'if (!child || !isTriedAgain(child, card)) return;',
    'if (child || card) return;',
  ]),
  bug('whoever was killed is tried again', [
    'core/evolve-mail.ts',
    "  if (body.kind !== 'kill' || body.target !== to || !child.retries) return tree;\n",
    '  if (child) return tree;\n',
  ]),
];
