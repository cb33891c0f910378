/**
 * What a host must bring to run sessions: where logs live, what time it is, who answers, who works.
 * Core declares these shapes and calls none of them; `runtime/` is handed implementations.
 */

import type { Files } from './files.ts';
import type { Saying } from './sayings.ts';

/** Any value that survives a round trip through JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type SessionId = string;

// ───────────────────────────────────────────────────────────── the log

/** One event as it lies in the log: `event` is the JSON text of a versioned event of `events.ts`. */
export interface LogRow {
  readonly seq: number;
  /** Milliseconds since the epoch, by the host's wall clock, when the commit was decided. */
  readonly at: number;
  readonly event: string;
}

/** What the store knows of a session besides its log. */
export interface SessionRow {
  readonly id: SessionId;
  /** The main session's id; its own for a main session. */
  readonly chat: SessionId;
  readonly parent: SessionId | null;
  readonly kind: 'main' | 'subagent';
  readonly owner: string;
  readonly createdAt: number;
  /** Last sequence number of its log. */
  readonly seq: number;
  /** Whether its state wants effects to run: what a start of the host must take up again. */
  readonly wants: boolean;
  /** A chat that is listed only when asked for. */
  readonly archived: boolean;
  /** When a subagent's latest attempt ended, wall clock; null for all that has not ended. */
  readonly endedAt: number | null;
}

export interface Snapshot {
  readonly seq: number;
  /** The version of the fold that made it; another version's snapshot is ignored. */
  readonly version: number;
  readonly state: string;
}

/** A repeated request finds its first answer by its id; another body under it shows by its hash. */
export interface RequestKey {
  readonly id: string;
  readonly hash: string;
  /** JSON text of what the first request was answered with. */
  readonly answer: string;
}

/** One session's share of a transaction. Its events continue the log without a gap. */
export interface Commit {
  readonly session: SessionId;
  /** Present in the commit that starts the log. */
  readonly create?: Omit<SessionRow, 'id' | 'seq' | 'wants' | 'archived' | 'endedAt'>;
  readonly events: readonly LogRow[];
  readonly wants: boolean;
  /** Absent: as it was; `false` for a new session. */
  readonly archived?: boolean;
  /** Absent: as it was; `null` for a new session. */
  readonly endedAt?: number | null;
  readonly key?: RequestKey;
  readonly snapshot?: Snapshot;
  /** What these events say by which a chat is found: only of main sessions. */
  readonly sayings?: readonly Saying[];
}

/**
 * Durable logs. Synchronous, as SQLite is on both hosts. `commit` is one transaction: all of the batch or
 * nothing; when it returns, the batch survives the process and, as far as the store can see to it, the power.
 */
export interface Store {
  commit(batch: readonly Commit[]): void;
  /** Events after `after`, ascending, at most `limit`. */
  events(session: SessionId, after: number, limit: number): LogRow[];
  session(id: SessionId): SessionRow | undefined;
  snapshot(session: SessionId): Snapshot | undefined;
  key(session: SessionId, id: string): RequestKey | undefined;
  /** Ids of all sessions flagged `wants`, main sessions first, then oldest first. */
  wanting(): SessionId[];
  /**
   * Main sessions, newest first: created before the session `before` (exclusive), of `owner` if given. Those that
   * are not archived, or with `archived` those that are.
   */
  chats(query: { before?: SessionId; limit: number; owner?: string; archived?: boolean }): SessionRow[];
  /** All sessions of a chat, in the order of their creation: the main session is the first. */
  sessions(chat: SessionId): SessionRow[];
  /** Subagents that ended before `before`, longest ago first, behind `after` in that order. */
  ended(query: { before: number; after?: EndedAt; limit: number }): (SessionRow & EndedAt)[];
  /**
   * Removes sessions with all that is stored of them, in one transaction; those that don't exist are gone already.
   * An id that was removed may be created again, with a log of its own.
   */
  remove(sessions: readonly SessionId[]): void;
  /** What people sent along, by the chat's main session, and gone with it. */
  readonly files: Files;
}

/** A place in the order of endings; it stays one when the session is removed. */
export interface EndedAt {
  readonly endedAt: number;
  readonly id: SessionId;
}

// ───────────────────────────────────────────────────────────── time

export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump. */
  now(): number;
  /** Monotonic milliseconds; stands still while the machine sleeps. */
  monotonic(): number;
  /** Calls `fire` once after `ms`; the returned function cancels. */
  after(ms: number, fire: () => void): () => void;
  /** Calls `fire` in a later turn of the event loop. */
  soon(fire: () => void): void;
}

// ───────────────────────────────────────────────────────────── the model

