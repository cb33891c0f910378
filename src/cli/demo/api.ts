/**
 * The gateway's HTTP API as the demo's client sees it, and its feed as a reader that comes back after a cut.
 * Knows where the gateway is from whoever made it; never starts one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { feedSchemas, subagentSchema } from '../../core/feed.ts';

const delta = z.object({ message: z.string(), offset: z.number(), text: z.string() });

/** The events of the feed that the demo reads; there are more. */
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('message'), data: feedSchemas.message }),
  z.object({ event: z.literal('turn.started'), data: feedSchemas['turn.started'] }),
  z.object({ event: z.literal('turn.ended'), data: feedSchemas['turn.ended'] }),
  z.object({ event: z.literal('tool.started'), data: feedSchemas['tool.started'] }),
  z.object({ event: z.literal('tool.finished'), data: feedSchemas['tool.finished'] }),
  z.object({ event: z.literal('subagent.spawned'), data: feedSchemas['subagent.spawned'] }),
  z.object({ event: z.literal('subagent.updated'), data: feedSchemas['subagent.updated'] }),
  z.object({ event: z.literal('subagent.ended'), data: feedSchemas['subagent.ended'] }),
  z.object({ event: z.literal('announcement.read'), data: feedSchemas['announcement.read'] }),
  z.object({ event: z.literal('steer.queued'), data: feedSchemas['steer.queued'] }),
  z.object({ event: z.literal('steer.read'), data: feedSchemas['steer.read'] }),
  z.object({ event: z.literal('input.requested'), data: feedSchemas['input.requested'] }),
  z.object({ event: z.literal('input.answered'), data: feedSchemas['input.answered'] }),
  z.object({ event: z.literal('notice'), data: feedSchemas.notice }),
  z.object({ event: z.literal('delta'), data: delta }),
]);
export type Event = z.infer<typeof eventSchema>;

const chatAnswer = z.object({ chat: z.object({ id: z.string() }) });
const subagentsAnswer = z.object({ subagents: z.array(subagentSchema) });
const pageAnswer = z.object({
  events: z.array(z.looseObject({ id: z.number(), event: z.string(), data: z.unknown() })),
});
export type Subagent = z.infer<typeof subagentSchema>;

export interface Api {
  createChat(title: string): Promise<string>;
  /** Resolves when the gateway has accepted it. */
  say(chat: string, text: string): Promise<void>;
  /** Answers, as a person, what a subagent must be allowed. Resolves when the gateway has accepted it. */
  allow(chat: string, subagent: string, request: string): Promise<void>;
  subagents(chat: string): Promise<Subagent[]>;
  /** A feed from its beginning, as far as it is kept; the events that the demo doesn't read by id only. */
  wholeFeed(path: string): Promise<Feed>;
  /**
   * Follows a feed from its beginning until the demo ends, through every end of the gateway: comes back with the
   * last id it saw. Returns the ids seen, a growing list.
   */
  follow(path: string, onEvent: (event: Event) => void): readonly number[];
}

/** A feed that was read to its end. */
export interface Feed {
  readonly ids: readonly number[];
  readonly events: readonly Event[];
}

/** Where the feed of a chat is, or that of one of its subagents. */
export function feedPath(chat: string, subagent?: string): string {
  return `/v1/chats/${chat}/${subagent === undefined ? '' : `subagents/${subagent}/`}events`;
}

export interface ApiSetting {
  readonly token: string;
  /** Where the gateway is now; undefined while there is none. */
  readonly url: () => string | undefined;
  /** Ends all that is under way. */
  readonly signal: AbortSignal;
  /** Told of a feed that can't be followed. */
  readonly failed: (error: unknown) => void;
}

/** How soon a reader whose connection broke off comes back. */
const RETURN_MS = 100;
const PAGE = 500;

export function makeApi({ token, url, signal, failed }: ApiSetting): Api {
  async function ask(path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${url() ?? ''}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the gateway answered ${path} with ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** One connection; resolves when it ends. Rejects if the gateway refuses it. */
  async function read(path: string, after: number, onFrame: (frame: Frame) => void): Promise<void> {
    const at = url();
    if (at === undefined) return;
    const response = await fetch(`${at}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        'last-event-id': String(after),
      },
      signal,
    }).catch(() => undefined);
    if (!response?.body) return;
    if (!response.ok)
      throw new Error(`the feed ${path} was refused with ${response.status}: ${await response.text()}`);
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of response.body) {
        text += decoder.decode(chunk, { stream: true });
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) onFrame(frameOf(frame));
      }
    } catch {
      // The gateway went away in the middle: what came is what there is.
    }
  }

  return {
    async createChat(title) {
      return chatAnswer.parse(await ask('/v1/chats', { title })).chat.id;
    },
    async say(chat, text) {
      await ask(`/v1/chats/${chat}/messages`, { text });
    },
    async allow(chat, subagent, request) {
      await ask(`/v1/chats/${chat}/subagents/${subagent}/answer`, { request, decision: 'allow' });
    },
    async subagents(chat) {
      return subagentsAnswer.parse(await ask(`/v1/chats/${chat}/subagents`)).subagents;
    },
    async wholeFeed(path) {
      const ids: number[] = [];
      const events: Event[] = [];
      for (let after = 0; ; after = ids.at(-1) ?? 0) {
        const page = pageAnswer.parse(await ask(`${path}?after=${after}&limit=${PAGE}`));
        for (const { id, event, data } of page.events) {
          ids.push(id);
          const known = eventSchema.safeParse({ event, data });
          if (known.success) events.push(known.data);
        }
        if (page.events.length < PAGE) return { ids, events };
      }
    },
    follow(path, onEvent) {
      const ids: number[] = [];
      const follow = async (): Promise<void> => {
        while (!signal.aborted) {
          await read(path, ids.at(-1) ?? 0, ({ id, event, data }) => {
            if (id !== undefined) ids.push(id);
            const known = eventSchema.safeParse({ event, data });
            if (known.success) onEvent(known.data);
          });
          await sleep(RETURN_MS, undefined, { signal }).catch(() => undefined);
        }
      };
      follow().catch((error: unknown) => {
        if (!signal.aborted) failed(error);
      });
      return ids;
    },
  };
}

interface Frame {
  readonly id: number | undefined;
  readonly event: string;
  readonly data: unknown;
}

function frameOf(text: string): Frame {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  const id = fields.get('id');
  const data = fields.get('data');
  return {
    id: id === undefined ? undefined : Number(id),
    event: fields.get('event') ?? '',
    data: data === undefined ? undefined : JSON.parse(data),
  };
}
