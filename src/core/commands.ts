/**
 * Everything that can be asked of a session: the closed union that `decide` answers. A command is a wish or
 * an outside result; whether and what follows from it is decided, never assumed by who sends it.
 */
import type { SaidFile } from './attachments.ts';
import type { Ttl } from './budget.ts';
import type { ChildSpec, DoneWhen, InputRequest, Principal, TrustLevel } from './card.ts';
import type { MailBody, MessagePart, PostedMail } from './correspondence.ts';
import type { Carried, Cut, PendingBlock } from './events.ts';
import type { PlanChange } from './plan.ts';
import type { Block, Json, PrefixParams, RefusalKind, ToolOutcome, Usage, WorkspaceReport } from './ports.ts';
import type { Call } from './session.ts';
import type { Tree } from './subagents.ts';

/** A spawn whose words were checked against the configuration: models and repositories are real names. */
export interface SpawnRequest {
  readonly task: string;
  readonly label?: string;
  readonly role: 'worker' | 'reviewer';
  /** A resolved model id; absent: the configured one for subagents. */
  readonly model?: string;
  readonly thinking?: ChildSpec['thinking'];
  readonly repo?: string;
  readonly minutes?: number;
  readonly usd?: number;
  readonly tokens?: number;
  readonly announce: 'each' | 'together' | 'quiet';
  /** Names of the caller's own children that must have completed before it begins. */
  readonly after?: readonly string[];
  /** How often the gateway tries it again when it failed; absent: never. */
  readonly retries?: number;
  /** Taken as far as it narrows. */
  readonly trust?: TrustLevel;
  readonly doneWhen?: DoneWhen;
  /** Names its words: what was asked for in the same ones just now is not made twice. */
  readonly once?: string;
  /** What the caller is to be told besides "accepted". */
  readonly notes: readonly string[];
}

/** What a tool call means, once its input was checked: `tools/` reads it, core acts on it. */
export type Intent =
  | { readonly do: 'spawn'; readonly request: SpawnRequest }
  | { readonly do: 'plan'; readonly change: PlanChange }
  | { readonly do: 'steer'; readonly target: string; readonly message: string; readonly interrupt: boolean }
  | { readonly do: 'kill'; readonly target: string }
  | {
      readonly do: 'answer';
      readonly target: string;
      /** Absent: the only one that is open. */
      readonly request?: string;
      readonly text: string;
      readonly decision?: Verdict;
    }
  | {
      readonly do: 'ask';
      readonly kind: InputRequest['kind'];
      readonly title: string;
      readonly detail: string;
    }
  | { readonly do: 'silent' }
  | { readonly do: 'progress'; readonly text: string }
  | {
      readonly do: 'work';
      readonly readOnly: boolean;
      readonly repeatable: boolean;
      readonly processes: boolean;
      /** It is asked for before it starts. `person`: only a person may allow it. */
      readonly permission?: { readonly title: string; readonly detail: string; readonly person: boolean };
    }
  /** Its result in the form that was asked for, checked; as JSON text. */
  | { readonly do: 'submit'; readonly result: string }
  /** What it handed in as its result is not of that form. */
  | { readonly do: 'unfit'; readonly text: string }
  /** The rules forbid it. `tried`: what people are told of it. */
  | { readonly do: 'deny'; readonly text: string; readonly tried: string }
  | { readonly do: 'error'; readonly text: string };

export type Verdict = 'allow' | 'deny';

export interface IntendedCall {
  readonly id: string;
  readonly name: string;
  readonly input: { readonly [key: string]: Json };
  /** What people read of it: `bash: npm test`. */
  readonly summary: string;
  /** It was said in words, by what: no call of a tool stands for it in the answer. */
  readonly spoken?: string;
  readonly intent: Intent;
}

