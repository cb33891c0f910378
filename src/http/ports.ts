/**
 * What a host must bring for its HTTP door: the runtime behind it, and the few things only a host knows.
 * Holds no behaviour.
 */
import type { Budgets } from '../core/commands.ts';
import type { KeptFile } from '../core/files.ts';
import type { Clock, Store } from '../core/ports.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { SpawnTool } from '../tools/sessions-spawn.ts';
import type { Caller } from './callers.ts';
import type { SignInLinks } from './link-routes.ts';
import type { McpPort } from './mcp.ts';
import type { PageFiles } from './page.ts';
import type { Shelf, There } from './shelf.ts';
import type { Sockets } from './sockets.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { TokenBook } from './tokens.ts';

export interface AppPorts {
  readonly runtime: Pick<
    Runtime,
    'send' | 'state' | 'sessions' | 'worktrees' | 'confirmDead' | 'gone' | 'broadcast' | 'metrics'
  >;
  readonly store: Pick<Store, 'session' | 'events' | 'key' | 'files'>;
  /**
   * Puts a file that a message is about to name where the chat's tools find it: what the model is told of where. Absent,
   * or undefined: there is nothing to tell.
   */
  readonly place?: (chat: string, file: KeptFile) => Promise<string | undefined>;
  readonly shelf: Shelf;
  /** The door of where a session is kept, if that isn't here. */
  readonly elsewhere?: (session: string) => There | undefined;
  /** The caller of a request that another door let in and handed on; absent: each is checked here. */
  readonly handed?: (request: Request) => Caller;
  readonly clock: Clock;
  /** The admin token in force. */
  readonly token: () => string;
  /** Tokens with names, scopes and owners; absent: the admin token is the only one. */
  readonly named?: TokenBook;
  /** What keeps them, to make, list and revoke them over HTTP; absent: there are no such routes. */
  readonly tokens?: TokenKeeper;
  /** Links that sign a browser in once; absent where the host has none. */
  readonly links?: SignInLinks;
  /** The page for browsers; absent: a few words stand at /. */
  readonly page?: PageFiles;
  /** The feed over WebSockets; absent where the host has none. */
  readonly sockets?: Sockets;
  /** What speaks MCP here; absent: nothing does. */
  readonly mcp?: McpPort;
  /** Why this host takes nothing more in for now, as a sentence; absent, or undefined: it does. */
  readonly full?: () => string | undefined;
  /** What is counted of this gateway, as Prometheus reads it; absent: it is counted in no one place. */
  readonly figures?: () => string;
  /** `Host` and `Origin` values that are let in, in lower case. */
  readonly allowed: (request: Request) => {
    readonly hosts: readonly string[];
    readonly origins: readonly string[];
  };
  /** A new random name of `[A-Za-z0-9_-]` with at least 120 bits: ids, secrets. */
  readonly newId: () => string;
  /** The id of a chat that is made without one; absent: a new name. */
  readonly newChatId?: () => string;
  readonly about: About;
  readonly resolveModel: Catalogue['resolve'];
  readonly budget: Budgets;
  /** The spawn tool's own input: what a person sends is checked as what a model sends. */
  readonly spawn: Pick<SpawnTool, 'input' | 'parse' | 'repositories'>;
  /** Store open and loop running. */
  readonly ready: () => boolean;
  readonly log: HttpLog;
  /** Whose connection it is, for the count of failed attempts to log in; absent: all share one count. */
  readonly clientOf?: (env: unknown) => string | undefined;
  /** Ends the connection under a request at once; absent: its response is broken off. */
  readonly hangUp?: (env: unknown) => void;
}

export interface About {
  readonly version: string;
  /** Whether the built-in simulator answers instead of a model. */
  readonly simulator: boolean;
  /** The id of the model that chats use unless they say otherwise. */
  readonly model: string;
}

export interface HttpLog {
  readonly answered: (request: AnsweredRequest) => void;
  /** A fault of the gateway: the asker was told no more than its request id. */
  readonly failed: (request: FailedRequest, error: unknown) => void;
}

export type FailedRequest = Pick<AnsweredRequest, 'requestId' | 'method' | 'route' | 'chat'>;

export interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** The route that took it, as it is documented; absent: none was reached. */
  readonly route?: string;
  /** The chat that its path names. */
  readonly chat?: string;
  readonly status: number;
  readonly ms: number;
}
