/** The client put together: each thing that can be asked, as the request that asks it. Keeps nothing between them. */
import { ProblemError } from './errors.ts';
import type { FeedWay } from './feed-way.ts';
import { followFeed, streamFeed } from './follow.ts';
import { type Ask, LONG_MS, makeRequests, newId, type Requests } from './request.ts';
import { overSocket } from './socket-feed.ts';
import { overStream } from './stream-feed.ts';
import type { Client, ClientOptions, PageQuery } from './surface.ts';
import type {
  About,
  Answered,
  Call,
  Chat,
  ChatsPage,
  ChatUsage,
  Deleted,
  DiffPage,
  EventsPage,
  FileFacts,
  Killed,
  Landed,
  Message,
  MessagesPage,
  NewsPage,
  Removed,
  Repository,
  SearchPage,
  Session,
  Spawned,
  Steer,
  Subagent,
  Worktree,
} from './types.ts';

export function makeClient(options: ClientOptions = {}): Client {
  const requests = makeRequests(options);
  return {
    ...doors(requests),
    ...chats(requests),
    ...talk(requests),
    ...team(requests),
    ...feeds(requests, options),
  };
}

const chatPath = (chat: string, rest = ''): string => `/v1/chats/${encodeURIComponent(chat)}${rest}`;
const targetPath = (chat: string, target: string, rest = ''): string =>
  chatPath(chat, `/subagents/${encodeURIComponent(target)}${rest}`);
const pages = ({ after, before, limit }: PageQuery) => ({ after, before, limit });

/** Something to be done, with an id, so that to ask twice is to ask once. */
function named(path: string, body: object, id?: string): Ask {
  return { method: 'POST', path, body: { ...body, id: id ?? newId() }, repeatable: true };
}

type Doors = Pick<Client, 'about' | 'signIn' | 'session' | 'signOut' | 'search'>;

function doors({ ask, tell }: Requests): Doors {
  return {
    about: () => ask<About>({ path: '/' }),
    async signIn(by) {
      return (await ask<{ session: Session }>({ method: 'POST', path: '/session', body: by })).session;
    },
    async session() {
      try {
        return (await ask<{ session: Session }>({ path: '/session' })).session;
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) return undefined;
        throw error;
      }
    },
    signOut: () => tell({ method: 'DELETE', path: '/session', repeatable: true }),
    search: ({ q, limit, before }) => ask<SearchPage>({ path: '/v1/search', query: { q, limit, before } }),
  };
}

type Chats = Pick<
  Client,
  'createChat' | 'listChats' | 'chat' | 'changeChat' | 'deleteChat' | 'usage' | 'upload' | 'fileUrl'
>;

function chats({ ask, at }: Requests): Chats {
  return {
    async createChat({ id, ...body } = {}) {
      return (await ask<{ chat: Chat }>(named('/v1/chats', body, id))).chat;
    },
    listChats: ({ before, limit, archived } = {}) =>
      ask<ChatsPage>({ path: '/v1/chats', query: { before, limit, archived } }),
    chat: async (chat) => (await ask<{ chat: Chat }>({ path: chatPath(chat) })).chat,
    changeChat: async (chat, changes) =>
      (
        await ask<{ chat: Chat }>({
          method: 'PATCH',
          path: chatPath(chat),
          body: changes,
          repeatable: true,
        })
      ).chat,
    deleteChat: (chat) => ask<Deleted>({ method: 'DELETE', path: chatPath(chat) }),
    usage: (chat) => ask<ChatUsage>({ path: chatPath(chat, '/usage') }),
    async upload(chat, { name, data, type }) {
      const given = type ?? (data instanceof Blob && data.type !== '' ? data.type : undefined);
      const answer = await ask<{ file: FileFacts }>({
        method: 'POST',
        path: chatPath(chat, '/files'),
        query: { name },
        raw: { data, type: given ?? 'application/octet-stream' },
        limitMs: LONG_MS,
      });
      return answer.file;
    },
    fileUrl: (chat, id) => at(chatPath(chat, `/files/${encodeURIComponent(id)}`)),
  };
}

type Talk = Pick<
  Client,
  'send' | 'sendOnce' | 'messages' | 'events' | 'stop' | 'resume' | 'answer' | 'call' | 'news' | 'readNews'
>;

