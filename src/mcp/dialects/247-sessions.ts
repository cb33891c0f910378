/**
 * The sessions that a client of 247 has: the subagents of its own chat for this dialect, found by name, read, waited for,
 * ended and archived. Owns which there are: those of others don't exist here. Words nothing that a client reads.
 */
import { z } from 'zod';
import {
  type Client,
  isEnded,
  type Message,
  ProblemError,
  type Subagent,
  type Worktree,
} from '../../client/index.ts';
import type { Parent } from '../tool.ts';
import { type About, changedLines, type SessionInfo, sessionInfo } from './247-session.ts';
import { isNotFound, refusalOf } from './answers.ts';
import { allOf, messagesOf, noteIn } from './notes.ts';

/** The chat that holds the sessions, apart from what the client spawns with other tools. */
const CHAT = '247';

/** One client's sessions, for one call. */
export interface Sessions {
  readonly client: Client;
  readonly chat: string;
  find(name: string): Promise<Subagent | undefined>;
  /** All, newest first; where each works would take a look at every worktree, and is left out. */
  list(): Promise<SessionInfo[]>;
  /** One in full. */
  info(session: Subagent): Promise<SessionInfo>;
  worktree(session: Subagent): Promise<Worktree | undefined>;
}

export async function sessionsOf(parent: Parent): Promise<Sessions> {
  const { client } = parent;
  const chat = await parent.chat(CHAT);
  const all = async (): Promise<readonly Subagent[]> =>
    // What sessions spawn themselves has a path of more than a label.
    (await client.subagents(chat)).filter(({ path, label }) => path === label);
  const worktreeOf = async ({ id }: Subagent): Promise<Worktree | undefined> =>
    (await client.worktrees(chat)).find(({ subagentId }) => subagentId === id);
  return {
    client,
    chat,
    find: async (name) => (await all()).find(({ label }) => label === name),
    async list() {
      const [subagents, know] = await Promise.all([all(), knowledge(client, chat)]);
      return subagents.map((one) => sessionInfo(one, know(one)));
    },
    async info(session) {
      const [worktree, know] = await Promise.all([worktreeOf(session), knowledge(client, chat)]);
      return sessionInfo(session, { ...know(session), worktree });
    },
    worktree: worktreeOf,
  };
}

/** What is known of sessions besides their subagents. */
async function knowledge(client: Client, chat: string): Promise<(session: Subagent) => About> {
  const [archived, repositories] = await Promise.all([archivedIn(client, chat), client.repositories()]);
  const names = repositories.map(({ name }) => name);
  return (session) => ({ repositories: names, archivedAt: archived.get(attemptOf(session)) });
}

/** All that was said in a session, oldest first, and the session as it stands behind it. */
export async function transcript(
  { client, chat }: Sessions,
  { id }: Subagent,
): Promise<{ readonly session: Subagent; readonly messages: readonly Message[] }> {
  const messages = await allOf((after) => client.subagentMessages(chat, id, { after, limit: 1_000 }));
  return { session: await client.subagent(chat, id), messages };
}

/** How much its worktree differs from where it began; nothing where that can't be told. */
export async function changes(
  { client, chat }: Sessions,
  { id }: Subagent,
): Promise<Partial<ReturnType<typeof changedLines>>> {
  let patch = '';
  try {
    for (let offset: number | null = 0; offset !== null; ) {
      const page: { patch: string; next: number | null } = await client.diff(chat, id, { offset });
      patch += page.patch;
      offset = page.next;
    }
  } catch (error) {
    refusalOf(error);
    return {};
  }
  return changedLines(patch);
}

// ───────────────────────────────────────────────────────── waiting

/** Whether nothing more comes of it by itself: no answer and no words are on their way to it. */
export function isAtRest(session: Subagent): boolean {
  if (isEnded(session)) return session.pendingSteers === 0;
  return session.status === 'input_required' && session.inputRequest !== undefined;
}

/**
 * A session once nothing more comes of it by itself, or as it stands when the signal ends the waiting; undefined: there
 * is none.
 */
export async function atRest(
  { client, chat, find }: Sessions,
  name: string,
  signal: AbortSignal,
): Promise<Subagent | undefined> {
  for (;;) {
    // The end of the log first: what comes behind it is heard of.
    const { after = 0 } = await client.events(chat, { before: 'latest', limit: 1 });
    const found = await find(name);
    if (!found || isAtRest(found) || signal.aborted) return found;
    const heard = new AbortController();
    await client.follow(chat, {
      after,
      signal: AbortSignal.any([signal, heard.signal]),
      onEvents(events) {
        const about = events.some(
          ({ event, data }) =>
            (event === 'subagent.updated' || event === 'subagent.ended') && data.subagent.id === found.id,
        );
        if (about) heard.abort();
      },
    });
  }
}

// ───────────────────────────────────────────────────────── ending and archiving

/** Ends a session, with what became of it. What it changed is kept. */
export async function stopped(
  { client, chat, find }: Sessions,
  { id, label }: Subagent,
): Promise<{ readonly session: Subagent | undefined; readonly how: 'stopped' | 'unconfirmed' | 'before' }> {
  const { killed, unconfirmed } = await client.kill(chat, id);
  const session = await find(label);
  if (unconfirmed.includes(label)) return { session, how: 'unconfirmed' };
  return { session, how: killed.includes(label) ? 'stopped' : 'before' };
}

/**
 * Takes an ended session off the list, and its worktree away if nothing of it would be lost.
 * @returns whether it has no worktree any more
 */
export async function archive(sessions: Sessions, session: Subagent): Promise<boolean> {
  const { client, chat } = sessions;
  const worktree = await sessions.worktree(session);
  const gone = worktree === undefined || (await removeIfLanded(client, chat, session));
  const { id, label, attempt } = session;
  const words: z.infer<typeof archivedSchema> = { archived: id, attempt, session: label };
  const text = JSON.stringify(words);
  const { seq } = await client.send(chat, { text, id: `archive.${attemptOf(session)}` });
  // Nobody reads the news of this chat: what is archived was seen, and may be forgotten when its time comes.
  await client.readNews(chat, seq);
  return gone;
}

async function removeIfLanded(client: Client, chat: string, { id }: Subagent): Promise<boolean> {
  try {
    await client.removeWorktree(chat, id);
    return true;
  } catch (error) {
    // It would lose what has landed nowhere, or it is not at rest yet.
    if (isNotFound(error) || (error instanceof ProblemError && error.status === 409)) return false;
    throw error;
  }
}

/** The message that archives a session, and by which that is known ever after. One that is resumed is no longer. */
const archivedSchema = z.object({ archived: z.string(), attempt: z.int(), session: z.string() });

function attemptOf({ id, attempt }: Pick<Subagent, 'id' | 'attempt'>): string {
  return `${id}.${attempt}`;
}

/** When each archived attempt was archived. */
async function archivedIn(client: Client, chat: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const { text, at } of await messagesOf(client, chat)) {
    const note = noteIn(archivedSchema, text);
    if (note) found.set(attemptOf({ id: note.archived, attempt: note.attempt }), at);
  }
  return found;
}
