/**
 * Questions: each is asked once and closed once, together with the call that waited; an answer comes from a mail
 * that brought it, and from each door only one; nobody reads a question that is closed, holds a place while it
 * waits, or is recovered for having waited.
 */
import { type FeedEvent, project } from '../../../src/core/feed.ts';
import { openRequests, type Session } from '../../../src/core/session.ts';
import { grant } from '../../../src/core/shares.ts';
import { isEnded, ownCards, queued } from '../../../src/core/subagents.ts';
import { rulesOf } from '../life.ts';
import { CHAT } from '../people.ts';
import { type Chronicle, commitAt, type History, together } from './chronicle.ts';

export function judgeQuestions(chronicle: Chronicle): string[] {
  const found: string[] = [...doors(chronicle), ...shown(chronicle)];
  for (const history of chronicle.sessions.values()) {
    found.push(
      ...closings(history),
      ...letters(history),
      ...statuses(history),
      ...places(chronicle, history),
      ...answersPosted(history),
      ...steers(history),
    );
  }
  return found;
}

function closings(history: History): string[] {
  const { name, log, end } = history;
  const found: string[] = [];
  const asked = new Map<string, string>();
  const closed = new Set<string>();
  for (const [index, { event, seq }] of log.entries()) {
    const complain = (what: string): void => void found.push(`${name} ${seq}: ${what}`);
    if (event.type === 'input.requested') {
      if (asked.has(event.request.id)) complain(`${event.request.id} was asked twice`);
      asked.set(event.request.id, event.call);
    }
    if (event.type !== 'input.answered' && event.type !== 'input.withdrawn') continue;
    const { id } = event.request;
    if (asked.get(id) !== event.call) complain(`${id} was closed and ${event.call} never asked it`);
    if (closed.has(id)) complain(`${id} was closed twice`);
    closed.add(id);
    const around = together(history, index);
    const results = around.filter(
      (one) => one.event.type === 'tool.finished' && one.event.call === event.call,
    );
    if (results.length !== 1) complain(`${id} was closed and its call was finished ${results.length} times`);
    if (event.type === 'input.withdrawn') continue;
    const brought = around.some(
      (one) =>
        one.event.type === 'mail.accepted' &&
        one.event.body.kind === 'answer' &&
        one.event.body.request === id &&
        one.event.body.text === event.text,
    );
    if (!brought) complain(`${id} was answered and no mail brought the answer`);
    const told = results.some(
      (one) => one.event.type === 'tool.finished' && String(one.event.block.content).includes(event.text),
    );
    if (!told) complain(`${id} was answered and its call doesn't hold the answer`);
  }
  for (const id of asked.keys()) if (!closed.has(id)) found.push(`${name}: ${id} is open for ever`);
  if (openRequests(end).length > 0) found.push(`${name}: waits for an answer for ever`);
  return found;
}

/** A question that a step takes is open as far as its reader knows. */
function letters({ name, log, states }: History): string[] {
  const found: string[] = [];
  const requests = new Map<string, { subagentId: string; request: string }>();
  for (const [index, { event, seq }] of log.entries()) {
    if (event.type === 'mail.accepted' && event.body.kind === 'question') {
      requests.set(`${event.sender}#${event.n}`, event.body);
    }
    if (event.type !== 'step.requested') continue;
    for (const id of event.takes) {
      const about = requests.get(id);
      if (!about) continue;
      const card = states[index - 1]?.tree.cards[about.subagentId];
      if (!card?.requests?.some((one) => one.id === about.request))
        found.push(`${name} ${seq}: reads the question ${about.request}, which is not open any more`);
    }
  }
  return found;
}

/** It says that it waits just as long as it does; and whoever only waited has nothing to recover. */
function statuses({ name, log, states }: History): string[] {
  const found: string[] = [];
  log.forEach(({ event, seq }, index) => {
    const state = states[index];
    const before = states[index - 1];
    if (state && (state.status === 'input_required') !== openRequests(state).length > 0)
      found.push(`${name} ${seq}: is ${state.status} with ${openRequests(state).length} open questions`);
    if (event.type === 'session.resumed' && before && !before.renewal && onlyWaits(before))
      found.push(`${name} ${seq}: was recovered, and had only waited for an answer`);
  });
  return found;
}

