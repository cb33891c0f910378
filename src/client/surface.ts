/**
 * What the client offers: one function for each thing that can be asked of the gateway, and what they take. Holds no
 * behaviour. Where an `id` may be given, the same request sent again is done once; without one it gets its own.
 */
import type { FollowEnd, FollowOptions, StreamOptions } from './follow.ts';
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
  StreamedEvent,
  Subagent,
  Worktree,
} from './types.ts';

export interface ClientOptions {
  /** Where the gateway is, without a slash at the end; '' or absent: where the page came from. */
  readonly url?: string;
  /** Absent: the cookie of a session lets in. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
  /** How chats are followed. Absent: in browsers over a WebSocket, elsewhere as a stream. */
  readonly feed?: 'socket' | 'stream';
}

export interface NewChat {
  readonly title?: string;
  readonly model?: string;
  /** US dollars a day. */
  readonly budgetUsd?: number;
  /** `program`: no model speaks in it; who made it reads its `news`. */
  readonly lead?: 'assistant' | 'program';
  readonly id?: string;
}

export interface ChatChanges {
  readonly title?: string;
  readonly model?: string;
  readonly budgetUsd?: number;
  readonly archived?: boolean;
}

/** What people send: words, or parts; a file that was uploaded goes along as `{type: 'file', id}`. */
export interface Words {
  readonly text?: string;
  readonly parts?: readonly SentPart[];
  /** Gives up the call that is under way, to be read at once. */
  readonly interrupt?: boolean;
  readonly id?: string;
}
export type SentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'file'; readonly id: string };

/** An answer to what was asked: to a question `text`, to what needs leave `decision` and, if wanted, why. */
export interface InputAnswer {
  /** The id of the `inputRequest`. */
  readonly request: string;
  readonly decision?: 'allow' | 'deny';
  readonly text?: string;
  readonly id?: string;
}

/** A task for a subagent and how it is to be done: what the model's own tool takes. */
export interface NewSubagent {
  readonly task: string;
  readonly label?: string;
  readonly model?: string;
  readonly thinking?: 'off' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
  readonly role?: 'worker' | 'reviewer';
  readonly repo?: string;
  readonly limits?: { readonly minutes?: number; readonly usd?: number; readonly tokens?: number };
  readonly done_when?: {
    readonly commands?: readonly string[];
    readonly seconds?: number;
    readonly result_schema?: object;
  };
  readonly trust?: 'plan' | 'ask' | 'auto';
  /** Labels of subagents of the same chat that must complete first. */
  readonly after?: readonly string[];
  readonly announce?: 'each' | 'together' | 'quiet';
  readonly id?: string;
}

/** `after` a sequence number: upwards from there; `before` one, or the latest: those nearest to it, in ascending order. */
export interface PageQuery {
  readonly after?: number;
  readonly before?: number | 'latest';
  readonly limit?: number;
}

export interface Client {
  /** Which gateway this is; needs no token. */
  about(): Promise<About>;

  signIn(by: { readonly token: string } | { readonly code: string }): Promise<Session>;
  /** Who this client is, by its cookie or its token. Undefined: nobody is signed in. */
  session(): Promise<Session | undefined>;
  signOut(): Promise<void>;

  createChat(body?: NewChat): Promise<Chat>;
  /** Newest first; `before` is the id of a chat. */
  listChats(query?: {
    readonly before?: string;
    readonly limit?: number;
    readonly archived?: boolean;
  }): Promise<ChatsPage>;
  chat(chat: string): Promise<Chat>;
  changeChat(chat: string, changes: ChatChanges): Promise<Chat>;
  deleteChat(chat: string): Promise<Deleted>;
  usage(chat: string): Promise<ChatUsage>;

  /** Says something to the assistant; resolves once it is durable. Tries again by itself, a few times. */
  send(chat: string, words: Words): Promise<Message>;
  /** The same, tried once: for whoever keeps what was not answered, as the outbox does. */
  sendOnce(chat: string, words: Words & { readonly id: string }): Promise<Message>;
  messages(chat: string, query?: PageQuery): Promise<MessagesPage>;
  events(chat: string, query?: PageQuery): Promise<EventsPage>;
  /** Ends the turn; with `subagents`, the whole tree. */
  stop(chat: string, options?: { readonly subagents?: boolean; readonly id?: string }): Promise<Chat>;
  resume(chat: string): Promise<Chat>;
  /** Answers what the assistant itself asks. */
  answer(chat: string, answer: InputAnswer): Promise<Answered>;

  /** What waits for the program that leads a chat, oldest first, until it is acknowledged. */
  news(chat: string, query?: { readonly limit?: number }): Promise<NewsPage>;
  /**
   * Acknowledges all up to a `seq`; resolves with how many that were.
   * @param createdAt what the page of news came with: if the chat is another one by now, made with the same id, that is
   *   refused (409) and nothing is acknowledged
   */
  readNews(chat: string, upTo: number, createdAt?: number): Promise<number>;

  /** `target`, here and below: a label, a path (`boss/pawn`), or an id. */
  subagents(chat: string): Promise<Subagent[]>;
  spawn(chat: string, body: NewSubagent): Promise<Spawned>;
  subagent(chat: string, target: string): Promise<Subagent>;
  subagentMessages(chat: string, target: string, query?: PageQuery): Promise<MessagesPage>;
  subagentEvents(chat: string, target: string, query?: PageQuery): Promise<EventsPage>;
  steer(
    chat: string,
    target: string,
    words: { readonly message: string; readonly interrupt?: boolean; readonly id?: string },
  ): Promise<Steer>;
  answerSubagent(chat: string, target: string, answer: InputAnswer): Promise<Answered>;
  /** `all` as target ends every one. */
  kill(chat: string, target: string): Promise<Killed>;

  /** Those that `repo` of a spawn may name. */
  repositories(): Promise<Repository[]>;
  worktrees(chat: string): Promise<Worktree[]>;
  diff(chat: string, target: string, query?: { readonly offset?: number }): Promise<DiffPage>;
  land(
    chat: string,
    target: string,
    options?: { readonly message?: string; readonly id?: string },
  ): Promise<Landed>;
  removeWorktree(
    chat: string,
    target: string,
    options?: { readonly discard?: boolean; readonly id?: string },
  ): Promise<Removed>;

  /** What lies behind the `tool.started` or `tool.finished` event with this `seq`. */
  call(chat: string, seq: number, target?: string): Promise<Call>;
  /** @param file at most 10 MiB */
  upload(
    chat: string,
    file: { readonly name: string; readonly data: Blob | Uint8Array<ArrayBuffer>; readonly type?: string },
  ): Promise<FileFacts>;
  /** Where the bytes of a file are, for whoever is signed in. */
  fileUrl(chat: string, id: string): string;
  search(query: {
    readonly q: string;
    readonly limit?: number;
    readonly before?: string;
  }): Promise<SearchPage>;

  /**
   * Follows a feed until aborted or it ends, and comes back by itself: nothing is lost and nothing comes twice. An
   * error is thrown only for what no coming back would mend, such as a label that two subagents have.
   */
  follow(chat: string, options: FollowOptions): Promise<FollowEnd>;
  /** The same, event by event; returns how it ended. */
  stream(chat: string, options?: StreamOptions): AsyncGenerator<StreamedEvent, FollowEnd, undefined>;
}
