/** Bugs to plant in plans, and in what a person must allow before many are spawned. Owns that list. */
import { bug, type PlantedBug } from './planted-bug.ts';

export const planBugs: readonly PlantedBug[] = [
  bug('a plan that is refused has spawned some', [
    'core/planning.ts',
    'const tried = perform(draft(d.state, d.context), call, change);',
    'const tried = perform(d, call, change);',
  ]),
  bug('tasks of a plan begin all at once', [
    'core/planning.ts',
    '{ ...request, label, after }',
    '{ ...request, label, after: after.slice(1) }',
  ]),
  bug('only the first of many spawns waits to be allowed', [
    'core/spawn-permission.ts',
    'return { ...one, held: intent, ...(index === first ? { permission } : {}) };',
    'return index === first ? { ...one, held: intent, permission } : one;',
  ]),
  bug(
    'spawns that wait to be allowed are made before',
    [
      'core/spawn-permission.ts',
      'if (!asking || awaitsPermission(asking)) return;',
      'if (!asking || awaitsPermission(asking) === undefined) return;',
    ],
    ['core/spawn-permission.ts', 'if (asking.allowed) decideCall', 'if (asking.held) decideCall'],
  ),
  bug('a plan forgets how its subagents ended', [
    'core/forgetting.ts',
    '    ...(plan ? { plan } : {}),\n',
    '',
  ]),
];
