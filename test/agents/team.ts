/** The subagents that the outside agents of these tests spawn, and how they do it. */
import { cast } from '../e2e/cast.ts';

type Call = (name: string, input: object) => { name: string; input: Record<string, unknown> };

/** One ends with a finding, the other goes on until somebody ends it. */
export const team = cast({
  'What colour is it?': { text: 'It is blue.', gate: 'colour' },
  'What does it sound like?': [
    { text: 'It hums.', gate: 'sound' },
    { text: 'It hums loudly.', gate: 'sound once more' },
  ],
});

/** The calls that spawn both, as this agent names its tools. */
export function spawns(tool: Call) {
  return [
    tool('sessions_spawn', { task: 'What colour is it?', label: 'colour' }),
    tool('sessions_spawn', { task: 'What does it sound like?', label: 'sound' }),
  ];
}
