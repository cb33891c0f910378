/**
 * The lines just above the prompt: what is asked for, who is at work, whether there is a connection. Drawn anew a few
 * times a second, so each is one row and none is wider than the terminal. Keeps nothing.
 */
import type { FollowState, OutboxState } from '../../client/index.ts';
import { asker, askingFor } from './cards.ts';
import { cleanLine } from './clean.ts';
import type { Ink } from './ink.ts';
import { cut } from './measure.ts';
import type { Talk } from './talk.ts';
import type { Team } from './team.ts';
import { figures, lookOf, nameOf, statusWord } from './words.ts';

/** Rows for requests and for subagents; what is more is counted. */
const MOST_REQUESTS = 3;
const MOST_SUBAGENTS = 5;

export interface LiveFacts {
  readonly team: Team;
  readonly talk: Pick<Talk, 'speaking' | 'doing'>;
  readonly connection: FollowState;
  /** Messages that the gateway has not acknowledged. */
  readonly unsent: number;
  readonly outbox: OutboxState;
}

/** @param now milliseconds by this clock */
export function liveRows(ink: Ink, width: number, facts: LiveFacts, now: number): string[] {
  const { team, talk } = facts;
  const rows: string[] = [];
  const trouble = troubleWords(facts, now);
  if (trouble !== '') rows.push(ink('warning', cut(`! ${trouble}`, width)));
  for (const one of team.requests.slice(0, MOST_REQUESTS)) {
    const who = asker(team, one);
    const at = who === '' ? '/answer' : `/answer ${who}`;
    const what = `? ${who === '' ? 'The assistant' : who} ${askingFor(one.request.kind)} (${at}): ${cleanLine(one.request.title)}`;
    rows.push(ink('asking', cut(what, width)));
  }
  const hidden = team.requests.length - MOST_REQUESTS;
  if (hidden > 0) rows.push(ink('asking', cut(`? and ${hidden} more`, width)));
  const { live } = team;
  for (const one of live.slice(0, MOST_SUBAGENTS)) {
    const activity = one.status === 'running' ? cleanLine(one.activity) : '';
    const head = `● ${nameOf(one)} ${statusWord(one.status)} ${figures(one, team.now())}`;
    rows.push(ink(lookOf(one.status), cut(activity === '' ? head : `${head} · ${activity}`, width)));
  }
  if (live.length > MOST_SUBAGENTS) {
    rows.push(ink('dim', cut(`● and ${live.length - MOST_SUBAGENTS} more: /subagents`, width)));
  }
  if (talk.speaking) {
    rows.push(ink('dim', cut(`… ${talk.doing === '' ? 'speaking' : talk.doing} (Ctrl-C stops)`, width)));
  }
  return rows;
}

function troubleWords({ connection, unsent, outbox }: LiveFacts, now: number): string {
  const waits =
    unsent === 0 ? '' : `; ${unsent === 1 ? 'a message waits' : `${unsent} messages wait`} to be sent`;
  if (connection.state === 'connecting' && connection.attempts > 0) {
    const away = Math.max(0, Math.round((now - connection.since) / 1_000));
    return `no connection for ${away} s, trying again${waits}`;
  }
  return outbox.state === 'waiting' ? `not sent yet, trying again: ${cleanLine(outbox.because)}` : '';
}
