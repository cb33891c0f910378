/**
 * Asking a session for something once: a request that comes again is answered as the first time, whatever the
 * configuration says by then. Owns no storage: the runtime keeps each answer in the commit it belongs to.
 */
import type { Answer, Command } from '../core/commands.ts';
import type { RepeatKey } from '../runtime/actor.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem, refused } from './problem.ts';

interface Done {
  readonly reply: 'done';
  readonly answer: Answer;
  readonly repeated: boolean;
}

/** @param command made only if this is the first time: it may find something wrong with what was asked. */
export async function ask(
  { store, runtime }: Pick<AppPorts, 'store' | 'runtime'>,
  session: string,
  key: RepeatKey | undefined,
  command: () => Command | Problem | Promise<Command | Problem>,
): Promise<Done | Problem> {
  const before = known({ store }, session, key);
  if (before) return before;
  const wanted = await command();
  if ('reply' in wanted) return wanted;
  const outcome = await runtime.send(session, wanted, key);
  if (outcome.ok) return { reply: 'done', answer: outcome.answer, repeated: outcome.repeated };
  // A request with an id is refused as existing only when the id stands for another one.
  if (key && outcome.refusal.kind === 'exists') return reused();
  return refused(outcome.refusal);
}

/** What the same request was answered with before; undefined: it is the first. */
export function known(
  { store }: Pick<AppPorts, 'store'>,
  session: string,
  key: RepeatKey | undefined,
): Done | Problem | undefined {
  const first = key && store.key(session, key.id);
  if (!first) return undefined;
  return first.hash === key.hash ? repeated(first.answer) : reused();
}

function repeated(stored: string): Done {
  const answer: Answer = JSON.parse(stored);
  return { reply: 'done', answer, repeated: true };
}

export function reused(): Problem {
  return problem(
    'id-reused',
    'This id was used before with another body or on another path: use a new id, or send the same again.',
  );
}