/** A content block of the Messages API, kept as the API sent it or as it is to be sent. */
export type Block = { readonly type: string; readonly [key: string]: Json };
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Block[];
}
/** A tool that a session's host runs. */
export interface OwnToolSchema {
  readonly name: string;
  readonly description: string;
  readonly input_schema: { readonly [key: string]: Json };
}
/** A tool that the API runs by itself, by its versioned type. */
export interface ServerToolSchema {
  readonly type: string;
  readonly name: string;
  readonly max_uses: number;
}
export type ToolSchema = OwnToolSchema | ServerToolSchema;

/** What a prefix fixes besides its blocks: everything of a request that is not `messages`. */
export interface PrefixParams {
  readonly model: string;
  readonly max_tokens: number;
  readonly system: readonly Block[];
  readonly tools: readonly ToolSchema[];
  readonly thinking?: { readonly [key: string]: Json };
  readonly output_config?: { readonly [key: string]: Json };
}
export interface ModelRequest extends PrefixParams {
  readonly messages: readonly Message[];
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly usd: number;
}

/** Why a call should be tried again, unchanged. */
export type TransientKind = 'rate_limited' | 'overloaded' | 'server' | 'connection' | 'cut' | 'stalled';
/** Why the same request can't succeed. */
export type RefusalKind = 'invalid' | 'auth' | 'billing' | 'permission' | 'not_found' | 'too_large';

export type CallOutcome =
  | {
      readonly kind: 'answered';
      /** Only whole blocks: none blank, no tool call that the end of the answer cut. */
      readonly content: readonly Block[];
      readonly stop:
        | 'end_turn'
        | 'tool_use'
        | 'max_tokens'
        | 'pause_turn'
        | 'refusal'
        | 'model_context_window_exceeded';
      /** The category that came with a refusal, if any. */
      readonly category?: string;
      readonly usage: Usage;
    }
  | {
      readonly kind: 'again';
      readonly why: TransientKind;
      readonly message: string;
      /** The API's own "not before", if it gave one. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly kind: 'refused';
      readonly why: RefusalKind;
      readonly message: string;
      readonly status: number;
    };

export interface CallListener {
  readonly signal: AbortSignal;
  readonly onText: (delta: string) => void;
  /** Something else than text begins in the answer. */
  readonly onBreak?: () => void;
  readonly onAlive: () => void;
  readonly onBilled: (usage?: Usage) => void;
}

export interface Model {
  /**
   * One request, one answer; never retries by itself. `onText` gets the answer's text as it arrives;
   * `onAlive` whenever anything arrives; `onBilled` when the API begins an answer, and again with its figures
   * whenever it tells them. Rejects only when `signal` aborts.
   */
  call(request: ModelRequest, options: CallListener): Promise<CallOutcome>;
}

// ───────────────────────────────────────────────────────────── the work

/** Whose work it is: enough for a host to find its folder and to mark its processes. */
export interface Worker {
  readonly session: SessionId;
  readonly chat: SessionId;
  readonly attempt: number;
  /** The subagent's path in its chat, `boss/pawn`; empty for a main session. */
  readonly path: string;
  /** `name` or `name@base` of a configured repository. */
  readonly repo?: string;
  /** It only looks: nothing that it runs may change anything. */
  readonly reviewer?: true;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: { readonly [key: string]: Json };
}

export interface ToolOutcome {
  readonly ok: boolean;
  /** What the model reads. Never empty. */
  readonly text: string;
}

export interface WorkspaceReport {
  /** The branch that holds the work. */
  readonly branch: string;
  readonly base: string;
  /** Commits on the branch since the base, the work-in-progress commit included. */
  readonly commits: number;
  /** Files that differ from the base. */
  readonly files: number;
  /** Whether something was uncommitted and was committed as work in progress. */
  readonly wip: boolean;
}

/** The skills that sessions are told of and may open: read once, when the gateway starts. */
export interface Skills {
  /** In the order in which the system prompt names them. */
  readonly all: readonly { readonly name: string; readonly description: string }[];
  /** A skill's text, or one of its files. Never rejects: what can't be opened is told in words. */
  open(name: string, file: string | undefined): Promise<ToolOutcome>;
}

