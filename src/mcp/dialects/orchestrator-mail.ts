/**
 * The messages of an orchestrator: its chat's news as clients of tmux-worktree know them, handed out until somebody has
 * surely seen them. Owns their shape and when they are settled. Loses none: what was handed out once comes again, until it
 * is acknowledged or was handed out a second time.
 */
import { z } from 'zod';
import type { Client, News, Subagent } from '../../client/index.ts';
import { isNotFound } from './answers.ts';
import { allOf, noteIn } from './notes.ts';
import { branchOf, isOwn, timeOf } from './orchestrator.ts';

export const messageTypes = ['task_complete', 'task_failed', 'question'] as const;

export const contentSchema = z.looseObject({
  summary: z.string().min(1).describe('The matter in a line.'),
  details: z.string().optional().describe('The whole.'),
  pr_url: z.string().optional().describe('Where a pull request is, if there is one.'),
  branch: z.string().optional().describe('The git branch.'),
  error: z.string().optional().describe('What went wrong.'),
  question: z.string().optional().describe('What is asked.'),
});
type Content = z.output<typeof contentSchema>;

export interface OrchestratorMessage {
  readonly id: string;
  readonly worker_id: string | null;
  readonly message_type: (typeof messageTypes)[number];
  readonly content: Content;
  readonly created_at: string;
  /** It was handed out before. */
  readonly redelivered?: true;
}

/** What a client told the orchestrator. */
const toldSchema = z.object({
  message_type: z.enum(messageTypes),
  worker_id: z.string().optional(),
  content: contentSchema,
});
type Told = z.output<typeof toldSchema>;

/** What was handed out: all news up to an event. Noted in the chat, so that it is known whoever asks next, and where. */
const handedOutSchema = z.object({ handed_out: z.int() });

/** As many news as are read at once. */
const PAGE = 200;
/** From so many characters on a result in the news may be only its beginning. */
const LONG = 8_000;
const SUMMARY = 200;

const idOf = (seq: number): string => `msg_${seq}`;

export async function tellOrchestrator(
  client: Client,
  chat: string,
  told: Told,
): Promise<{ readonly id: string; readonly at: number }> {
  const { seq, at } = await client.send(chat, { text: JSON.stringify(told) });
  return { id: idOf(seq), at };
}

// ───────────────────────────────────────────────────────── handing out

/** What waits. Once the signal is aborted nothing counts as handed out. */
export async function handOut(
  client: Client,
  chat: string,
  signal: AbortSignal,
): Promise<readonly OrchestratorMessage[]> {
  const { news, before, messages } = await waiting(client, chat);
  const last = messages.at(-1);
  if (signal.aborted) return [];
  const fresh = last !== undefined && last.seq > before;
  if (fresh) {
    const note: z.infer<typeof handedOutSchema> = { handed_out: last.seq };
    await client.send(chat, { text: JSON.stringify(note), id: `handed-out.${last.seq}` });
  }
  // With no message among them there is nothing that anybody could miss.
  const done = messages.length === 0 ? (news.at(-1)?.seq ?? 0) : before;
  if (done > 0) await client.readNews(chat, done);
  return messages.map(({ seq, message }) => (seq <= before ? { ...message, redelivered: true } : message));
}

/** Settles a message and all before it; undefined: that is no id of one. */
export async function acknowledge(client: Client, chat: string, id: string): Promise<number | undefined> {
  const seq = /^msg_(\d{1,15})$/.exec(id)?.[1];
  return seq === undefined ? undefined : client.readNews(chat, Number(seq));
}

/** How many messages wait, as far as they are looked at, and how many there ever were. */
export async function countMessages(
  client: Client,
  chat: string,
): Promise<{ readonly unread: number; readonly total: number }> {
  const { messages } = await waiting(client, chat);
  const own = new Set<string>();
  let total = 0;
  for (let after = 0; ; ) {
    const { events, next } = await client.events(chat, { after, limit: 1_000 });
    for (const { event, data } of events) {
      if (event === 'subagent.spawned' && isOwn(data.subagent)) own.add(data.subagent.id);
      else if (event === 'subagent.ended' && own.has(data.subagent.id)) total += 1;
      else if (event === 'input.requested' && own.has(data.subagentId ?? '')) total += 1;
      else if (event === 'message' && data.message.role === 'user' && !isNote(data.message.text)) total += 1;
    }
    if (events.length === 0 || next === null) return { unread: messages.length, total };
    after = next;
  }
}

/** What this dialect writes down for itself, and is no message to anybody. */
const noteSchema = z.union([handedOutSchema, z.object({ orchestrator_id: z.string() })]);

function isNote(text: string): boolean {
  return noteIn(noteSchema, text) !== undefined;
}

