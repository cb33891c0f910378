/**
 * A process of its own that answers calls over Node's IPC channel: what runs there takes no time from what is
 * measured here. Owns the child's life and the pairing of calls with answers, and nothing that they say.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

const callSchema = z.object({ id: z.number(), method: z.string(), params: z.unknown() });
const answerSchema = z.object({ id: z.number(), value: z.unknown(), error: z.string().optional() });

export type Handlers = Readonly<Record<string, (params: unknown) => unknown>>;

export interface Peer {
  readonly pid: number;
  /** Calls a handler of the process; rejects with its error's words, or when it ended. */
  call<Schema extends z.ZodType>(method: string, params: unknown, schema: Schema): Promise<z.output<Schema>>;
  stop(): Promise<void>;
}

/** Starts `file`, which must call `serve`, and waits until it does. */
export async function startPeer(file: string, args: readonly string[] = []): Promise<Peer> {
  const child = fork(new URL(file, import.meta.url), args, { serialization: 'json' });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let calls = 0;
  child.on('message', (message) => {
    const answer = answerSchema.safeParse(message);
    if (!answer.success) return;
    const { id, value, error } = answer.data;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    const error = new Error(`${file} ended by itself (${code ?? signal})`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    return error;
  });
  const peer: Peer = {
    pid: child.pid ?? 0,
    async call(method, params, schema) {
      const id = calls++;
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      if (!child.connected) throw await ended;
      child.send({ id, method, params });
      return schema.parse(await answer);
    },
    stop: () => end(child),
  };
  await peer.call('ready', null, z.literal('ready'));
  return peer;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Answers the calls of the process that started this one, and ends with it. */
export function serve(handlers: Handlers): void {
  const send = process.send?.bind(process);
  if (!send) throw new Error('This file is started by the bench, not by hand: npm run bench');
  const all: Handlers = { ...handlers, ready: () => 'ready' };
  process.on('message', (message) => {
    const { id, method, params } = callSchema.parse(message);
    const handler = all[method];
    Promise.resolve()
      .then(() => {
        if (!handler) throw new Error(`there is no ${method}`);
        return handler(params);
      })
      .then(
        (value) => send({ id, value: value ?? null }),
        (error: unknown) =>
          send({ id, value: null, error: error instanceof Error ? error.message : String(error) }),
      );
  });
  process.once('disconnect', () => process.exit());
}
