/**
 * Money: no call starts that can't be paid for; what is spent, set aside and given away is never more than there
 * is; and what the model billed in truth is within each day's budget, whatever was cut, lost or killed.
 */
import type { Amount } from '../../../src/core/amount.ts';
import type { Usage } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import { whoAsks } from '../model.ts';
import type { World } from '../world.ts';
import type { Chronicle, History } from './chronicle.ts';

/** What two sums of money may differ by: none, but for what floats can't tell apart. */
const NOTHING = 1e-10;

export function judgeMoney(chronicle: Chronicle): string[] {
  const found: string[] = [...days(chronicle), ...shares(chronicle), ...figures(chronicle)];
  for (const history of chronicle.sessions.values())
    found.push(...sums(chronicle, history), ...books(history), ...rest(history));
  return found;
}

function capOf({ world }: Chronicle, state: Session): Amount {
  if (state.kind === 'main') {
    return { usd: state.budgetUsd ?? world.limits.chatUsd, tokens: Number.POSITIVE_INFINITY };
  }
  const { granted } = state.account;
  return { usd: granted?.usd ?? 0, tokens: granted?.tokens ?? Number.POSITIVE_INFINITY };
}

/** All that a session has spent, set aside and given away. */
function bound({ account, tree }: Session): Amount {
  let usd = account.own.usd + account.closed.usd;
  let tokens = account.own.tokens + account.closed.tokens;
  for (const held of Object.values(account.held)) {
    usd += held.usd;
    tokens += held.tokens;
  }
  for (const { money } of Object.values(tree.children)) {
    if (!money.granted) continue;
    usd += Math.max(0, money.granted.usd - money.closed.usd);
    tokens += Math.max(0, (money.granted.tokens ?? 0) - money.closed.tokens);
  }
  return { usd, tokens };
}

/** Nothing is set aside or given that isn't there, in the eyes of the one who gives it. */
function sums(chronicle: Chronicle, { name, log, states }: History): string[] {
  const found: string[] = [];
  log.forEach(({ event, seq }, index) => {
    const state = states[index];
    const before = states[index - 1];
    if (!state || !before) return;
    const now = bound(state);
    const then = bound(before);
    const cap = capOf(chronicle, state);
    const more = now.usd > then.usd + NOTHING || now.tokens > then.tokens;
    if (more && (now.usd > cap.usd + NOTHING || now.tokens > cap.tokens)) {
      found.push(
        `${name} ${seq}: ${event.type} makes it $${now.usd} and ${now.tokens} tokens of $${cap.usd} and ${cap.tokens}`,
      );
    }
    if (event.type === 'step.requested' && !event.reserved) found.push(`${name} ${seq}: asked unpaid`);
    const step = before.step?.phase === 'calling' ? `step.${before.step.n}` : undefined;
    if (event.type === 'step.answered' && step && !before.account.held[step]) {
      found.push(`${name} ${seq}: answered, and nothing was set aside for it`);
    }
  });
  return found;
}

/** Own calls as the log tells them, of the latest day that it knows of: a day that is over never comes back. */
function books({ name, log, end }: History): string[] {
  let day = '';
  let usd = 0;
  for (const { event, at } of log) {
    const today = new Date(at).toISOString().slice(0, 10);
    if (today > day) {
      day = today;
      if (end.kind === 'main') usd = 0;
    }
    if (event.type === 'step.answered' || event.type === 'usage.counted') usd += event.usage.usd;
    if (event.type === 'call.cut') usd += (event.usage?.usd ?? 0) + event.charged.usd;
  }
  const { account } = end;
  return account.day === day && Math.abs(account.own.usd - usd) < NOTHING
    ? []
    : [`${name}: its account of ${account.day} says $${account.own.usd}, and its log $${usd} on ${day}`];
}

/** In truth, by the model's own count: each day within the most that its budget was. */
function days({ world, main }: Chronicle): string[] {
  if (!main) return [];
  let most = world.limits.chatUsd;
  for (const { event } of main.log) {
    if (event.type === 'chat.changed') most = Math.max(most, event.budgetUsd ?? 0);
  }
  const spent = new Map<string, number>();
  for (const { day, cost } of world.sent) spent.set(day, (spent.get(day) ?? 0) + cost.usd);
  return [...spent].flatMap(([day, usd]) =>
    usd > most + NOTHING ? [`$${usd} were spent on ${day} of a budget of $${most}`] : [],
  );
}