export type Command =
  // people and programs, through a channel
  | {
      readonly type: 'create';
      readonly id: string;
      readonly owner: string;
      readonly title: string;
      readonly model: string;
      /** Whether the model was asked for; otherwise it is the configured one, and follows the configuration. */
      readonly chosen: boolean;
      readonly secret: string;
      /** Absent: its model leads it. */
      readonly lead?: 'program';
      /** A day; absent: the configured one. */
      readonly budgetUsd?: number;
    }
  | {
      readonly type: 'say';
      readonly parts: readonly (Extract<MessagePart, { type: 'text' }> | SaidFile)[];
      readonly interrupt: boolean;
      readonly from: Principal;
    }
  | { readonly type: 'spawn'; readonly request: SpawnRequest; readonly from: Principal }
  | {
      readonly type: 'steer';
      readonly target: string;
      readonly message: string;
      readonly interrupt: boolean;
      readonly from: Principal;
    }
  | { readonly type: 'kill'; readonly target: string; readonly from: Principal }
  | {
      readonly type: 'answer';
      /** Absent: the session itself. */
      readonly target?: string;
      readonly request: string;
      readonly text: string;
      readonly decision?: Verdict;
      readonly from: Principal;
    }
  | { readonly type: 'stop'; readonly subagents: boolean; readonly from: Principal }
  | { readonly type: 'resume'; readonly from: Principal }
  /** The program that leads it has read all that came up to an event. */
  | {
      readonly type: 'read';
      readonly upTo: number;
      /** When the session was made whose news that was: ids come again. Absent: it is taken to be this one. */
      readonly createdAt?: number;
      readonly from: Principal;
    }
  /** What is absent stays as it is. */
  | {
      readonly type: 'change';
      readonly title?: string;
      /** A resolved model id. */
      readonly model?: string;
      readonly budgetUsd?: number;
      readonly archived?: boolean;
      readonly from: Principal;
    }
  | { readonly type: 'delete'; readonly from: Principal }
  /** Someone did something beside the session's own work: people are told, and the request is remembered. */
  | { readonly type: 'done'; readonly text: string; readonly outcome: Json; readonly from: Principal }
  // other sessions
  | { readonly type: 'mail'; readonly sender: string; readonly mails: readonly PostedMail[] }
  // what effects came to
  | {
      readonly type: 'answered';
      readonly step: number;
      readonly content: readonly Block[];
      readonly stop: string;
      readonly category?: string;
      readonly usage: Usage;
      /** What people read of its words; absent: all of them. */
      readonly said?: string;
      /** What people are told by it besides. */
      readonly told?: string;
      readonly calls: readonly IntendedCall[];
      readonly ms: number;
    }
  | {
      readonly type: 'refused';
      readonly step: number;
      readonly why: RefusalKind;
      readonly message: string;
      /** It was refused in mid-stream: what the API had told of the call by then. */
      readonly cut?: CutCall;
    }
  | ({ readonly type: 'cut'; readonly call: string } & CutCall)
  /** The call is late: what people are told of it, and what a subagent is shown to do. */
  | { readonly type: 'delayed'; readonly step: number; readonly text: string; readonly activity: string }
  /** The call that was late is made now. */
  | { readonly type: 'underway'; readonly step: number }
  | {
      readonly type: 'summarised';
      readonly n: number;
      readonly summary: string;
      readonly from?: Cut;
      readonly cut: CutCall;
    }
  | { readonly type: 'unsummarised'; readonly n: number; readonly why: string; readonly cut: CutCall }
  | {
      /** What the new prefix `n` takes over, read from the transcript. */
      readonly type: 'renewed';
      readonly n: number;
      /** The last event that was read for it. */
      readonly upTo: number;
      readonly carried: readonly Carried[];
      readonly pending: readonly PendingBlock[];
      readonly asked: readonly number[];
    }
  | {
      readonly type: 'tool';
      readonly call: string;
      readonly ok: boolean;
      readonly text: string;
      readonly ms: number;
    }
  | { readonly type: 'opened'; readonly attempt: number; readonly note: string }
  | { readonly type: 'unopened'; readonly attempt: number; readonly message: string }
  | {
      readonly type: 'closed';
      readonly attempt: number;
      readonly workspace?: WorkspaceReport;
      /** Why the workspace could not be closed; what is in it stays where it is. */
      readonly failure?: string;
    }
  /** What a check of its work came to; without `failure` it holds. */
  | {
      readonly type: 'verified';
      readonly attempt: number;
      readonly n: number;
      readonly failure?: { readonly command: string; readonly text: string };
    }
  /** What one that waited for others is to have of them; `endings`: the events that it was read from. */
  | {
      readonly type: 'gathered';
      readonly child: string;
      readonly endings: readonly number[];
      readonly news: readonly Extract<MailBody, { kind: 'announcement' }>[];
    }
  | { readonly type: 'swept'; readonly attempt: number; readonly left: readonly string[] }
  | { readonly type: 'delivered'; readonly to: string; readonly upTo: number }
  | { readonly type: 'timer'; readonly timer: Timer }
  /** Nothing is left of these subagents. */
  | { readonly type: 'removed'; readonly ids: readonly string[] }
  // the host
  /**
   * Own children that ended before `before` (wall clock) go, with all below them. `ids`: those of which the host
   * found nothing at work and no work that would be lost; whether their news was read is seen here.
   */
  | { readonly type: 'forget'; readonly before: number; readonly ids: readonly string[] }
  /** `evicted`: the host took it out of memory, and nothing says that the session was the cause. */
  | { readonly type: 'host.started'; readonly evicted?: boolean }
  | { readonly type: 'host.stopping' };

