/**
 * The tree: who may have whom, how many and how deep; kills that reach everyone below and every process; and cards
 * that, once all is at rest, say what is so.
 */
import type { Card } from '../../../src/core/card.ts';
import { quotaDay } from '../../../src/core/session.ts';
import { atWork, liveChildren } from '../../../src/core/subagents.ts';
import { type Chronicle, commitAt, type History, stateAfter, together } from './chronicle.ts';

export function judgeTree(chronicle: Chronicle): string[] {
  const found: string[] = [...spawns(chronicle), ...processes(chronicle)];
  for (const history of chronicle.sessions.values()) {
    found.push(
      ...reach(chronicle, history),
      ...cascade(history),
      ...killReports(chronicle, history),
      ...cards(chronicle, history),
    );
  }
  return found;
}

/** Depth, places, the day's spawns, and that each spawn is one subagent. */
function spawns({ world, sessions }: Chronicle): string[] {
  const found: string[] = [];
  const perDay = new Map<string, number>();
  const ids = new Set<string>();
  for (const { id, name, log, states } of sessions.values()) {
    const labels = new Set<string>();
    log.forEach(({ event, seq, at }, index) => {
      const before = states[index - 1];
      if (!before) return;
      if (event.type === 'subagent.admitted' && atWork(before.tree) >= world.limits.maxChildren) {
        found.push(`${name} ${seq}: gave ${event.card.path} a place that there wasn't`);
      }
      if (event.type === 'subagent.forgotten') {
        for (const gone of event.ids) labels.delete(before.tree.cards[gone]?.label ?? '');
      }
      if (event.type !== 'subagent.spawned') return;
      const { spec } = event;
      const day = quotaDay(before, at);
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
      if (spec.depth > world.limits.maxDepth)
        found.push(`${name} ${seq}: ${spec.path} is at depth ${spec.depth}`);
      if (spec.parent !== id) found.push(`${name} ${seq}: spawned for ${spec.parent}`);
      if (labels.has(spec.label)) found.push(`${name} ${seq}: two children are called ${spec.label}`);
      if (ids.has(spec.id)) found.push(`${name} ${seq}: two subagents have the id ${spec.id}`);
      if (!sessions.has(spec.id)) found.push(`${name} ${seq}: ${spec.path} was never born`);
      labels.add(spec.label);
      ids.add(spec.id);
    });
    if (name !== 'main' && !ids.has(id) && ![...sessions.values()].some((one) => spawned(one, id))) {
      found.push(`${name} was born and nobody spawned it`);
    }
  }
  for (const [day, n] of perDay) if (n > world.limits.maxSpawns) found.push(`${n} spawns on ${day}`);
  return found;
}

function spawned({ log }: History, id: string): boolean {
  return log.some(({ event }) => event.type === 'subagent.spawned' && event.spec.id === id);
}

/** Steers, answers and kills go to descendants only. */
function reach({ sessions }: Chronicle, { name, log }: History): string[] {
  const found: string[] = [];
  for (const { event, seq } of log) {
    if (event.type !== 'mail.posted') continue;
    const { body, to } = event.mail;
    if (body.kind !== 'steer' && body.kind !== 'answer' && body.kind !== 'kill') continue;
    const below = (id: string): boolean =>
      name === 'main' || (sessions.get(id)?.name ?? '').startsWith(`${name}/`);
    if (!below(to) || !below(body.target)) found.push(`${name} ${seq}: a ${body.kind} for ${body.target}`);
  }
  return found;
}

/** Whatever ends otherwise than completed takes those below along; a kill ends, or goes on to whom it is for. */
function cascade(history: History): string[] {
  const { id, name, log, states } = history;
  const found: string[] = [];
  log.forEach(({ event, seq }, index) => {
    const state = states[index];
    const before = states[index - 1];
    if (!state || !before) return;
    const kills = (to: string): boolean =>
      together(history, index).some(
        (one) =>
          one.event.type === 'mail.posted' && one.event.mail.to === to && one.event.mail.body.kind === 'kill',
      );
    if (event.type === 'attempt.closing') {
      const live = liveChildren(state.tree);
      if (event.status === 'completed' && live.length > 0)
        found.push(`${name} ${seq}: completed before its own`);
      if (event.status === 'completed' && state.mail.waiting.length > 0)
        found.push(`${name} ${seq}: completed, and has not read all its mail`);
      if (event.status !== 'completed') {
        for (const child of live)
          if (!kills(child.id)) found.push(`${name} ${seq}: ended and left ${child.path}`);
      }
    }
    if (event.type !== 'mail.accepted' || event.body.kind !== 'kill') return;
    if (event.body.target === id) {
      const later = together(history, index).filter((one) => one.seq > seq);
      const lives =
        before.closing === undefined &&
        !['completed', 'failed', 'timed_out', 'over_budget', 'killed'].includes(before.status);
      if (lives && !later.some((one) => one.event.type === 'attempt.closing'))
        found.push(`${name} ${seq}: survived a kill`);
      if (later.some((one) => one.event.type === 'attempt.started')) {
        const last = later.findLast(
          (one) => one.event.type === 'attempt.started' || one.event.type === 'attempt.closing',
        );
        const steered = later.some(
          (one) => one.event.type === 'mail.accepted' && one.event.body.kind === 'steer',
        );
        if (last?.event.type === 'attempt.started' && !steered)
          found.push(`${name} ${seq}: was resumed by a kill`);
      }
    } else if (
      before.tree.cards[event.body.target] &&
      !log.slice(index).some((one) => postsKill(one.event, event.body))
    ) {
      found.push(`${name} ${seq}: kept a kill for ${event.body.target}`);
    }
  });
  return found;
}

