/**
 * The one object that knows which chats and named tokens there are. What it holds of chats is an index: each chat's own
 * object tells it, until it has heard. It is an object of its own, and not D1, because a revoked token and a new chat
 * must be so for the very next request, wherever that comes in, and because it has to tell those who read.
 */
import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';
import { inWords, tokenRequestSchema } from '../../http/token-keeper.ts';
import { keptTokenSchema } from '../../http/token-rules.ts';
import type { Bindings, DirectoryMethods } from './bindings.ts';
import { type DirectoryStore, openDirectoryStore } from './directory-store.ts';
import { pageQuerySchema, shelvedSchema } from './messages.ts';
import { durableSql, meteredSql } from './sql.ts';

/** How soon those are told again that could not be reached, and how late at most: each time twice as late. */
const AGAIN_MS = 2_000;
const LATEST_MS = 300_000;

const additionSchema = z.object({ token: keptTokenSchema, request: tokenRequestSchema.optional() });
const revocationSchema = z.object({ name: z.string(), request: tokenRequestSchema.optional() });

export class DirectoryObject extends DurableObject<Bindings> implements DirectoryMethods {
  #opened: DirectoryStore | undefined;
  #again = AGAIN_MS;

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

  async addToken(addition: unknown): Promise<unknown> {
    const { token, request } = additionSchema.parse(addition);
    return inWords(() => this.#store().tokens.add(token, request));
  }

  async revokeToken(revocation: unknown): Promise<unknown> {
    const { name, request } = revocationSchema.parse(revocation);
    const answer = inWords(() => this.#store().tokens.revoke(name, Date.now(), request));
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

  /** An alarm that throws too often is taken away, so this one never does. */
  async alarm(): Promise<void> {
    try {
      await this.#tellReaders();
    } catch (error) {
      console.error(`The directory could not tell who reads with a revoked token: ${String(error)}`);
      await this.ctx.storage.setAlarm(Date.now() + LATEST_MS);
    }
  }

  /** Tells whoever reads with a token that is revoked, until each has heard. */
  async #tellReaders(): Promise<void> {
    const store = this.#store();
    const due = store.tokens
      .list()
      .filter(({ revokedAt }) => revokedAt !== undefined)
      .flatMap(({ digest }) => store.watchers(digest).map((session) => ({ digest, session })));
    if (due.length === 0) return;
    await this.ctx.storage.setAlarm(Date.now() + this.#again);
    const heard = await Promise.all(
      due.map(async ({ digest, session }) => {
        try {
          await this.env.SESSIONS.getByName(session).revoked(digest);
          store.unwatch(digest, session);
          return true;
        } catch {
          // The alarm tries again.
          return false;
        }
      }),
    );
    this.#again = heard.every(Boolean) ? AGAIN_MS : Math.min(this.#again * 2, LATEST_MS);
  }
}
