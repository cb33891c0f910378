/**
 * Trust: how far each session may act by itself at each moment, reckoned here anew; nobody gives a child more than it
 * has, allows what is beyond its own rights, or acts before its plan for this attempt is approved.
 */
import { type InputRequest, type TrustLevel, trustLevels } from '../../../src/core/card.ts';
import * as policy from '../../../src/core/policy.ts';
import { rulesOf } from '../life.ts';
import { type Chronicle, type History, together } from './chronicle.ts';

export function judgeTrust(chronicle: Chronicle): string[] {
  const requests = new Map<string, { request: InputRequest; asker: History }>();
  for (const asker of chronicle.sessions.values()) {
    for (const { event } of asker.log) {
      if (event.type === 'input.requested') requests.set(event.request.id, { request: event.request, asker });
    }
  }
  const found: string[] = [];
  for (const history of chronicle.sessions.values()) {
    const levels = trustOf(chronicle, history);
    found.push(
      ...standing(chronicle, history, levels),
      ...children(chronicle, history, levels),
      ...allows(history, levels, (id) => requests.get(id)),
      ...steers(history, levels),
      ...plans(chronicle, history),
    );
  }
  return found;
}

/** How far the session may act by itself, after each of its events. */
export function trustOf({ world }: Chronicle, { log, end }: History): TrustLevel[] {
  const { main, subagents } = rulesOf(world.limits).trust;
  const { spec } = end;
  if (!spec) return log.map(() => main);
  const given = spec.trust === 'plan' ? (spec.afterPlan ?? 'ask') : (spec.trust ?? 'auto');
  const acting = subagents === 'ask' && given === 'auto' ? 'ask' : given;
  let approved = false;
  return log.map(({ event }) => {
    if (event.type === 'attempt.started') approved = false;
    if (event.type === 'input.answered' && event.request.kind === 'plan' && event.decision === 'allow') {
      approved = true;
    }
    return spec.trust === 'plan' && !approved ? 'plan' : acting;
  });
}

/** The session's own books say the same. */
function standing({ world }: Chronicle, { name, states }: History, levels: TrustLevel[]): string[] {
  const rules = rulesOf(world.limits);
  return states.flatMap((state, index) => {
    const books = policy.trustOf(state, rules);
    return books === levels[index]
      ? []
      : [`${name} ${index + 1}: may ${levels[index]}, and takes it for ${books}`];
  });
}

function wider(a: TrustLevel, b: TrustLevel): boolean {
  return trustLevels.indexOf(a) > trustLevels.indexOf(b);
}

function children({ world }: Chronicle, { name, log, end }: History, levels: TrustLevel[]): string[] {
  const { subagents } = rulesOf(world.limits).trust;
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'subagent.spawned') return [];
    const { spec } = event;
    const own = levels[index - 1] ?? 'plan';
    const says = `${name} ${seq}: ${spec.path} may ${spec.trust}, then ${spec.afterPlan}`;
    const { trust = 'auto', afterPlan } = spec;
    const found: string[] = [];
    if (own === 'plan') found.push(`${says}, and was spawned before a plan was approved`);
    if (wider(trust, own)) found.push(`${says}, and its parent may ${own}`);
    if (wider(trust, subagents)) found.push(`${says}, and by the configuration subagents may ${subagents}`);
    if ((afterPlan !== undefined) !== (trust === 'plan')) found.push(says);
    if (afterPlan && wider(afterPlan, own)) found.push(`${says}, and its parent may ${own}`);
    if (afterPlan === 'auto' && subagents === 'ask') found.push(`${says}, and subagents must ask`);
    if (end.spec?.role === 'reviewer' && spec.role !== 'reviewer')
      found.push(`${name} ${seq}: a reviewer has a ${spec.role}`);
    return found;
  });
}

/** Whoever waits for its plan to be approved lets nobody else act, either. */
function steers(history: History, levels: TrustLevel[]): string[] {
  const { name, log } = history;
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'mail.posted' || levels[index - 1] !== 'plan') return [];
    const { body } = event.mail;
    if (body.kind !== 'steer' || body.by !== 'parent') return [];
    const passes = together(history, index).some(
      (one) => one.event.type === 'mail.accepted' && one.event.body.kind === 'steer',
    );
    return passes ? [] : [`${name} ${seq}: steers ${body.target} before its plan is approved`];
  });
}

/** What a session allows of itself, and does not only pass on. */
function allows(
  history: History,
  levels: TrustLevel[],
  asked: (id: string) => { request: InputRequest; asker: History } | undefined,
): string[] {
  const { name, log } = history;
  return log.flatMap(({ event, seq }, index) => {
    if (event.type !== 'mail.posted' || event.mail.body.kind !== 'answer') return [];
    const { request: id, decision, by } = event.mail.body;
    const passes = together(history, index).some(
      (one) =>
        one.event.type === 'mail.accepted' &&
        one.event.body.kind === 'answer' &&
        one.event.body.request === id,
    );
    const about = asked(id);
    if (by !== 'parent' || decision !== 'allow' || passes || !about) return [];
    const { request, asker } = about;
    const own = levels[index - 1] ?? 'plan';
    if (request.person) return [`${name} ${seq}: allowed ${id}, which only a person may`];
    const gives = request.kind === 'plan' ? (asker.end.spec?.afterPlan ?? 'auto') : 'auto';
    return wider(gives, own) ? [`${name} ${seq}: allowed ${id}, and may ${own} itself`] : [];
  });
}

/** Plans that the configuration asks for are a person's to approve. */
function plans({ world }: Chronicle, { name, log, end }: History): string[] {
  const byPeople = rulesOf(world.limits).trust.subagents === 'plan';
  return log.flatMap(({ event, seq }) => {
    if (event.type !== 'input.requested' || event.request.kind !== 'plan') return [];
    const found: string[] = [];
    if (end.spec?.trust !== 'plan') found.push(`${name} ${seq}: hands in a plan that nobody wants`);
    if (byPeople !== (event.request.person === true))
      found.push(`${name} ${seq}: its plan is ${byPeople ? 'not ' : ''}a person's to approve`);
    return found;
  });
}