function postsKill(event: History['log'][number]['event'], body: { kind: string; target?: string }): boolean {
  return (
    event.type === 'mail.posted' && event.mail.body.kind === 'kill' && event.mail.body.target === body.target
  );
}

/** What a kill calls dead is dead at that moment, with all that its attempts started. */
function killReports({ world, sessions }: Chronicle, history: History): string[] {
  const found: string[] = [];
  history.log.forEach(({ event, seq }, index) => {
    if (event.type !== 'tool.finished') return;
    const before = history.states[index - 1];
    const call = before?.step?.calls.find((one) => one.key === event.call);
    if (!before || call?.mode !== 'kill' || !event.ok || !call.targets) return;
    const report = String(event.block.content);
    const list = /"unconfirmed":\[([^\]]*)\]/.exec(report)?.[1] ?? '';
    const { transaction } = commitAt(history, index);
    for (const id of call.targets) {
      const card = before.tree.cards[id];
      if (!card || list.includes(`"${card.label}"`)) continue;
      const target = sessions.get(id);
      const then = target && stateAfter(target, transaction);
      if (then?.attempt === card.attempt && then.endedAt === undefined) {
        found.push(`${history.name} ${seq}: ${card.path} is called dead and works`);
      }
      for (const { session, attempt, call: name, born, died } of world.processes) {
        if (session !== id || attempt > card.attempt || born > transaction) continue;
        if (died === undefined || died > transaction) {
          found.push(`${history.name} ${seq}: ${card.path} is called dead, and its process ${name} lives`);
        }
      }
    }
  });
  return found;
}

/** At rest no process lives, but for those that its session names as not confirmed dead. */
function processes({ world, sessions }: Chronicle): string[] {
  return world.processes.flatMap(({ session, attempt, call, died }) => {
    if (died !== undefined) return [];
    const owner = sessions.get(session);
    const named = owner?.end.unswept.some(({ left }) => left.some((line) => line.includes(`(${call})`)));
    return named
      ? []
      : [`a process of ${owner?.name} (attempt ${attempt}, ${call}) lives and nobody says so`];
  });
}

/** Every ancestor's card says how the subagent really stands. */
function cards({ sessions }: Chronicle, { name, end, log }: History): string[] {
  const found: string[] = [];
  for (const card of Object.values(end.tree.cards)) {
    const real = sessions.get(card.id)?.end;
    if (!real?.spec) continue;
    const say = (what: string, told: unknown, is: unknown): void => {
      if (told !== is)
        found.push(`${name}: it tells of ${card.path} that ${what} is ${told}, and it is ${is}`);
    };
    say('status', card.status, real.status);
    say('attempt', card.attempt, real.attempt);
    say('verified', card.verified, real.verified);
    const left = real.unswept.length > 0 ? real.unswept.flatMap((one) => one.left).join() : undefined;
    say('unswept', card.unswept?.join(), left);
    say('steers', card.pendingSteers, 0);
    say('open questions', card.requests?.length ?? 0, 0);
    if (end.tree.children[card.id]) say('announcement', card.announcement, settled(log, card));
    else
      say(
        'announcement',
        card.announcement,
        sessions.get(card.parent)?.end.tree.cards[card.id]?.announcement,
      );
  }
  return found;
}

function settled(log: History['log'], card: Card): string {
  for (const { event } of log) {
    if (event.type !== 'mail.settled' || event.announcement?.subagentId !== card.id) continue;
    if (event.announcement.attempt === card.attempt) return event.how;
  }
  return 'pending';
}