function talk({ ask }: Requests): Talk {
  return {
    async send(chat, { id, ...words }) {
      return (await ask<{ message: Message }>(named(chatPath(chat, '/messages'), words, id))).message;
    },
    async sendOnce(chat, { id, ...words }) {
      const what = { ...named(chatPath(chat, '/messages'), words, id), repeatable: false };
      return (await ask<{ message: Message }>(what)).message;
    },
    messages: (chat, query = {}) =>
      ask<MessagesPage>({ path: chatPath(chat, '/messages'), query: pages(query) }),
    events: (chat, query = {}) => ask<EventsPage>({ path: chatPath(chat, '/events'), query: pages(query) }),
    async stop(chat, { id, ...options } = {}) {
      return (await ask<{ chat: Chat }>(named(chatPath(chat, '/stop'), options, id))).chat;
    },
    resume: async (chat) => (await ask<{ chat: Chat }>(named(chatPath(chat, '/resume'), {}))).chat,
    async answer(chat, { id, ...answer }) {
      return (await ask<{ answer: Answered }>(named(chatPath(chat, '/answer'), answer, id))).answer;
    },
    news: (chat, { limit } = {}) => ask<NewsPage>({ path: chatPath(chat, '/news'), query: { limit } }),
    readNews: async (chat, upTo, createdAt) =>
      (await ask<{ read: number }>(named(chatPath(chat, '/news/read'), { upTo, createdAt }))).read,
    async call(chat, seq, target) {
      const rest = `/calls/${seq}`;
      const path = target === undefined ? chatPath(chat, rest) : targetPath(chat, target, rest);
      return (await ask<{ call: Call }>({ path })).call;
    },
  };
}

type Team = Pick<
  Client,
  | 'subagents'
  | 'spawn'
  | 'subagent'
  | 'subagentMessages'
  | 'subagentEvents'
  | 'steer'
  | 'answerSubagent'
  | 'kill'
  | 'repositories'
  | 'worktrees'
  | 'diff'
  | 'land'
  | 'removeWorktree'
>;

function team({ ask }: Requests): Team {
  return {
    subagents: async (chat) =>
      (await ask<{ subagents: Subagent[] }>({ path: chatPath(chat, '/subagents') })).subagents,
    spawn: (chat, { id, ...body }) => ask<Spawned>(named(chatPath(chat, '/subagents'), body, id)),
    subagent: async (chat, target) =>
      (await ask<{ subagent: Subagent }>({ path: targetPath(chat, target) })).subagent,
    subagentMessages: (chat, target, query = {}) =>
      ask<MessagesPage>({ path: targetPath(chat, target, '/messages'), query: pages(query) }),
    subagentEvents: (chat, target, query = {}) =>
      ask<EventsPage>({ path: targetPath(chat, target, '/events'), query: pages(query) }),
    async steer(chat, target, { id, ...words }) {
      return (await ask<{ steer: Steer }>(named(targetPath(chat, target, '/steer'), words, id))).steer;
    },
    async answerSubagent(chat, target, { id, ...answer }) {
      const what = named(targetPath(chat, target, '/answer'), answer, id);
      return (await ask<{ answer: Answered }>(what)).answer;
    },
    kill: (chat, target) => ask<Killed>(named(targetPath(chat, target, '/kill'), {})),
    repositories: async () =>
      (await ask<{ repositories: Repository[] }>({ path: '/v1/repositories' })).repositories,
    worktrees: async (chat) =>
      (await ask<{ worktrees: Worktree[] }>({ path: chatPath(chat, '/worktrees') })).worktrees,
    diff: async (chat, target, { offset } = {}) =>
      (await ask<{ diff: DiffPage }>({ path: targetPath(chat, target, '/diff'), query: { offset } })).diff,
    async land(chat, target, { id, ...options } = {}) {
      const what = { ...named(targetPath(chat, target, '/land'), options, id), limitMs: LONG_MS };
      return (await ask<{ landed: Landed }>(what)).landed;
    },
    async removeWorktree(chat, target, { id, ...options } = {}) {
      const what = { ...named(targetPath(chat, target, '/remove'), options, id), limitMs: LONG_MS };
      return (await ask<{ removed: Removed }>(what)).removed;
    },
  };
}

type Feeds = Pick<Client, 'follow' | 'stream'>;

function feeds(requests: Requests, { feed = usualFeed() }: ClientOptions): Feeds {
  const there = { none: feed === 'stream' };
  function way(chat: string, target: string | undefined): FeedWay {
    if (target !== undefined) return overStream(requests.open, targetPath(chat, target, '/events'));
    const stream = overStream(requests.open, chatPath(chat, '/events'));
    return overSocket(requests, chatPath(chat), stream, there);
  }
  return {
    follow: (chat, options) => followFeed(way(chat, options.target), options),
    stream: (chat, options = {}) => streamFeed(way(chat, options.target), options),
  };
}

/** A browser opens six connections to a host, and a stream takes one of them; elsewhere there are enough. */
function usualFeed(): 'socket' | 'stream' {
  return typeof document === 'undefined' || typeof WebSocket === 'undefined' ? 'stream' : 'socket';
}
