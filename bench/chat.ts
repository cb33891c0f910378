/**
 * A chat as the measurements drive it, whoever answers: the bare loop or the gateway. Owns how it is driven, so
 * that both are driven alike.
 */
import { now, sleep } from './clock.ts';
import type { Talk } from './script.ts';

/** A message's times, by the run's clock, as the one who said it saw them. */
export interface Told {
  readonly sentAt: number;
  /** When it was accepted; for the bare loop, which accepts nothing, when it was sent. */
  readonly acceptedAt: number;
  /** When the first words of an answer came. */
  readonly firstAt: number;
  /** When the answer that knows of it was whole. */
  readonly endedAt: number;
}

export interface Chat {
  /** Says something; resolves when the answer to it is whole. Rejects when the chat reports an error. */
  tell(order: Talk): Promise<Told>;
  close(): void;
}

/** A chat of one of the two sides: driven in the process where its times are to be taken. */
export interface DrivenChat {
  /** `n` turns, one after the other. */
  series(n: number, order: Talk): Promise<Told[]>;
  /** Talks until the returned function is called, which resolves with all that was said. */
  startPings(order: Talk, pauseMs: number): Promise<() => Promise<Told[]>>;
  close(): void;
}

/** What many turns took together, in milliseconds, and what CPU of the side's process. */
export interface Spent {
  readonly ms: number;
  readonly cpuMs: number;
}

/** One of the two that are compared. */
export interface Side {
  readonly name: 'floor' | 'gateway';
  readonly pid: number;
  open(): Promise<DrivenChat>;
  /** `chats` new chats with `each` turns each, all at once. */
  parallel(chats: number, each: number, order: Talk): Promise<Spent>;
  stop(): Promise<void>;
}

export async function inSeries(chat: Chat, n: number, order: Talk): Promise<Told[]> {
  const told: Told[] = [];
  for (let i = 0; i < n; i++) told.push(await chat.tell(order));
  return told;
}

/** `each` turns in each of the chats, all chats at once. `cpu` says what CPU their process has used so far. */
export async function inParallel(
  chats: readonly Chat[],
  each: number,
  order: Talk,
  cpu: () => number,
): Promise<Spent> {
  const [from, cpuFrom] = [now(), cpu()];
  await Promise.all(chats.map((chat) => inSeries(chat, each, order)));
  return { ms: now() - from, cpuMs: cpu() - cpuFrom };
}

/** Talks without end, `pauseMs` between an answer and the next message, until `isOver`. */
export async function pinging(
  chat: Chat,
  order: Talk,
  pauseMs: number,
  isOver: () => boolean,
): Promise<Told[]> {
  const told: Told[] = [];
  while (!isOver()) {
    told.push(await chat.tell(order));
    await sleep(pauseMs);
  }
  return told;
}
