/**
 * What a chat forgets: whole trees that are over, of which nothing lives, nothing is unread and nothing would be
 * lost; and what they used stays in the chat's sums.
 */
import { addUsage, noUsage } from '../../../src/core/session.ts';
import { isEnded } from '../../../src/core/subagents.ts';
import { wants } from '../../../src/core/wants.ts';
import { holdsWork } from '../workshop.ts';
import type { World } from '../world.ts';
import { type Chronicle, commitAt, stateAfter } from './chronicle.ts';

/** Whether a subagent was forgotten by its chat. */
export function isForgotten(world: World, id: string): boolean {
  for (const log of world.witness.logs.values()) {
    for (const { event } of log)
      if (event.type === 'subagent.forgotten' && event.ids.includes(id)) return true;
  }
  return false;
}

export function judgeForgetting({ world, sessions, main }: Chronicle): string[] {
  const found: string[] = [];
  let past = noUsage;
  main?.log.forEach(({ event, seq }, index) => {
    if (event.type !== 'subagent.forgotten') return;
    const { transaction } = commitAt(main, index);
    const gone = new Set(event.ids);
    const say = (name: string, what: string): void => void found.push(`main ${seq}: forgot ${name}, ${what}`);
    for (const id of event.ids) {
      const history = sessions.get(id);
      const then = history && stateAfter(history, transaction);
      if (!history || !then) {
        say(id, 'which never was');
        continue;
      }
      const { name } = history;
      past = addUsage(past, then.usage);
      if (!isEnded(then.status)) say(name, `which is ${then.status}`);
      if (then.unswept.length > 0) say(name, 'whose processes may live');
      if (then.mail.waiting.length + then.mail.taken.length > 0) say(name, 'which has unread mail');
      if (wants(then).length > 0) say(name, `which wants ${wants(then).map(({ key }) => key)}`);
      if (holdsWork(id)) say(name, 'whose work was landed nowhere');
      const alive = world.processes.some(({ session, born, died }) => {
        return session === id && born <= transaction && (died === undefined || died > transaction);
      });
      if (alive) say(name, 'of which a process lives');
      for (const { session, transaction: at } of world.witness.written) {
        if (session === id && at > transaction) say(name, 'and it was written afterwards');
      }
      for (const below of sessions.values()) {
        if (below.end.spec?.parent === id && !gone.has(below.id)) say(name, `and not ${below.name} below it`);
      }
      if (then.spec?.parent === main.id && !newsIsOver(main.log.slice(0, index + 1), id, then.attempt))
        say(name, 'whose news was not read');
    }
  });
  if (main && Math.abs(main.end.pastUsage.outputTokens - past.outputTokens) > 1e-6)
    found.push(
      `main: forgotten subagents used ${past.outputTokens}, and ${main.end.pastUsage.outputTokens} are kept`,
    );
  if (main && main.end.leaving.length > 0) found.push(`main: ${main.end.leaving} are still to be removed`);
  return found;
}

function newsIsOver(log: NonNullable<Chronicle['main']>['log'], id: string, attempt: number): boolean {
  return log.some(
    ({ event }) =>
      event.type === 'mail.settled' &&
      event.announcement?.subagentId === id &&
      event.announcement.attempt === attempt,
  );
}
