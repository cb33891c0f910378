/**
 * One message from a script, and what comes of it until as much has happened as is waited for. Owns what counts as the
 * end, what is printed of the way there, and the exit codes. Draws nothing.
 */
import {
  type Client,
  type FeedEvent,
  isEnded,
  type Message,
  ProblemError,
  type StreamedEvent,
  UnreachableError,
} from '../../client/index.ts';
import { answeredCard, asker, endedCard, isOnACard, noticeCard, requestCard, spawnedCard } from './cards.ts';
import { clean } from './clean.ts';
import { inkFor } from './ink.ts';
import { wordsOf } from './talk.ts';
import { makeTeam, type Team } from './team.ts';
import { UsageError } from './usage-error.ts';
import { endWords, hasFailed, nameOf } from './words.ts';

export const waits = ['answer', 'all', 'none'] as const;
export type Wait = (typeof waits)[number];

export const outcomes = {
  done: 0,
  failed: 1,
  input_required: 3,
  timed_out: 4,
} as const;
export type Outcome = keyof typeof outcomes;

export const exitCodes = `Exit codes: 0 done; 1 failed: a turn or a subagent (one that was killed has not failed); 2 wrong use, no gateway or no
token; 3 an answer is needed first; 4 the time is over; 129, 130, 143 a signal ended it (129: its terminal was closed);
141 nobody read its output any more.`;

export interface SayOptions {
  readonly wait: Wait;
  readonly json: boolean;
  readonly timeoutMs?: number;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Resolves with the exit code. */
export async function sayOnce(
  client: Client,
  chat: string,
  text: string,
  options: SayOptions,
): Promise<number> {
  const { wait, json, timeoutMs, print, complain } = options;
  const [view, subagents, past] = await Promise.all([
    client.chat(chat),
    client.subagents(chat),
    client.events(chat, { before: 'latest', limit: 1 }),
  ]);
  const team = makeTeam();
  team.begin(subagents, view);
  const message = await client.send(chat, { text });
  if (!json) complain(`This is ${chat}.`);
  const watch = makeWatch(client, chat, team, message);
  const stop = new AbortController();
  let ended: Outcome | undefined = wait === 'none' ? 'done' : undefined;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          ended ??= 'timed_out';
          stop.abort();
        }, timeoutMs);
  const sheet = { ink: inkFor({}, {}), width: 100 };

  async function looked(): Promise<void> {
    const outcome = wait === 'all' ? await watch.allDone() : watch.answered();
    if (!outcome) return;
    ended ??= outcome;
    stop.abort();
  }

  /** What can't be found out now is looked at again when the feed is back; that there is none any more it tells itself. */
  function look(): void {
    looked().catch((error: unknown) => {
      if (!(error instanceof ProblemError || error instanceof UnreachableError)) throw error;
    });
  }

  function tell(event: StreamedEvent): void {
    if (!('id' in event)) return;
    if (json) return print(JSON.stringify(event));
    for (const line of event.event === 'message' ? [] : newsOf(event, team, sheet)) complain(line);
    if (event.event === 'message' && event.data.message.role === 'assistant') {
      print(clean(wordsOf(event.data.message)));
    }
  }

  let cursor = past.after ?? 0;
  if (ended === undefined) {
    const end = await client.follow(chat, {
      after: cursor,
      signal: stop.signal,
      onEvents(events) {
        for (const event of events) {
          team.take(event);
          watch.take(event);
          tell(event);
          if ('id' in event) cursor = event.id;
        }
        look();
      },
      onState: ({ state }) => {
        if (state === 'live') look();
      },
    });
    if (end !== 'aborted') throw new UsageError(endWords[end]);
  }
  clearTimeout(timer);
  const final = (): Outcome => ended ?? 'failed';
  const status = final();
  if (json) print(JSON.stringify(await summary(client, chat, { status, cursor, answer: watch.answer })));
  else if (status === 'input_required') complain(answering(chat, team));
  else if (status === 'timed_out') complain('The time is over; the work goes on.');
  return outcomes[status];
}

interface Watch {
  take(event: StreamedEvent): void;
  /** The assistant's last words since. */
  readonly answer: string;
  /** How the turn ended that read the message; undefined: it has not. */
  answered(): Outcome | undefined;
  /** The same for all that is at work. */
  allDone(): Promise<Outcome | undefined>;
}