/** How far a call got of which no answer comes. */
export interface CutCall {
  /** `unsent`: nothing can have been made of it. `open`: more may have been made than was told. `over`: no more. */
  readonly how: 'unsent' | 'open' | 'over';
  /** The API's figures, as far as they came. */
  readonly usage?: Usage;
}

export type Timer =
  | { readonly kind: 'limit'; readonly attempt: number }
  | { readonly kind: 'idle'; readonly attempt: number }
  | { readonly kind: 'kill'; readonly call: string };

/** What is in force where a command is decided: its time, and the host's configuration as pure values. */
export interface Context {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** Milliseconds at work since the last event, by the monotonic clock. */
  readonly worked: number;
  readonly rules: Rules;
}

export interface Rules {
  readonly maxChildren: number;
  readonly maxDepth: number;
  /** A chat and day. */
  readonly maxSpawns: number;
  readonly subagentMs: number;
  readonly idleMs: number;
  /** The model of chats that name none. */
  readonly model: string;
  readonly subagentModel: string;
  readonly budget: Budgets;
  /** How far main sessions and subagents may act by themselves at most. */
  readonly trust: { readonly main: Exclude<TrustLevel, 'plan'>; readonly subagents: TrustLevel };
  /** What core must know of a model; pure, and answers for any id, also for one that is no longer configured. */
  readonly terms: (model: string) => Terms;
  /** What a new prefix is made of. Depends on nothing but what it is given and the configuration. */
  readonly prefix: (about: PrefixSubject) => PrefixParams;
  /** What a session reads of a call that it spoke, given its descendants; absent: the outcome as it is. Pure. */
  readonly reply?: (call: Call, outcome: ToolOutcome, cards: Tree['cards']) => string;
}

/** What chats may spend a day and subagents for an attempt, unless they say otherwise; absent: any number of tokens. */
export interface Budgets {
  readonly chatUsd: number;
  readonly subagentUsd: number;
  readonly chatTokens?: number;
  readonly subagentTokens?: number;
}

export interface Terms {
  /** Tokens that prompt and answer may have together. */
  readonly window: number;
  /** Tokens from which on a conversation is summarised. */
  readonly compactAt: number;
  /** What a call costs at worst, in US dollars: all of its prompt is written to the cache. Never falls with more tokens. */
  readonly cost: (tokens: { readonly input: number; readonly output: number }, ttl: Ttl) => number;
}

export interface PrefixSubject {
  readonly kind: 'main' | 'subagent';
  readonly role: 'worker' | 'reviewer';
  /** Whether it may have subagents of its own. */
  readonly mayDelegate: boolean;
  readonly model: string;
  readonly thinking?: ChildSpec['thinking'];
  /** Whether it hands in a plan before it acts. */
  readonly plans?: boolean;
  /** Whether its result must have a form. */
  readonly submits?: boolean;
}

/** Why nothing was done, in words that say how to mend it. The kind decides how a door answers. */
export interface Refusal {
  readonly kind: 'not_found' | 'ambiguous' | 'limit' | 'exists' | 'conflict' | 'not_allowed' | 'invalid';
  readonly message: string;
  /** The field of the command that is wrong, where one is. */
  readonly path?: string;
}

/** What a command was answered with: for the one who asked, and kept for the one who asks again. */
export type Answer =
  | { readonly kind: 'none' }
  /** Mail of this sender is accepted up to this number: a refusal to do it twice acknowledges, too. */
  | { readonly kind: 'accepted'; readonly upTo: number }
  | { readonly kind: 'message'; readonly seq: number }
  | { readonly kind: 'subagent'; readonly id: string }
  | { readonly kind: 'steer'; readonly steerId: string; readonly note?: string }
  | { readonly kind: 'done'; readonly outcome: Json }
  | { readonly kind: 'input'; readonly subagentId?: string; readonly request: string }
  | { readonly kind: 'kill'; readonly targets: readonly string[]; readonly alreadyEnded: readonly string[] };