/** Tools, folders and processes, as far as the host has them. */
export interface Workshop {
  /** Runs one work tool. Rejects only when `signal` aborts; by then its processes are dead. */
  run(
    worker: Worker,
    call: ToolCall,
    options: { signal: AbortSignal; limitMs?: number; onAlive: () => void },
  ): Promise<ToolOutcome>;
  /**
   * Makes the workspace, or finds it again. `note` is what its worker is told of it (paths, branch, the
   * repository's own instructions). What only the repository can show comes back as `failed`, in words.
   */
  open(
    worker: Worker,
    signal: AbortSignal,
  ): Promise<{ kind: 'ready'; note: string } | { kind: 'failed'; message: string }>;
  /**
   * Runs commands in the workspace, one after another, until one fails: what tells whether work is done. `text` is
   * what the first that failed printed, with how it ended. Rejects only when `signal` aborts.
   * @param options.limitMs for each command
   */
  verify(
    worker: Worker,
    commands: readonly string[],
    options: { signal: AbortSignal; limitMs: number; onAlive: () => void },
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly command: string; readonly text: string }>;
  readonly worktrees: Worktrees;
  /** Commits what is uncommitted and says what the workspace holds. Safe to repeat. */
  close(worker: Worker): Promise<WorkspaceReport | undefined>;
  /** Ends every process of this worker that still lives; names those it couldn't. Safe to repeat. */
  sweep(worker: Worker): Promise<{ left: string[] }>;
  /** The work of these sessions that nobody else has: commits that their base lacks, changed files. Only looks. */
  unlanded(sessions: readonly SessionId[]): Promise<readonly KeptWork[]>;
  /**
   * Removes the folders of sessions that go, for a whole chat the chat's own, too. Work that nobody else has is
   * kept where it is, with its branch. Safe to repeat, but what was kept is named only once.
   */
  discard(gone: Discarded): Promise<{ readonly kept: readonly KeptWork[]; readonly left: readonly string[] }>;
  /** Chats of which output of tools is kept in files. */
  outputs(): Promise<readonly SessionId[]>;
  /** Removes a chat's files of tool output that were last written before `before` (wall clock); how many. */
  dropOutput(chat: SessionId, before: number): Promise<number>;
}

/** The git worktrees of sessions. What can't be done is told in words and has changed nothing. */
export interface Worktrees {
  /** Of these sessions, those that have one, in this order. */
  list(sessions: readonly SessionId[]): Promise<readonly Worktree[]>;
  /** What its work changed since it began, uncommitted changes among it, as a patch. */
  diff(session: SessionId): Promise<{ readonly ok: true; readonly patch: string } | WorktreeRefusal>;
  /**
   * Puts all of its work as one commit on the branch that it began from, one landing at a time per repository.
   * What has landed once lands again only with what was added since. Safe to repeat.
   */
  land(
    session: SessionId,
    words: { readonly title: string; readonly body: string },
  ): Promise<{ readonly ok: true; readonly landed: Landed } | WorktreeRefusal>;
  /** Removes worktree and branch. Refuses to lose what has not landed, unless `discard`. */
  remove(
    session: SessionId,
    options: { readonly discard: boolean },
  ): Promise<{ readonly ok: true; readonly branch: string; readonly lost: number } | WorktreeRefusal>;
}

export interface Worktree {
  readonly session: SessionId;
  readonly repository: string;
  readonly branch: string;
  /** The branch, tag or commit that it began from, as it was asked for. */
  readonly base: string;
  readonly folder: string;
  /** Commits since it began. */
  readonly commits: number;
  /** Files that differ from where it began, uncommitted ones among them, relative to the repository. */
  readonly files: readonly string[];
  /** How many of these are not committed. */
  readonly uncommitted: number;
  /** The commit on the base that holds its work; absent: none, or work was added since. */
  readonly landed?: string;
  /** Other worktrees of the repository whose work has not landed and changes some of the same files. */
  readonly overlaps: readonly { readonly branch: string; readonly files: readonly string[] }[];
}

export interface Landed {
  readonly branch: string;
  readonly base: string;
  readonly commit: string;
  readonly files: readonly string[];
  /** It held this work already, so nothing was done now. */
  readonly already: boolean;
  readonly overlaps: Worktree['overlaps'];
}

export interface WorktreeRefusal {
  readonly ok: false;
  readonly why: 'none' | 'conflict' | 'dirty' | 'base' | 'unlanded' | 'nothing' | 'failed';
  /** What is the matter and what would mend it. */
  readonly message: string;
  /** The files that are in the way, if files are. */
  readonly files: readonly string[];
}

/** What was kept of a session that is gone, or goes. */
export interface KeptWork {
  readonly session: SessionId;
  /** The worktree's folder, or that of its branch's repository if only the branch is left. */
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  /** Commits that the base lacks. */
  readonly commits: number;
  /** Files that differ from where the work began, uncommitted ones among them. */
  readonly files: number;
}

export interface Discarded {
  readonly chat: SessionId;
  readonly sessions: readonly SessionId[];
  /** All of the chat goes. */
  readonly whole: boolean;
  /** Those of the sessions whose processes may still live: they are ended first, and named if they can't be. */
  readonly unconfirmed: readonly SessionId[];
}
