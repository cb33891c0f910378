/**
 * The shapes that the gateway answers with, drawn from the schemas of its routes and of its feed, so that there is one
 * truth. Types only: no schema, no zod and no code of the gateway comes into what is built of the client.
 */
import type { z } from 'zod';
import type { usageSchema } from '../core/card.ts';
import type { feedSchemas, messageSchema, subagentSchema } from '../core/feed.ts';
import type {
  aboutAnswer,
  callAnswer,
  chatAnswer,
  chatsAnswer,
  deletedAnswer,
  deletingAnswer,
  diffAnswer,
  fileAnswer,
  inputAnswer,
  killAnswer,
  landAnswer,
  messagesAnswer,
  newsAnswer,
  removeAnswer,
  repositoriesAnswer,
  searchAnswer,
  sessionAnswer,
  spawnAnswer,
  steerAnswer,
  usageAnswer,
  worktreesAnswer,
} from '../http/answers.ts';

export type Usage = z.infer<typeof usageSchema>;
export type Message = z.infer<typeof messageSchema>;
export type MessagePart = Message['parts'][number];
export type Subagent = z.infer<typeof subagentSchema>;
export type SubagentStatus = Subagent['status'];
export type InputRequest = NonNullable<Subagent['inputRequest']>;
export type About = z.infer<typeof aboutAnswer>;
export type Chat = z.infer<typeof chatAnswer>['chat'];
export type ChatsPage = z.infer<typeof chatsAnswer>;
export type Deleted = z.infer<typeof deletedAnswer> | z.infer<typeof deletingAnswer>;
export type MessagesPage = z.infer<typeof messagesAnswer>;
export type NewsPage = z.infer<typeof newsAnswer>;
export type News = NewsPage['news'][number];
export type Spawned = z.infer<typeof spawnAnswer>;
export type Steer = z.infer<typeof steerAnswer>['steer'];
export type Answered = z.infer<typeof inputAnswer>['answer'];
export type Killed = z.infer<typeof killAnswer>;
export type Worktree = z.infer<typeof worktreesAnswer>['worktrees'][number];
export type Repository = z.infer<typeof repositoriesAnswer>['repositories'][number];
export type DiffPage = z.infer<typeof diffAnswer>['diff'];
export type Landed = z.infer<typeof landAnswer>['landed'];
export type Removed = z.infer<typeof removeAnswer>['removed'];
export type ChatUsage = z.infer<typeof usageAnswer>;

type Schemas = typeof feedSchemas;
export type FeedName = keyof Schemas;
/** A durable event of the feed, with its cursor. */
export type FeedEvent = {
  [Name in FeedName]: { readonly id: number; readonly event: Name; readonly data: z.infer<Schemas[Name]> };
}[FeedName];

/** Words of the message that the assistant is at: `offset` is where they stand in it; 0 again voids what came before. */
export interface DeltaEvent {
  readonly event: 'delta';
  readonly data: {
    readonly turn: number;
    readonly message: string;
    readonly offset: number;
    readonly text: string;
  };
}
/** What a subagent does at this moment. */
export interface ProgressEvent {
  readonly event: 'progress';
  readonly data: {
    readonly subagentId: string;
    readonly steps: number;
    readonly activity: string;
    readonly usage: Usage;
  };
}
/** What a stream brings: durable events, which have an `id`, and what is shown while it happens and not kept. */
export type StreamedEvent = FeedEvent | DeltaEvent | ProgressEvent;

/**
 * A page of the feed; `next` is what to send as `after`, or as `before` if that was asked; null: there is none. Of a page
 * that goes back, `after` is where the log ended: what comes later is there to be followed.
 */
export interface EventsPage {
  readonly events: FeedEvent[];
  readonly next: number | null;
  readonly after?: number | undefined;
}

/** Who is signed in: the token's name and what it opens. */
export type Session = z.infer<typeof sessionAnswer>['session'];
/** What is known of a file that was sent along. */
export type FileFacts = z.infer<typeof fileAnswer>['file'];
/** What lies behind a tool's event in the feed. */
export type Call = z.infer<typeof callAnswer>['call'];
export type SearchPage = z.infer<typeof searchAnswer>;
export type SearchHit = SearchPage['hits'][number];