function onlyWaits({ step }: Session): boolean {
  return step?.phase === 'tools' && step.calls.every((call) => call.state === 'finished' || call.request);
}

/** Nobody queues while a place is free and there is money for it: who waits for an answer holds no place. */
function places({ world }: Chronicle, { name, log, states, commits }: History): string[] {
  const rules = rulesOf(world.limits);
  return commits.flatMap(({ to }) => {
    const state = states[to];
    if (!state || state.closing || isEnded(state.status) || state.status === 'queued') return [];
    const context = { rules, at: log[to]?.at ?? 0, worked: 0 };
    const able = queued(state.tree).some((card) => {
      const child = state.tree.children[card.id];
      return child !== undefined && grant(state, context, child, card, 1) !== undefined;
    });
    const running = ownCards(state.tree).filter(({ status }) => status === 'running').length;
    return able && running < world.limits.maxChildren
      ? [`${name} ${to + 1}: a place is free, and nobody gets it`]
      : [];
  });
}

/** From one session goes one answer to a request, whoever gave it, and from then on it isn't asked there. */
function answersPosted({ name, log, states }: History): string[] {
  const posted = new Map<string, string>();
  const found: string[] = [];
  for (const [index, { event, seq }] of log.entries()) {
    if (event.type === 'mail.posted' && event.mail.body.kind === 'answer') {
      const { request, target } = event.mail.body;
      if (posted.has(request)) found.push(`${name} ${seq}: ${request} is answered again`);
      posted.set(request, target);
    }
    if (event.type !== 'mail.accepted') continue;
    for (const [request, target] of posted) {
      const card = states[index]?.tree.cards[target];
      if (card?.requests?.some(({ id }) => id === request))
        found.push(`${name} ${seq}: ${request} was answered, and is asked again`);
    }
  }
  return found;
}

/** Newer words are read at once: nothing that was asked before them waits on. */
function steers(history: History): string[] {
  const { id, name, log, states } = history;
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'mail.accepted' || event.body.kind !== 'steer' || event.body.target !== id) return [];
    const before = states[index - 1];
    const after = states[commitAt(history, index).to];
    if (!before || !after) return [];
    const open = new Set(openRequests(before).map((one) => one.id));
    return openRequests(after).some((one) => open.has(one.id))
      ? [`${name} ${seq}: was steered, and still waits for an answer`]
      : [];
  });
}

/** Of all who answer at the same door one is told that it counts, at most. */
function doors({ world }: Chronicle): string[] {
  const counted = new Set<string>();
  return world.people.askings.flatMap(({ id, command, outcome }) => {
    if (command.type !== 'answer' || !outcome?.ok) return [];
    if (counted.has(command.request)) return [`${id}: ${command.request} was answered, and took an answer`];
    counted.add(command.request);
    return [];
  });
}

/** The main session's feed shows each question once, then what came of it, as it was. */
function shown({ sessions, main }: Chronicle): string[] {
  if (!main) return [];
  const due = new Map<string, string>();
  for (const { id: session, log } of sessions.values()) {
    for (const { event } of log) {
      if (event.type === 'input.answered') due.set(event.request.id, `${session} answered ${event.by}`);
      if (event.type === 'input.withdrawn') due.set(event.request.id, `${session} withdrawn `);
    }
  }
  const found: string[] = [];
  const requested = new Set<string>();
  const over = new Set<string>();
  for (const event of main.log.flatMap(
    (recorded): FeedEvent | FeedEvent[] => project(CHAT, recorded) ?? [],
  )) {
    if (event.name === 'input.requested') {
      if (requested.has(event.data.request.id)) found.push(`the feed asks ${event.data.request.id} twice`);
      requested.add(event.data.request.id);
    }
    if (event.name !== 'input.answered') continue;
    const { request, subagentId, outcome, by } = event.data;
    if (!requested.has(request.id)) found.push(`the feed answers ${request.id} before it asks it`);
    if (over.has(request.id)) found.push(`the feed answers ${request.id} twice`);
    over.add(request.id);
    const told = `${subagentId} ${outcome} ${by ?? ''}`;
    if (told !== due.get(request.id))
      found.push(`the feed tells ${told} of ${request.id}, not ${due.get(request.id)}`);
  }
  for (const id of due.keys()) if (!over.has(id)) found.push(`the feed never tells what came of ${id}`);
  return found;
}
