/**
 * The one object that knows which chats and named tokens there are. What it holds of chats is an index: each chat's own
 * object tells it, until it has heard. It is an object of its own, and not D1, because a revoked token and a new chat
 * must be so for the very next request, wherever that comes in, and because it has to tell those who read.
 */
import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';
import { TokenError } from '../../http/token-rules.ts';
import type { Bindings, DirectoryMethods } from './bindings.ts';
import { type DirectoryStore, openDirectoryStore } from './directory-store.ts';
import { pageQuerySchema, shelvedSchema } from './messages.ts';
import { durableSql, meteredSql } from './sql.ts';

/** How soon those are told again that could not be reached. */
const AGAIN_MS = 2_000;

const wishSchema = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  owner: z.string().optional(),
});

export class DirectoryObject extends DurableObject<Bindings> implements DirectoryMethods {
  #opened: DirectoryStore | undefined;

  #store(): DirectoryStore {
    this.#opened ??= openDirectoryStore(meteredSql(durableSql(this.ctx.storage)));
    return this.#opened;
  }

  async owner(chat: string): Promise<string | null> {
    return this.#store().owner(chat) ?? null;
  }

  async shelve(row: unknown): Promise<void> {
    this.#store().shelve(shelvedSchema.parse(row));
  }

  async unshelve(chat: string): Promise<void> {
    this.#store().unshelve(chat);
  }

  async page(query: unknown): Promise<unknown> {
    const { before, limit, owner, archived } = pageQuerySchema.parse(query);
    return this.#store()
      .page({
        limit,
        ...(before === undefined ? {} : { before }),
        ...(owner === undefined ? {} : { owner }),
        ...(archived === undefined ? {} : { archived }),
      })
      .map(({ id }) => id);
  }

  async token(digest: string): Promise<unknown> {
    return this.#store().tokens.byDigest(digest) ?? null;
  }

  async tokens(): Promise<unknown> {
    return this.#store().tokens.list();
  }

  async addToken(wish: unknown): Promise<unknown> {
    const { owner, ...rest } = wishSchema.parse(wish);
    return inWords(() =>
      this.#store().tokens.add({ ...rest, ...(owner === undefined ? {} : { owner }) }, Date.now()),
    );
  }

  async revokeToken(name: string): Promise<unknown> {
    const answer = inWords(() => this.#store().tokens.revoke(name, Date.now()));
    if (answer.ok) await this.#tellReaders();
    return answer;
  }

  async watch(digest: string, session: string): Promise<boolean> {
    const token = this.#store().tokens.byDigest(digest);
    if (!token || token.revokedAt !== undefined) return false;
    this.#store().watch(digest, session);
    return true;
  }

  async unwatch(digest: string, session: string): Promise<void> {
    this.#store().unwatch(digest, session);
  }

  async alarm(): Promise<void> {
    await this.#tellReaders();
  }

  /** Tells whoever reads with a token that is revoked, until each has heard. */
  async #tellReaders(): Promise<void> {
    const store = this.#store();
    const due = store.tokens
      .list()
      .filter(({ revokedAt }) => revokedAt !== undefined)
      .flatMap(({ digest }) => store.watchers(digest).map((session) => ({ digest, session })));
    if (due.length === 0) return;
    await this.ctx.storage.setAlarm(Date.now() + AGAIN_MS);
    await Promise.all(
      due.map(async ({ digest, session }) => {
        try {
          await this.env.SESSIONS.getByName(session).revoked(digest);
          store.unwatch(digest, session);
        } catch {
          // The alarm tries again.
        }
      }),
    );
  }
}

/** What was done, or in words why it can't be: an error's kind doesn't cross from object to object. */
function inWords<Value>(
  job: () => Value,
): { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly why: string } {
  try {
    return { ok: true, value: job() };
  } catch (error) {
    if (error instanceof TokenError) return { ok: false, why: error.message };
    throw error;
  }
}
