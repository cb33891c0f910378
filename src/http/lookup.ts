/** Which session is meant. Reads committed state only; whether the caller sees its chat is settled before. */
import type { Card } from '../core/card.ts';
import * as policy from '../core/policy.ts';
import type { Session } from '../core/session.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem, refused } from './problem.ts';

type Ports = Pick<AppPorts, 'runtime'>;

/** The main session of a chat, or a problem that says there is none. */
export function chatOf({ runtime }: Ports, id: string): Session | Problem {
  const state = runtime.state(id);
  if (state?.kind === 'main' && !state.deleting) return state;
  return noChat(id);
}

/** The one answer for a chat that isn't there, and for one that isn't there for this caller. */
export function noChat(id: string): Problem {
  return problem('not-found', `There is no chat ${id.slice(0, 80).toWellFormed()}.`);
}

export function isProblem(value: object): value is Problem {
  return 'reply' in value && value.reply === 'problem';
}

/** The subagent of a chat that a name means, or a problem that says which there are. */
export function subagentOf(
  ports: Ports,
  chat: string,
  target: string,
): { main: Session; card: Card } | Problem {
  const main = chatOf(ports, chat);
  if (isProblem(main)) return main;
  const card = policy.descendant(main, target);
  return policy.isRefusal(card) ? refused(card) : { main, card };
}
