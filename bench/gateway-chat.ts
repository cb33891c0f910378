/**
 * A chat of a running gateway, over HTTP and the feed, as a client would drive it. Reads no more of the feed
 * than it needs, so that the client takes as little as possible of the machine that is measured.
 */
import { type Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { z } from 'zod';
import type { Chat, Told } from './chat.ts';
import { now } from './clock.ts';
import { markOf, type Talk, talk } from './script.ts';

export interface Door {
  readonly port: number;
  readonly token: string;
  /** Keeps connections open between requests. */
  readonly agent: Agent;
}

interface Pending {
  readonly mark: string;
  readonly sentAt: number;
  acceptedAt: number | undefined;
  firstAt: number | undefined;
  endedAt: number | undefined;
  readonly resolve: (told: Told) => void;
  readonly reject: (error: Error) => void;
}

const chatSchema = z.object({ chat: z.object({ id: z.string() }) });

/** Starts a chat and follows it; resolves once the feed is open. */
export async function openChat(door: Door): Promise<Chat> {
  const { chat } = chatSchema.parse(JSON.parse(await send(door, 'POST', '/v1/chats', {})));
  return followChat(door, chat.id);
}

/** Follows a chat that is there already, from now on. */
export async function followChat(door: Door, id: string): Promise<Chat> {
  const pending = new Map<string, Pending>();

  function settle(one: Pending): void {
    const { mark, sentAt, acceptedAt, endedAt, firstAt } = one;
    // The answer may come before the 202 does: both must have.
    if (acceptedAt === undefined || endedAt === undefined) return;
    pending.delete(mark);
    one.resolve({ sentAt, acceptedAt, firstAt: firstAt ?? endedAt, endedAt });
  }

  function fail(words: string): void {
    for (const one of pending.values()) one.reject(new Error(`chat ${id}: ${words}`));
    pending.clear();
  }

  function frame(text: string): void {
    if (pending.size === 0) return;
    if (text.startsWith('event: delta')) {
      const at = now();
      for (const one of pending.values()) one.firstAt ??= at;
    } else if (text.includes('"role":"assistant"')) {
      const at = now();
      for (const one of [...pending.values()]) {
        if (!text.includes(one.mark)) continue;
        one.endedAt = at;
        settle(one);
      }
    } else if (text.includes('\nevent: notice')) fail(text);
  }

  const feed = await open(door, 'GET', `/v1/chats/${id}/events`, { accept: 'text/event-stream' });
  if (feed.statusCode !== 200) throw new Error(`the feed of ${id} answered ${feed.statusCode}`);
  let rest = '';
  feed.setEncoding('utf8');
  feed.on('data', (chunk: string) => {
    const frames = (rest + chunk).split('\n\n');
    rest = frames.pop() ?? '';
    for (const text of frames) frame(text);
  });
  feed.on('error', () => fail('the feed broke off'));
  feed.on('close', () => fail('the feed ended'));
  // What the feed begins with shows that it listens.
  await new Promise((resolve) => feed.once('data', resolve));

  let told = 0;
  const family = Math.random().toString(36).slice(2, 6);
  return {
    tell(order: Talk) {
      const key = `${family}${(told++).toString(36)}`;
      const mark = markOf(key);
      return new Promise((resolve, reject) => {
        const one: Pending = {
          mark,
          sentAt: now(),
          acceptedAt: undefined,
          firstAt: undefined,
          endedAt: undefined,
          resolve,
          reject,
        };
        pending.set(mark, one);
        send(door, 'POST', `/v1/chats/${id}/messages`, { text: talk(key, order) }).then(() => {
          one.acceptedAt = now();
          settle(one);
        }, reject);
      });
    },
    close() {
      pending.clear();
      feed.destroy();
    },
  };
}

/** Sends a request and reads its answer; rejects unless it is a success. */
export async function send(door: Door, method: string, path: string, body?: object): Promise<string> {
  const response = await open(door, method, path, {}, body);
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk;
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode > 299)
    throw new Error(`${method} ${path} was answered ${statusCode}: ${text}`);
  return text;
}

function open(
  { port, token, agent }: Door,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options: RequestOptions = {
    host: '127.0.0.1',
    port,
    method,
    path,
    agent,
    headers: {
      authorization: `Bearer ${token}`,
      ...headers,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
  };
  return new Promise((resolve, reject) => {
    const asked = request(options, resolve);
    asked.on('error', reject);
    asked.end(text);
  });
}
