/**
 * What a subagent's first message says: its task, word for word, and behind it what is checked before its work is
 * believed to be done. Owns the wording and nothing else.
 */
import type { ChildSpec } from './card.ts';
import { encodeBody } from './fence.ts';

export function taskText({ task, doneWhen }: ChildSpec): string {
  if (!doneWhen) return task;
  const { commands, resultSchema } = doneWhen;
  const lines = [
    'When you end, it is checked whether your work is done. What does not hold comes back to you, a few times.',
    ...(commands.length > 0
      ? [
          'These commands must succeed in your workspace, one after another:',
          ...commands.map((one) => `$ ${one}`),
        ]
      : []),
    ...(resultSchema
      ? [
          'Your result must be handed in with submit_result, and must fit this JSON Schema:',
          JSON.stringify(resultSchema, null, 2),
        ]
      : []),
  ];
  return `${task}\n\n<gateway-note>\n${encodeBody(lines.join('\n'))}\n</gateway-note>`;
}
