/**
 * Questions of every kind: each is asked once and closed once, together with the call that waited unless that may go
 * on; an answer is of the form that was asked for and comes from whoever gave it, and from each door only one; nobody
 * reads a question that is closed, holds a place while it waits, or is recovered for having waited.
 */
import type { InputRequest } from '../../../src/core/card.ts';
import type { SessionEvent } from '../../../src/core/events.ts';
import { type FeedEvent, project } from '../../../src/core/feed.ts';
import { type Call, openRequests, type Session } from '../../../src/core/session.ts';
import { grant } from '../../../src/core/shares.ts';
import { isEnded, ownCards, queued } from '../../../src/core/subagents.ts';
import { rulesOf } from '../life.ts';
import { CHAT } from '../people.ts';
import { type Chronicle, commitAt, type History, together } from './chronicle.ts';

export function judgeQuestions(chronicle: Chronicle): string[] {
  const found: string[] = [...doors(chronicle), ...shown(chronicle)];
  for (const history of chronicle.sessions.values()) {
    found.push(
      ...closings(chronicle, history),
      ...letters(history),
      ...statuses(history),
      ...places(chronicle, history),
      ...answersPosted(history),
      ...newerWords(history),
    );
  }
  return found;
}

function closings(chronicle: Chronicle, history: History): string[] {
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
    const goesOn =
      event.type === 'input.answered' && event.request.kind === 'permission' && event.decision === 'allow';
    if (results.length !== 1 && !goesOn)
      complain(`${id} was closed and its call was finished ${results.length} times`);
    if (event.type === 'input.withdrawn') continue;
    if (wrongForm(event.request, event)) complain(`${id} was answered in a form that nobody asked for`);
    if (!isBrought(chronicle, history, event, around))
      complain(`${id} was answered and nobody brought the answer`);
    if (!goesOn && !results.some(({ event: one }) => holds(one, event.text)))
      complain(`${id} was answered and its call doesn't hold the answer`);
    if (goesOn && event.text.trim() !== '' && !around.some(({ event: one }) => holds(one, event.text)))
      complain(`${id} was allowed with words that nobody is told`);
    const denial = end.spec && event.decision === 'deny' && event.by !== 'parent';
    if (heardDenials(chronicle, history, id) !== (denial ? 1 : 0))
      complain(`${id} was ${event.decision} by ${event.by}, and its parent was not told so`);
  }
  for (const id of asked.keys()) if (!closed.has(id)) found.push(`${name}: ${id} is open for ever`);
  if (openRequests(end).length > 0) found.push(`${name}: waits for an answer for ever`);
  return found;
}

type Answered = Extract<SessionEvent, { type: 'input.answered' }>;

function wrongForm({ kind }: InputRequest, { decision, text }: Pick<Answered, 'decision' | 'text'>): boolean {
  return kind === 'question' ? decision !== undefined || text.trim() === '' : decision === undefined;
}

/** By a mail to a subagent; to the main session by a person who asked for just that. */
function isBrought(
  { world, sessions }: Chronicle,
  { end }: History,
  event: Answered,
  around: History['log'],
): boolean {
  const { id } = event.request;
  const same = (one: Pick<Answered, 'decision' | 'text'> & { request: string }): boolean =>
    one.request === id && one.text === event.text && one.decision === event.decision;
  const asked = world.people.askings.some(({ command }) => command.type === 'answer' && same(command));
  if (event.by === 'person' && !asked) return false;
  const parent = sessions.get(end.spec?.parent ?? '');
  const byParent = parent?.log.some(
    (one) =>
      one.event.type === 'mail.posted' &&
      one.event.mail.body.kind === 'answer' &&
      one.event.mail.body.by === 'parent' &&
      same(one.event.mail.body),
  );
  if (event.by !== 'person' && (event.by === 'parent') !== byParent) return false;
  const mailed = around.some(
    (one) => one.event.type === 'mail.accepted' && one.event.body.kind === 'answer' && same(one.event.body),
  );
  return mailed || (id.startsWith(`${CHAT}.`) && event.by === 'person');
}

/** As a call's result, or as a note beside it. */
function holds(event: SessionEvent, text: string): boolean {
  if (event.type === 'tool.finished') return String(event.block.content).includes(text.trim());
  return (
    event.type === 'mail.accepted' && event.body.kind === 'note' && event.body.text.includes(text.trim())
  );
}

function heardDenials({ sessions }: Chronicle, { end }: History, request: string): number {
  return (sessions.get(end.spec?.parent ?? '')?.log ?? []).filter(
    ({ event }) =>
      event.type === 'mail.accepted' && event.body.kind === 'denial' && event.body.request === request,
  ).length;
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

function onlyWaits({ step, checking }: Session): boolean {
  return (
    step?.phase === 'tools' &&
    checking === undefined &&
    !step.calls.some((call) => call.state === 'started' && !call.request)
  );
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

/** Newer words are read at once: nothing that was asked before them, or was to be, waits on. */
function newerWords(history: History): string[] {
  const { id, name, log, states } = history;
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'mail.accepted') return [];
    const { body } = event;
    if (body.kind !== 'message' && !(body.kind === 'steer' && body.target === id)) return [];
    const before = states[index - 1];
    const after = states[commitAt(history, index).to];
    if (!before || !after) return [];
    const open = new Set(waiting(before).map(({ key }) => key));
    return waiting(after).some(({ key }) => open.has(key))
      ? [`${name} ${seq}: was told something new, and still waits for an answer`]
      : [];
  });
}

function waiting({ step }: Session): Call[] {
  return (step?.calls ?? []).filter(
    ({ state, request, permission, allowed }) => request || (state === 'open' && permission && !allowed),
  );
}

/** Of all who answer at the same door one is told that it counts, at most, and never one in the wrong form. */
function doors({ world, sessions }: Chronicle): string[] {
  const asked = new Map<string, InputRequest>();
  for (const { log } of sessions.values()) {
    for (const { event } of log)
      if (event.type === 'input.requested') asked.set(event.request.id, event.request);
  }
  const counted = new Set<string>();
  return world.people.askings.flatMap(({ id, command, outcome }) => {
    if (command.type !== 'answer' || !outcome?.ok) return [];
    const request = asked.get(command.request);
    if (!request || wrongForm(request, command)) return [`${id}: ${command.request} took a wrong answer`];
    if (counted.has(command.request)) return [`${id}: ${command.request} was answered, and took an answer`];
    counted.add(command.request);
    return [];
  });
}

/** The main session's feed shows each question once, then what came of it, as it was. */
function shown({ sessions, main }: Chronicle): string[] {
  if (!main) return [];
  const due = new Map<string, string>();
  for (const { id, log } of sessions.values()) {
    const who = id === CHAT ? 'main' : id;
    for (const { event } of log) {
      if (event.type === 'input.answered')
        due.set(event.request.id, `${who} answered ${event.by} ${event.decision ?? ''}`);
      if (event.type === 'input.withdrawn') due.set(event.request.id, `${who} withdrawn  `);
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
    const { request, subagentId = 'main', outcome, by, decision } = event.data;
    if (!requested.has(request.id)) found.push(`the feed answers ${request.id} before it asks it`);
    if (over.has(request.id)) found.push(`the feed answers ${request.id} twice`);
    over.add(request.id);
    const told = `${subagentId} ${outcome} ${by ?? ''} ${decision ?? ''}`;
    if (told !== due.get(request.id))
      found.push(`the feed tells ${told} of ${request.id}, not ${due.get(request.id)}`);
  }
  for (const id of due.keys()) if (!over.has(id)) found.push(`the feed never tells what came of ${id}`);
  return found;
}
