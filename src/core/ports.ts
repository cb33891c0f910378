/**
 * What a host must bring to run sessions: where logs live, what time it is, who answers, who works.
 * Core declares these shapes and calls none of them; `runtime/` is handed implementations.
 */

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
  readonly create?: Omit<SessionRow, 'id' | 'seq' | 'wants'>;
  readonly events: readonly LogRow[];
  readonly wants: boolean;
  readonly key?: RequestKey;
  readonly snapshot?: Snapshot;
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
  /** Main sessions, newest first: created before the session `before` (exclusive), of `owner` if given. */
  chats(query: { before?: SessionId; limit: number; owner?: string }): SessionRow[];
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
export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  readonly input_schema: { readonly [key: string]: Json };
}

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
  /** Commits what is uncommitted and says what the workspace holds. Safe to repeat. */
  close(worker: Worker): Promise<WorkspaceReport | undefined>;
  /** Ends every process of this worker that still lives; names those it couldn't. Safe to repeat. */
  sweep(worker: Worker): Promise<{ left: string[] }>;
}
