/**
 * What the scripted model says: every request carries the order for its own answer, so floor and gateway are
 * answered alike whatever came before. Owns the language of orders; knows no process and no clock.
 */
import { z } from 'zod';
import type { ParsedRequest } from '../src/simulator/request.ts';
import type { Reply } from '../src/simulator/script.ts';

const pace = {
  /** Characters of the answer, at least. */
  chars: z.number().int().positive(),
  delayMs: z.number().optional(),
  tokensPerSecond: z.number().optional(),
  chunk: z.number().int().optional(),
  /** Held until this gate is opened. */
  gate: z.string().optional(),
};
const workSchema = z.strictObject({ work: z.literal(true), ...pace });
export const talkSchema = z.strictObject({
  ...pace,
  /** Subagents that the answer spawns, and what each of them is told. */
  spawn: z.strictObject({ n: z.number().int().positive(), task: workSchema }).optional(),
});
const orderSchema = z.union([talkSchema, workSchema]);

export type Work = z.infer<typeof workSchema>;
export type Talk = z.infer<typeof talkSchema>;
type Order = z.infer<typeof orderSchema>;

/** What a request was, as the log of the scripted model tells. */
export interface Kind {
  /** `started`: the tool results of a spawn and no news; `news`: it holds endings, whatever else. */
  readonly kind: 'talk' | 'spawn' | 'started' | 'news' | 'work';
  /** Endings in it that the model has not read before. */
  readonly news: number;
}

const words = 'the quick brown fox jumps over the lazy dog and then it goes home to sleep until morning ';

/** A text of `chars` characters. */
export function filler(chars: number): string {
  return words
    .repeat(Math.ceil(chars / words.length))
    .slice(0, Math.max(1, chars))
    .trimEnd();
}

/** The mark by which the answer to a message is found: the model repeats it. */
export function markOf(key: string): string {
  return `#${key}#`;
}

/** A person's message that is answered as `order` says. */
export function talk(key: string, order: Talk): string {
  return `${markOf(key)} ${write(order)} ${filler(80)}`;
}

function task(key: string, order: Work): string {
  return `For ${key}. ${write(order)} ${filler(80)}`;
}

function write(order: Order): string {
  return `bench ${JSON.stringify(order)} end`;
}

function read(text: string): Order | undefined {
  const found = [...text.matchAll(/bench (\{.*?\}) end/g)].at(-1)?.[1];
  return found === undefined ? undefined : orderSchema.parse(JSON.parse(found));
}

const announcement = /<subagent-announcement /g;

/** The answer to a request, and what the request was. */
export function answer(request: ParsedRequest): { reply: Reply; kind: Kind } {
  const text = request.lastUserText;
  const order = read(text);
  if (order && 'work' in order) {
    return { reply: said(order, filler(order.chars)), kind: { kind: 'work', news: 0 } };
  }
  const keys = [...text.matchAll(/#([a-z0-9]+)#/g)].map(([mark]) => mark);
  const news = text.match(announcement)?.length ?? 0;
  if (order?.spawn && request.toolResults.length === 0) {
    const { n, task: given } = order.spawn;
    const key = keys.at(-1)?.slice(1, -1) ?? '';
    const toolCalls = Array.from({ length: n }, (_, at) => ({
      name: 'sessions_spawn',
      input: { label: `w-${key}-${at}`, task: task(key, given) },
    }));
    return {
      reply: { ...said(order, 'On it.'), toolCalls },
      kind: { kind: news > 0 ? 'news' : 'spawn', news },
    };
  }
  for (const { input } of request.toolResults.slice(0, 1)) {
    const key = typeof input.task === 'string' ? /^For (\S+)\./.exec(input.task)?.[1] : undefined;
    if (key !== undefined) keys.push(markOf(key));
  }
  const chars = order?.chars ?? 160;
  const reply = said(order ?? { chars }, `Heard ${keys.join(' ')} ${filler(chars)}`);
  const kind = news > 0 ? 'news' : request.toolResults.length > 0 ? 'started' : 'talk';
  return { reply, kind: { kind, news } };
}

function said({ delayMs, tokensPerSecond, chunk, gate }: Order, text: string): Reply {
  return {
    text,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(tokensPerSecond === undefined ? {} : { tokensPerSecond }),
    ...(chunk === undefined ? {} : { chunk }),
    ...(gate === undefined ? {} : { gate }),
  };
}