/** In truth, too: each subagent within its share, with all below it. */
function shares({ world, sessions }: Chronicle): string[] {
  const own = costs(world);
  const found: string[] = [];
  for (const { name, end, log } of sessions.values()) {
    if (end.kind === 'main') continue;
    let usd = 0;
    let tokens = 0;
    for (const other of sessions.values()) {
      if (!isBelow(sessions, other, end.id)) continue;
      const cost = own.get(taskOf(other));
      usd += cost?.usd ?? 0;
      tokens += cost?.tokens ?? 0;
    }
    let most: { usd: number; tokens?: number | undefined } = { usd: 0 };
    for (const { event } of log) {
      if (event.type === 'mail.accepted' && event.body.kind === 'go' && event.body.share)
        most = event.body.share;
    }
    if (usd > most.usd + NOTHING || tokens > (most.tokens ?? Number.POSITIVE_INFINITY)) {
      found.push(`${name} spent $${usd} and ${tokens} tokens of $${most.usd} and ${most.tokens ?? 'any'}`);
    }
  }
  return found;
}

/** Whether a session is that subagent or below it: by descent, since a label may be used again. */
function isBelow(sessions: Chronicle['sessions'], session: History, root: string): boolean {
  for (let at: History | undefined = session; at; at = sessions.get(at.end.spec?.parent ?? '')) {
    if (at.id === root) return true;
  }
  return false;
}

/** The gateway's figures are the model's, and add up; where nothing went down, to the last token. */
function figures({ world, sessions }: Chronicle): string[] {
  const found: string[] = [];
  for (const history of sessions.values()) {
    const { name, end } = history;
    const who = taskOf(history);
    const told = world.sent.filter((sent) => whoAsks(sent.request) === who);
    const whole = total(told.flatMap((sent) => sent.told ?? []));
    if (world.lives === 1 ? !same(end.usage, whole) : less(whole, end.usage)) {
      found.push(`${name} counts ${JSON.stringify(end.usage)}, and the model ${JSON.stringify(whole)}`);
    }
    const byDay = total(end.spending.map((one) => one.usage));
    if (!same(end.usage, byDay)) {
      found.push(`${name}: its days add up to ${JSON.stringify(byDay)}, not ${JSON.stringify(end.usage)}`);
    }
    for (const card of Object.values(end.tree.cards)) {
      const real = sessions.get(card.id)?.end;
      if (real && !same(card.usage, real.usage))
        found.push(`${name}: what ${card.path} used is told wrongly`);
      if (real && !same(total((card.spending ?? []).map((one) => one.usage)), real.usage)) {
        found.push(`${name}: the days of ${card.path} are told wrongly`);
      }
    }
  }
  return found;
}

/** When all has come to rest nothing is set aside and nothing is given away. */
function rest({ name, end, log, states }: History): string[] {
  const found: string[] = [];
  for (const call of Object.keys(end.account.held)) found.push(`${name}: ${call} was never settled`);
  for (const [id, child] of Object.entries(end.tree.children)) {
    if (child.money.granted) found.push(`${name}: the share of ${end.tree.cards[id]?.path} never came back`);
  }
  const told = new Set<string>();
  log.forEach(({ event, seq }, index) => {
    const account = states[index]?.account;
    if (event.type === 'chat.changed') told.clear();
    if (event.type !== 'notice' || event.budgetPercent === undefined || !account) return;
    const words = `${account.day} ${event.budgetPercent}`;
    if (told.has(words) && event.budgetPercent < 100) found.push(`${name} ${seq}: told again of ${words} %`);
    told.add(words);
  });
  return found;
}

function costs(world: World): Map<string, Amount> {
  const all = new Map<string, Amount>();
  for (const { request, cost } of world.sent) {
    const who = whoAsks(request);
    const before = all.get(who) ?? { usd: 0, tokens: 0 };
    all.set(who, { usd: before.usd + cost.usd, tokens: before.tokens + cost.tokens });
  }
  return all;
}

/** The name under which a session asks the model. */
function taskOf({ end, name }: History): string {
  return name === 'main' ? 'main' : (/^task-\d+/.exec(end.spec?.task ?? '')?.[0] ?? name);
}

function total(all: readonly Usage[]): Usage {
  const sum = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
  for (const one of all) {
    sum.inputTokens += one.inputTokens;
    sum.outputTokens += one.outputTokens;
    sum.cacheReadTokens += one.cacheReadTokens;
    sum.cacheWriteTokens += one.cacheWriteTokens;
    sum.usd += one.usd;
  }
  return sum;
}

function same(a: Usage, b: Usage): boolean {
  return (
    a.inputTokens === b.inputTokens &&
    a.outputTokens === b.outputTokens &&
    a.cacheReadTokens === b.cacheReadTokens &&
    a.cacheWriteTokens === b.cacheWriteTokens &&
    Math.abs(a.usd - b.usd) < NOTHING
  );
}

function less(a: Usage, b: Usage): boolean {
  return a.outputTokens < b.outputTokens || a.usd < b.usd - NOTHING;
}
