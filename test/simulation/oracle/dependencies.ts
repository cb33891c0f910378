/**
 * Who waits for whom: nobody begins before what it waits for has completed, and has its results then; who is told that
 * it won't come was told the truth; those announced together are read together; nobody is tried again too often.
 */
import type { Recorded } from '../../../src/core/events.ts';
import { emptyTree, liveChildren } from '../../../src/core/subagents.ts';
import type { Chronicle, History } from './chronicle.ts';

export function judgeDependencies(chronicle: Chronicle): string[] {
  const found: string[] = [];
  for (const history of chronicle.sessions.values()) {
    found.push(...waits(chronicle, history), ...groups(history), ...tries(history));
  }
  return found;
}

/** How a child had ended by an event of its parent's log, as far as that was heard. */
function endedBy(log: readonly Recorded[], child: string, seq: number): string | undefined {
  const news = log.findLast(
    ({ event, seq: at }) =>
      at < seq &&
      event.type === 'mail.accepted' &&
      event.sender === child &&
      event.body.kind === 'announcement',
  );
  return news?.event.type === 'mail.accepted' && news.event.body.kind === 'announcement'
    ? news.event.body.card.status
    : undefined;
}

function waits({ sessions }: Chronicle, { name, log, states }: History): string[] {
  const found: string[] = [];
  const after = new Map<string, readonly string[]>();
  const given = new Map<string, string[]>();
  const told = new Set<string>();
  for (const [index, { event, seq }] of log.entries()) {
    if (event.type === 'subagent.spawned' && event.spec.after) after.set(event.spec.id, event.spec.after);
    if (event.type === 'mail.posted' && event.mail.body.kind === 'result') {
      const { to, body } = event.mail;
      given.set(to, [...(given.get(to) ?? []), body.of.card.id]);
      if (body.of.card.status !== 'completed') {
        found.push(`${name} ${seq}: ${to} is given what ended as ${body.of.card.status}`);
      }
    }
    if (event.type === 'mail.posted' && event.mail.body.kind === 'unmet') {
      if (told.has(event.mail.to))
        found.push(`${name} ${seq}: ${event.mail.to} is told twice that it is in vain`);
      told.add(event.mail.to);
      const awaited = after.get(event.mail.to) ?? [];
      // One that is about to be resumed may still complete.
      const live = new Set(liveChildren(states[index]?.tree ?? emptyTree).map(({ id }) => id));
      const bad = awaited.some((one) => {
        const ended = endedBy(log, one, seq + 1);
        return ended !== undefined && ended !== 'completed' && !live.has(one);
      });
      if (!bad) found.push(`${name} ${seq}: ${event.mail.to} is told that what it waits for won't come`);
    }
    if (event.type !== 'subagent.admitted' || event.card.attempt !== 1) continue;
    for (const one of after.get(event.card.id) ?? []) {
      const ended = endedBy(log, one, seq);
      if (ended !== 'completed')
        found.push(`${name} ${seq}: ${event.card.path} begins, and ${one} ${ended ?? 'is at work'}`);
      if (!given.get(event.card.id)?.includes(one))
        found.push(`${name} ${seq}: ${event.card.path} begins without the result of ${one}`);
    }
    const child = sessions.get(event.card.id);
    const first = child?.log.find((one) => one.event.type === 'step.requested');
    const results = child?.log.filter(
      (one) => one.event.type === 'mail.accepted' && one.event.body.kind === 'result',
    );
    if (first?.event.type !== 'step.requested' || !child) continue;
    const sent = new Set(first.event.adds.map((ref) => ref.seq));
    for (const one of results ?? []) {
      if (!sent.has(one.seq))
        found.push(`${child.name}: its first request lacks what it waited for (${one.seq})`);
    }
  }
  return found;
}

function groups({ name, log, states }: History): string[] {
  const found: string[] = [];
  const group = new Map<string, number>();
  const letters = new Map<string, string>();
  log.forEach(({ event, seq }, index) => {
    if (event.type === 'subagent.spawned' && event.together !== undefined)
      group.set(event.spec.id, event.together);
    if (event.type === 'mail.accepted' && event.body.kind === 'announcement')
      letters.set(`${event.sender}#${event.n}`, event.sender);
    const before = states[index - 1];
    if (event.type !== 'step.requested' || !before) return;
    const live = liveChildren(before.tree).map(({ id }) => group.get(id));
    for (const letter of event.takes) {
      const own = group.get(letters.get(letter) ?? '');
      if (own !== undefined && live.includes(own))
        found.push(`${name} ${seq}: ${letter} is read before the others of its step have ended`);
    }
  });
  return found;
}

function tries({ name, log }: History): string[] {
  const found: string[] = [];
  const left = new Map<string, number>();
  for (const { event, seq } of log) {
    if (event.type === 'subagent.spawned') left.set(event.spec.id, event.spec.retries ?? 0);
    if (event.type === 'mail.posted' && event.mail.body.kind === 'kill') left.set(event.mail.body.target, 0);
    if (event.type === 'mail.accepted' && event.body.kind === 'announcement') {
      const { card } = event.body;
      const again = log.some(
        ({ event: { type }, seq: at }, index) =>
          at > seq && type === 'mail.posted' && isRetry(log[index], event.sender),
      );
      const may =
        (left.get(card.id) ?? 0) > 0 &&
        (card.status === 'timed_out' ||
          (card.status === 'failed' && !['dependency', 'refused'].includes(card.reason ?? '')));
      const alive = !log.some(
        ({ event: { type }, seq: at }) =>
          at <= seq && (type === 'attempt.closing' || type === 'chat.deleting'),
      );
      if (may && alive && !again) found.push(`${name} ${seq}: ${card.path} is not tried again`);
    }
    if (event.type !== 'mail.posted' || event.mail.body.kind !== 'steer' || !event.mail.body.retry) continue;
    const rest = (left.get(event.mail.to) ?? 0) - 1;
    left.set(event.mail.to, rest);
    if (rest < 0) found.push(`${name} ${seq}: ${event.mail.to} is tried again too often`);
  }
  return found;
}

function isRetry(recorded: Recorded | undefined, child: string): boolean {
  const event = recorded?.event;
  return (
    event?.type === 'mail.posted' &&
    event.mail.to === child &&
    event.mail.body.kind === 'steer' &&
    event.mail.body.retry === true
  );
}
