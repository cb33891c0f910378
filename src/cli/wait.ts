/**
 * `tidings wait`: ends when the next news of a chat is there and prints it with the cursor to go on from, so that a
 * script, or an agent that runs commands in the background, hears each once. Owns what counts as news.
 */
import type { Client, FeedEvent } from '../client/index.ts';
import { parentOf } from './mcp-parent.ts';
import { chatFor } from './subagents.ts';
import { argumentsOf } from './terminal/arguments.ts';
import { inkFor } from './terminal/ink.ts';
import { isAtWork } from './terminal/pick.ts';
import { reach } from './terminal/reach.ts';
import { newsOf, type Outcome, outcomes } from './terminal/script.ts';
import { makeTeam, type Team } from './terminal/team.ts';
import { seconds, UsageError } from './terminal/usage-error.ts';
import { endWords, hasFailed } from './terminal/words.ts';
import { waitForNews } from './wait-news.ts';

export const waitHelp = `tidings wait [--chat CHAT | --mcp | --as NAME] [--after CURSOR] [--json] [--timeout SECONDS]

Ends when the next news is there, and prints it: a subagent has ended, an answer is needed, the chat is parked. Prints
the cursor, too: with it as --after the next call tells what came since, each thing once. Without --after what is asked
already is news; and when nothing is at work, it ends at once.

  --chat CHAT   its id, the beginning of one, or words of its title; without: the newest that is at work, else the newest
  --mcp         the chat of the MCP client that has this token; --as NAME: of the one that calls itself so

In a chat that a program leads, such as an MCP client, what is printed is acknowledged once it was printed, and there is
no cursor: run it in the background; when it ends, read, and run it again as long as something is at work.

Exit codes: 0 news, or nothing is at work; 1 a subagent has failed, or the chat is parked; 2 wrong use, no gateway or no
token; 3 an answer is needed; 4 the time is over.`;

interface Terminal {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

interface Heard {
  readonly news: readonly FeedEvent[];
  readonly cursor: number;
  readonly status: Outcome;
}

/** Resolves with the exit code. @throws UsageError, ProblemError, UnreachableError */
export async function wait(args: readonly string[], { print, complain }: Terminal): Promise<number> {
  const values = read(args);
  if (values.help) {
    print(waitHelp);
    return 0;
  }
  const timeoutMs = seconds(values.timeout, '--timeout');
  const after = cursorOf(values.after);
  const own = values.mcp === true || values.as !== undefined;
  if (own && values.chat !== undefined) throw new UsageError('--chat names another chat than --mcp or --as.');
  const { client } = await reach({ env: process.env, cwd: process.cwd() });
  const chat = own
    ? await client.chat(await (await parentOf(client, values.as)).chat())
    : await chatFor(client, values.chat, complain);
  if (chat.lead === 'program') {
    if (after !== undefined)
      throw new UsageError('This chat has no --after: what was printed is acknowledged.');
    return waitForNews(client, chat, { json: values.json === true, timeoutMs, print });
  }
  const { id } = chat;
  const team = makeTeam();
  const { news, cursor, status } = await listen(client, id, team, after, timeoutMs);
  if (values.json) {
    print(JSON.stringify({ chat: id, status, cursor, news }));
    return outcomes[status];
  }
  const sheet = { ink: inkFor({}, {}), width: 100 };
  for (const event of news) for (const line of newsOf(event, team, sheet)) print(line);
  if (news.length === 0) print(status === 'timed_out' ? 'Nothing new in this time.' : 'Nothing is at work.');
  print(`cursor: ${cursor}`);
  return outcomes[status];
}

async function listen(
  client: Client,
  chat: string,
  team: Team,
  after: number | undefined,
  timeoutMs: number | undefined,
): Promise<Heard> {
  // The end of the log first: what is seen after it holds all that came before.
  const past = await client.events(chat, { before: 'latest', limit: 1 });
  const [view, subagents] = await Promise.all([client.chat(chat), client.subagents(chat)]);
  team.begin(subagents, view);
  const from = after ?? past.after ?? 0;
  if (after === undefined) {
    const open = await openRequests(client, chat, team);
    if (open.length > 0) return { news: open, cursor: from, status: 'input_required' };
  }
  const news: FeedEvent[] = [];
  let cursor = from;
  const stop = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(), timeoutMs);
  // What is at rest brings no news, but what is behind the cursor is news still.
  const resting = !isAtWork(view);
  if (resting && from >= (past.after ?? 0)) return { news, cursor, status: 'done' };
  const end = await client.follow(chat, {
    after: from,
    signal: stop.signal,
    onEvents(events) {
      for (const event of events) {
        team.take(event);
        if (!('id' in event)) continue;
        cursor = event.id;
        if (isNews(event)) news.push(event);
      }
      if (news.length > 0 || (resting && cursor >= (past.after ?? 0))) stop.abort();
    },
  });
  clearTimeout(timer);
  if (end !== 'aborted') {
    throw new UsageError(
      end === 'reset'
        ? `--after ${from} is no cursor of this chat: it ends before that. Ask again without --after.`
        : endWords[end],
    );
  }
  if (news.length > 0) return { news, cursor, status: worst(news) };
  return { news, cursor, status: resting ? 'done' : 'timed_out' };
}

function isNews(event: FeedEvent): boolean {
  if (event.event === 'turn.ended') return event.data.stop === 'parked';
  return event.event === 'subagent.ended' || event.event === 'input.requested';
}

function worst(news: readonly FeedEvent[]): Outcome {
  if (news.some(({ event }) => event === 'input.requested')) return 'input_required';
  const failed = news.some(
    (one) => one.event === 'turn.ended' || (one.event === 'subagent.ended' && hasFailed(one.data.subagent)),
  );
  return failed ? 'failed' : 'done';
}

/** The events by which what waits for an answer was asked, as far as they are among the last. */
async function openRequests(client: Client, chat: string, team: Team): Promise<FeedEvent[]> {
  const open = new Set(team.requests.map(({ request }) => request.id));
  if (open.size === 0) return [];
  const { events } = await client.events(chat, { before: 'latest', limit: 1_000 });
  return events.filter((one) => one.event === 'input.requested' && open.has(one.data.request.id));
}

function cursorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--after takes the cursor that an earlier call printed, not "${text}".`);
}

function read(args: readonly string[]) {
  const options = {
    help: { type: 'boolean', short: 'h' },
    chat: { type: 'string' },
    mcp: { type: 'boolean' },
    as: { type: 'string' },
    after: { type: 'string' },
    json: { type: 'boolean' },
    timeout: { type: 'string' },
  } as const;
  return argumentsOf(args, options, false).values;
}
