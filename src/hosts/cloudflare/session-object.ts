/**
 * The Durable Object of one session: what reaches it from outside, handed to the session that it keeps. Nothing is
 * stored for a name under which no session was ever born.
 */

import { DurableObject } from 'cloudflare:workers';
import type { WebSocket } from '@cloudflare/workers-types';
import { problem, problemResponse } from '../../http/problem.ts';
import { StoreError } from '../../runtime/store-rules.ts';
import type { Bindings, SessionMethods } from './bindings.ts';
import { SchemaError } from './schema.ts';
import { type HostedSession, openSession } from './session.ts';

/** Characters of log in one answer: a call may carry 32 MiB, and a character is at most two bytes there. */
const EVENT_CHARS = 12_000_000;
const ROWS = 200;
/** How soon one that can't be opened is tried again by its alarm: a release may have come that can. */
const SHUT_MS = 300_000;
/** And one in which a look went wrong. */
const AGAIN_MS = 20_000;

export class SessionObject extends DurableObject<Bindings> implements SessionMethods {
  #opened: Promise<HostedSession> | undefined;

  /** Opened by the first that comes; what failed is tried again by the next. */
  #open(): Promise<HostedSession> {
    this.#opened ??= openSession(this.#own(), this.ctx, this.env).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async fetch(request: Request): Promise<Response> {
    let session: HostedSession;
    try {
      session = await this.#open();
    } catch (error) {
      const words = whyShut(error);
      if (words === undefined) throw error;
      console.error(`The object of ${this.#own()} can't be opened: ${words}`);
      const shut = problem('unavailable', words, { headers: { 'retry-after': String(SHUT_MS / 1_000) } });
      return problemResponse(shut, request.headers.get('x-request-id') ?? '', (text) => text);
    }
    return session.fetch(request);
  }

  async mail(message: unknown): Promise<unknown> {
    return (await this.#open()).mail(message);
  }

  async row(): Promise<unknown> {
    return (await this.#open()).store.session(this.#own()) ?? null;
  }

  async events(after: number, limit: number): Promise<unknown> {
    const { store } = await this.#open();
    const most = Math.min(limit, ROWS);
    const rows = store.events(this.#own(), after, most);
    let size = 0;
    const end = rows.findIndex(({ event }, at) => {
      size += event.length;
      return at > 0 && size > EVENT_CHARS;
    });
    if (end >= 0) return { rows: rows.slice(0, end), more: true };
    return { rows, more: rows.length === most && most < limit };
  }

  async glance(): Promise<unknown> {
    return (await this.#open()).glance();
  }

  async view(): Promise<unknown> {
    return (await this.#open()).view();
  }

  async search(request: unknown): Promise<unknown> {
    return (await this.#open()).search(request);
  }

  async tell(event: unknown): Promise<boolean> {
    return (await this.#open()).tell(event);
  }

  /** One that can't be opened is removed all the same: nothing of it could be read any more. */
  async remove(): Promise<void> {
    let session: HostedSession | undefined;
    try {
      session = await this.#open();
    } catch (error) {
      if (whyShut(error) === undefined) throw error;
    }
    if (session) return session.remove();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  async nudge(): Promise<void> {
    (await this.#open()).nudge();
  }

  async revoked(digest: string): Promise<void> {
    return (await this.#open()).revoked(digest);
  }

  /** An alarm that throws too often is taken away, so this one never does. */
  async alarm(): Promise<void> {
    try {
      await (await this.#open()).look();
    } catch (error) {
      console.error(`The object of ${this.#own()} could not be looked at: ${String(error)}`);
      const later = whyShut(error) === undefined ? AGAIN_MS : SHUT_MS;
      await this.ctx.storage.setAlarm(Date.now() + later);
    }
  }

  async webSocketMessage(): Promise<void> {
    // Nobody is told anything over it; `ping` is answered by the platform.
    await this.#open();
  }

  async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    (await this.#open()).closed(socket, code);
  }

  async webSocketError(socket: WebSocket): Promise<void> {
    (await this.#open()).closed(socket, 1011);
  }

  #own(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error('a session is reached by its name');
    return name;
  }
}

/** Why its storage can't be opened, as a sentence; undefined: that isn't it. */
function whyShut(error: unknown): string | undefined {
  return error instanceof SchemaError || error instanceof StoreError ? error.message : undefined;
}