interface Waiting {
  readonly news: readonly News[];
  /** Up to where they were handed out before. */
  readonly before: number;
  readonly messages: readonly { readonly seq: number; readonly message: OrchestratorMessage }[];
}

async function waiting(client: Client, chat: string): Promise<Waiting> {
  const { news } = await client.news(chat, { limit: PAGE });
  const [first] = news;
  if (!first) return { news, before: 0, messages: [] };
  const workers = new Map((await client.subagents(chat)).map((one) => [one.id, one]));
  // As they were sent: the news has them as a model reads them, with who speaks and when.
  const sent = await allOf((after) =>
    client.messages(chat, { after: Math.max(after, first.seq - 1), limit: 1_000 }),
  );
  const words = new Map(sent.map(({ seq, text }) => [seq, text]));
  let before = 0;
  const messages: { seq: number; message: OrchestratorMessage }[] = [];
  for (const one of news) {
    const text = words.get(one.seq) ?? one.text;
    before = Math.max(before, noteIn(handedOutSchema, text)?.handed_out ?? 0);
    const worker = workers.get(one.subagentId ?? '');
    const message = await messageOf(client, chat, { ...one, text }, worker);
    if (message) messages.push({ seq: one.seq, message });
  }
  return { news, before, messages };
}

// ───────────────────────────────────────────────────────── news as messages

/** Undefined: it needs nobody's attention. */
async function messageOf(
  client: Client,
  chat: string,
  news: News,
  worker: Subagent | undefined,
): Promise<OrchestratorMessage | undefined> {
  const { seq, at, kind, subagentId = null } = news;
  const place = { id: idOf(seq), worker_id: subagentId, created_at: timeOf(at) };
  switch (kind) {
    case 'announcement': {
      const result = await resultOf(client, chat, news);
      return {
        ...place,
        message_type: news.status === 'completed' ? 'task_complete' : 'task_failed',
        content: endingOf(news, result, worker),
      };
    }
    case 'question':
      return { ...place, message_type: 'question', content: questionOf(news, worker) };
    case 'message': {
      if (isNote(news.text)) return undefined;
      const { worker_id = null, ...told } = noteIn(toldSchema, news.text) ?? personal(news);
      return { ...place, worker_id, ...told };
    }
    case 'denial':
    case 'note':
    case 'steer':
    case 'task':
      return undefined;
  }
}

/** The whole of it, as long as the attempt that came to it is the latest. */
async function resultOf(
  client: Client,
  chat: string,
  { subagentId, attempt, result = '' }: News,
): Promise<string> {
  if (subagentId === undefined || result.length < LONG) return result;
  try {
    const worker = await client.subagent(chat, subagentId);
    return worker.attempt === attempt ? (worker.result ?? result) : result;
  } catch (error) {
    if (isNotFound(error)) return result;
    throw error;
  }
}

const pullRequest = /https:\/\/[^\s<>()"'`]+\/(?:pull|pulls|merge_requests)\/\d+/;

function endingOf(
  { status = 'failed', label, attempt }: News,
  result: string,
  worker: Subagent | undefined,
): Content {
  const pull = pullRequest.exec(result)?.[0];
  const latest = worker?.attempt === attempt ? worker : undefined;
  const reason = latest?.reason === undefined ? '' : `: ${latest.reason}`;
  return {
    summary: firstLine(result) || `${label ?? 'A worker'}: ${status}`,
    ...(result === '' ? {} : { details: result }),
    ...(pull === undefined ? {} : { pr_url: pull }),
    ...(worker ? { branch: branchOf(worker) } : {}),
    ...(status === 'completed' ? {} : { error: `${status}${reason}` }),
  };
}

const howToAnswer = {
  question: 'Answer it',
  permission: 'It asks for permission: answer yes or no, then why,',
  plan: 'It asks whether its plan is approved: answer yes or no, then why,',
} as const;

function questionOf({ request, text }: News, worker: Subagent | undefined): Content {
  const asked = worker?.inputRequest?.id === request ? worker?.inputRequest : undefined;
  return {
    summary: asked?.title ?? firstLine(text),
    question: asked === undefined || asked.detail === '' ? (asked?.title ?? text) : asked.detail,
    details: `${howToAnswer[asked?.kind ?? 'question']} with send_message, message_type "answer" and this worker_id.`,
    ...(worker ? { branch: branchOf(worker) } : {}),
  };
}

/** What somebody wrote into the chat by other means. */
function personal({ text, from }: News): Told {
  const who = from === undefined ? 'Somebody' : from.principal;
  return {
    message_type: 'question',
    content: { summary: `${who} says: ${firstLine(text)}`, question: text },
  };
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? '';
  return line.length <= SUMMARY
    ? line.trim()
    : `${line
        .trim()
        .slice(0, SUMMARY - 1)
        .toWellFormed()}…`;
}
