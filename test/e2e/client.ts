/**
 * A client of the gateway's HTTP door, as small as tests need it: each call one request, its answer checked
 * against what a client may rely on. Never retries.
 */
import { z } from 'zod';
import { usageSchema } from '../../src/core/card.ts';
import { messageSchema, subagentSchema } from '../../src/core/feed.ts';
import { type Entry, entrySchema, type FeedReader, readFeed } from './feed-reader.ts';

const chatSchema = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(['idle', 'working', 'input_required', 'parked']),
  reason: z.string().optional(),
  model: z.string(),
  owner: z.string(),
  createdAt: z.number(),
  usage: usageSchema,
  subagents: z.record(z.string(), z.number()),
});
export type ChatView = z.infer<typeof chatSchema>;
export type MessageView = z.infer<typeof messageSchema>;
export type SubagentView = z.infer<typeof subagentSchema>;

const killSchema = z.object({
  killed: z.array(z.string()),
  unconfirmed: z.array(z.string()),
  alreadyEnded: z.array(z.string()),
});
export type KillReport = z.infer<typeof killSchema>;

const pageSchema = z.object({
  events: z.array(z.object({ event: z.string(), data: z.unknown() })),
  next: z.number(),
});

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An answer that isn't the one that was expected. */
export class UnexpectedAnswer extends Error {
  readonly answer: Answer;
  constructor(what: string, answer: Answer) {
    super(`${what} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    this.answer = answer;
  }
}

export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  remove(path: string): Promise<Answer>;
  /** Makes a chat. */
  newChat(body?: { title?: string; model?: string; budgetUsd?: number; id?: string }): Promise<Chat>;
  /** One that is there. */
  chat(id: string): Chat;
}

export interface Chat {
  readonly id: string;
  /** `/v1/chats/{chat}` and what follows. */
  path(rest?: string): string;
  view(): Promise<ChatView>;
  say(text: string, more?: { interrupt?: boolean; id?: string }): Promise<MessageView>;
  messages(): Promise<MessageView[]>;
  /** The assistant's words so far, oldest first. */
  said(): Promise<string[]>;
  spawn(input: object): Promise<SubagentView>;
  subagents(): Promise<SubagentView[]>;
  subagent(target: string): Promise<SubagentView>;
  steer(target: string, message: string, more?: { interrupt?: boolean; id?: string }): Promise<string>;
  kill(target: string): Promise<KillReport>;
  stop(body?: { subagents?: boolean }): Promise<void>;
  resume(): Promise<void>;
  /** The durable events, as JSON. */
  events(): Promise<Entry[]>;
  /** Follows its feed, from the beginning unless told otherwise; `now`: from now on. */
  feed(options?: { after?: number | 'now'; subagent?: string; durableOnly?: boolean }): FeedReader;
}

export interface ClientOptions {
  readonly url: () => string;
  readonly token: () => string;
  /** Told of each feed that is opened, so that it can be closed. */
  readonly opened?: (reader: FeedReader) => void;
}

export function makeClient({ url, token, opened }: ClientOptions): Client {
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const takes = method === 'POST' || method === 'PATCH';
    const response = await fetch(`${url()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token()}`,
        ...(takes ? { 'content-type': 'application/json' } : {}),
      },
      ...(takes ? { body: JSON.stringify(body ?? {}) } : {}),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }
  async function expecting<Schema extends z.ZodType>(
    answer: Promise<Answer>,
    what: string,
    statuses: readonly number[],
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const given = await answer;
    if (!statuses.includes(given.status)) throw new UnexpectedAnswer(what, given);
    return schema.parse(given.body);
  }

  function chat(id: string): Chat {
    const path = (rest = '') => `/v1/chats/${id}${rest}`;
    const read = <Schema extends z.ZodType>(rest: string, schema: Schema) =>
      expecting(call('GET', path(rest)), `GET ${rest}`, [200], schema);
    const send = <Schema extends z.ZodType>(rest: string, body: object, schema: Schema) =>
      expecting(call('POST', path(rest), body), `POST ${rest}`, [200, 202], schema);
    return {
      id,
      path,
      view: async () => (await read('', z.object({ chat: chatSchema }))).chat,
      say: async (text, more = {}) =>
        (await send('/messages', { text, ...more }, z.object({ message: messageSchema }))).message,
      async messages() {
        const all: MessageView[] = [];
        for (let after: number | null = 0; after !== null; ) {
          const page: { messages: MessageView[]; next: number | null } = await read(
            `/messages?after=${after}&limit=100`,
            z.object({ messages: z.array(messageSchema), next: z.number().nullable() }),
          );
          all.push(...page.messages);
          after = page.next;
        }
        return all;
      },
      async said() {
        const messages = await this.messages();
        return messages.filter((one) => one.role === 'assistant').map((one) => one.text);
      },
      spawn: async (input) =>
        (await send('/subagents', input, z.object({ subagent: subagentSchema }))).subagent,
      subagents: async () =>
        (await read('/subagents', z.object({ subagents: z.array(subagentSchema) }))).subagents,
      subagent: async (target) =>
        (await read(`/subagents/${encodeURIComponent(target)}`, z.object({ subagent: subagentSchema })))
          .subagent,
      async steer(target, message, more = {}) {
        const answer = await send(
          `/subagents/${encodeURIComponent(target)}/steer`,
          { message, ...more },
          z.object({ steer: z.object({ id: z.string(), state: z.literal('queued') }) }),
        );
        return answer.steer.id;
      },
      kill: (target) => send(`/subagents/${encodeURIComponent(target)}/kill`, {}, killSchema),
      async stop(body = {}) {
        await send('/stop', body, z.unknown());
      },
      async resume() {
        await send('/resume', {}, z.unknown());
      },
      async events() {
        const all: Entry[] = [];
        for (let after = 0; ; ) {
          const response = await fetch(`${url()}${path(`/events?after=${after}&limit=1000`)}`, {
            headers: { accept: 'application/json', authorization: `Bearer ${token()}` },
          });
          const { events, next } = pageSchema.parse(await response.json());
          if (events.length === 0) return all;
          all.push(...events.map(({ event, data }) => entrySchema.parse({ name: event, data })));
          after = next;
        }
      },
      feed({ after = 0, subagent, durableOnly } = {}) {
        const rest = subagent === undefined ? '' : `/subagents/${encodeURIComponent(subagent)}`;
        const reader = readFeed({
          url: () => `${url()}${path(`${rest}/events`)}`,
          token,
          ...(after === 'now' ? {} : { after }),
          ...(durableOnly === undefined ? {} : { durableOnly }),
        });
        opened?.(reader);
        return reader;
      },
    };
  }

  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    remove: (path) => call('DELETE', path),
    chat,
    async newChat(body = {}) {
      const answer = expecting(
        call('POST', '/v1/chats', body),
        'POST /v1/chats',
        [200, 201],
        z.object({ chat: chatSchema }),
      );
      return chat((await answer).chat.id);
    },
  };
}