function makeWatch(client: Pick<Client, 'chat'>, chat: string, team: Team, { seq }: Message): Watch {
  let turn: Outcome | undefined;
  let inTurn = true;
  let answer = '';
  let failed = false;
  let deleting = false;
  return {
    get answer() {
      return answer;
    },
    take(event) {
      if (!('id' in event) || event.id < seq) return;
      if (event.event === 'turn.started') inTurn = true;
      if (event.event === 'turn.ended') {
        inTurn = false;
        turn = event.data.stop === 'done' ? 'done' : 'failed';
      }
      if (event.event === 'message' && event.data.message.role === 'assistant')
        answer = event.data.message.text;
      if (event.event === 'chat.deleting') deleting = true;
      if (event.event === 'subagent.ended' && hasFailed(event.data.subagent)) failed = true;
    },
    answered() {
      const own = team.requests.some(({ subagentId }) => subagentId === undefined);
      // What a deletion ends is no end of the work: the feed tells that the chat is gone.
      if (deleting) return undefined;
      return turn ?? (own ? 'input_required' : undefined);
    },
    async allDone() {
      if (deleting) return undefined;
      if (turn === 'failed') return 'failed';
      const own = team.requests.some(({ subagentId }) => subagentId === undefined);
      if (own) return 'input_required';
      if (inTurn || turn === undefined) return undefined;
      const { live } = team;
      const stuck = live.some(({ status }) => status === 'input_required');
      const onlyWaits = live.every(({ status }) => status === 'input_required' || status === 'waiting');
      if (live.length > 0 && !(stuck && onlyWaits)) return undefined;
      // What belongs together may come in pieces: whether it is at rest, the chat itself says in one.
      const { status } = await client.chat(chat);
      if (status === 'working' || inTurn || deleting) return undefined;
      if (status === 'parked') return 'failed';
      if (team.live.length > 0) return 'input_required';
      return failed ? 'failed' : 'done';
    },
  };
}

/** What happened besides words, in lines; nothing for what only a watcher wants. */
export function newsOf(event: FeedEvent, team: Team, sheet: Parameters<typeof endedCard>[0]): string[] {
  switch (event.event) {
    case 'subagent.spawned':
      return spawnedCard(sheet, event.data.subagent);
    case 'subagent.ended':
      return endedCard(sheet, event.data.subagent);
    case 'input.requested':
      return requestCard(sheet, asker(team, event.data), event.data.request);
    case 'input.answered':
      return answeredCard(sheet, asker(team, event.data), event.data);
    case 'notice':
      if (isOnACard(event.data.text, team)) return [];
      return noticeCard(sheet, event.data.level, event.data.text);
    case 'turn.ended':
      return event.data.stop === 'parked'
        ? noticeCard(sheet, 'error', `The chat is parked: ${event.data.error ?? 'it was stopped'}`)
        : [];
    case 'message':
    case 'turn.started':
    case 'tool.started':
    case 'tool.finished':
    case 'subagent.updated':
    case 'announcement.read':
    case 'steer.queued':
    case 'steer.read':
    case 'step.abandoned':
    case 'chat.updated':
    case 'chat.deleting':
    case 'subagent.forgotten':
      return [];
  }
}

function answering(chat: string, team: Team): string {
  const [one] = team.requests;
  const who = one?.subagentId === undefined ? '' : ` ${team.nameOf(one.subagentId)}`;
  return `An answer is needed first: tidings subagents answer${who} allow|deny|WORDS --chat ${chat}`;
}

async function summary(
  client: Pick<Client, 'chat' | 'subagents'>,
  chat: string,
  { status, cursor, answer }: { status: Outcome; cursor: number; answer: string },
): Promise<object> {
  const [view, subagents] = await Promise.all([client.chat(chat), client.subagents(chat)]);
  return {
    event: 'summary',
    chat,
    status,
    cursor,
    answer,
    usd: view.usage.usd,
    ...(view.inputRequest ? { inputRequest: view.inputRequest } : {}),
    subagents: subagents.map((one) => ({
      label: nameOf(one),
      status: one.status,
      ...(one.inputRequest && !isEnded(one) ? { inputRequest: one.inputRequest } : {}),
      ...(one.result === undefined ? {} : { result: one.result }),
    })),
  };
}
