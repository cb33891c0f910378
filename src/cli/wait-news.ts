/**
 * `tidings wait` in a chat that a program leads: what waits for that program is printed, and acknowledged once it was
 * printed, so a run that is cut off loses nothing and the next one tells what this one did not. Owns that order.
 */
import type { Chat, Client, News } from '../client/index.ts';
import { NewsEnded, nextNews } from '../mcp/news.ts';
import { clean } from './terminal/clean.ts';
import { isAtWork } from './terminal/pick.ts';
import { type Outcome, outcomes } from './terminal/script.ts';
import { UsageError } from './terminal/usage-error.ts';
import { endWords } from './terminal/words.ts';

/** News that one run prints. */
const MOST = 50;

export interface NewsWaiting {
  readonly json: boolean;
  readonly timeoutMs: number | undefined;
  readonly print: (line: string) => void;
}

/** Resolves with the exit code. */
export async function waitForNews(
  client: Client,
  { id: chat }: Chat,
  { json, timeoutMs, print }: NewsWaiting,
): Promise<number> {
  const resting = async (): Promise<boolean> => !isAtWork(await client.chat(chat));
  const over = timeoutMs === undefined ? new AbortController().signal : AbortSignal.timeout(timeoutMs);
  const { news, createdAt } = await nextNews(client, chat, {
    limit: MOST,
    signal: over,
    enough: resting,
  }).catch(ended);
  const status = outcomeOf(news, over.aborted);
  const read = news.at(-1)?.seq;
  if (json) print(JSON.stringify({ chat, status, read: read ?? null, news }));
  else if (read === undefined) {
    print(status === 'timed_out' ? 'Nothing new in this time.' : 'Nothing is at work, and there is no news.');
  } else {
    for (const one of news) print(`${textOf(one)}\n`);
  }
  if (read !== undefined && (await written())) await client.readNews(chat, read, createdAt);
  return outcomes[status];
}

function ended(error: unknown): never {
  throw error instanceof NewsEnded ? new UsageError(endWords[error.end]) : error;
}

function outcomeOf(news: readonly News[], over: boolean): Outcome {
  if (news.length === 0) return over ? 'timed_out' : 'done';
  if (news.some(({ kind, request }) => kind === 'question' && request !== undefined)) return 'input_required';
  const failed = news.some(({ status }) => status !== undefined && !['completed', 'killed'].includes(status));
  return failed ? 'failed' : 'done';
}

function textOf({ text, label, request }: News): string {
  const answered =
    request === undefined
      ? ''
      : `\n(asked by ${label ?? 'a subagent'}; what is answered: request ${request})`;
  return clean(`${text}${answered}`);
}

/** Whether all that was printed got out. */
function written(): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write('', (error) => resolve(!error));
  });
}
