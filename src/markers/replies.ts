/**
 * What a session reads of what it did with a marker: the replies in their own form, told from an outcome. Owns the
 * wording of notes and nothing else.
 */
import { z } from 'zod';
import type { Rules } from '../core/commands.ts';
import { isDead } from '../core/subagents.ts';

const acceptedSchema = z.object({ id: z.string(), note: z.string() });

/** The reply to a call that was spoken: `[SESSION_CREATED: …]`, `[SESSIONS: …]`, `[SESSION_ERROR: …]`. */
export const reply: NonNullable<Rules['reply']> = (call, outcome, cards) => {
  if (!outcome.ok) return errorOf(outcome.text);
  switch (call.spoken) {
    case 'CREATE_SESSION':
    case 'CREATE_REVIEWER':
    case 'TASK FOR WORKER': {
      const accepted = acceptedSchema.safeParse(parsed(outcome.text)).data;
      const card = accepted && cards[accepted.id];
      if (!card) return outcome.text;
      // Where its words are read is the session itself.
      return `[SESSION_CREATED: ${card.id} ${card.role} ${card.path} ${card.id}]\n${accepted.note}`;
    }
    case 'STOP_SESSION': {
      const targets = (call.targets ?? []).flatMap((id) => cards[id] ?? []);
      if (targets.length === 0) return errorOf('nothing was stopped: it had ended already');
      return targets
        .map((card) =>
          isDead(card)
            ? `[SESSION_STOPPED: ${card.id} ${card.path}]`
            : errorOf(`${card.id} ${card.path} was told to end, but that it is dead is not known yet`),
        )
        .join('\n');
    }
    case 'SESSION_STATUS':
      return `[SESSIONS: ${outcome.text}]`;
    case 'CONTINUE':
      return 'Go on with what you said comes next.';
    default:
      return outcome.text;
  }
};

/** One line, whatever the words are. */
function errorOf(text: string): string {
  return `[SESSION_ERROR: ${text.replace(/\s+/g, ' ').trim()}]`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
