/**
 * What `wrangler.toml` binds for the Worker and its objects, and what each object answers the others. Owns these
 * names; whatever crosses from one object to another is checked by who gets it, since the two may be of different
 * releases for a while.
 */

/** An object of a class, wherever it runs. Each call may reject: it could not be reached, or was reset meanwhile. */
export type Stub<Methods> = Methods & { fetch(request: Request): Promise<Response> };

export interface Objects<Methods> {
  /** Makes nothing by itself: the object begins to be with the first call. */
  getByName(name: string): Stub<Methods>;
}

/** What a session's object answers. All of it is data: `unknown` is checked by the caller. */
export interface SessionMethods {
  /** Mail of another session, as `mailSchema` has it. */
  mail(message: unknown): Promise<unknown>;
  row(): Promise<unknown>;
  events(after: number, limit: number): Promise<unknown>;
  glance(): Promise<unknown>;
  /** The chat as it is listed. */
  view(): Promise<unknown>;
  /** What was said in it, as `searchSchema` asks: a page of hits. */
  search(request: unknown): Promise<unknown>;
  /** An ephemeral event for whoever follows it; whether anybody does. */
  tell(event: unknown): Promise<boolean>;
  remove(): Promise<void>;
  /** Looks whether it should be at work, and goes on if so. */
  nudge(): Promise<void>;
  /** The token of this digest was revoked: its readers are let go. */
  revoked(digest: string): Promise<void>;
}

export interface DirectoryMethods {
  owner(chat: string): Promise<string | null>;
  shelve(row: unknown): Promise<void>;
  unshelve(chat: string): Promise<void>;
  page(query: unknown): Promise<unknown>;
  token(digest: string): Promise<unknown>;
  tokens(): Promise<unknown>;
  /** A token to keep, and for which request: `KeeperAnswer`. */
  addToken(addition: unknown): Promise<unknown>;
  /** The name of one to revoke, and for which request: `KeeperAnswer`. */
  revokeToken(revocation: unknown): Promise<unknown>;
  /** Whether the token of this digest is still in force; if so, `session` is told once it no longer is. */
  watch(digest: string, session: string): Promise<boolean>;
  unwatch(digest: string, session: string): Promise<void>;
}

export interface LanesMethods {
  ask(message: unknown): Promise<unknown>;
}

/** Variables and secrets are texts, read by `config.ts`. */
export interface Bindings {
  readonly SESSIONS: Objects<SessionMethods>;
  readonly DIRECTORY: Objects<DirectoryMethods>;
  readonly LANES: Objects<LanesMethods>;
  /** The page's files; absent where none were built. */
  readonly ASSETS?: { fetch(request: Request): Promise<Response> };
  readonly [variable: string]: unknown;
}

/** The one object of its class. */
export const theOne = 'all';
