/** The floor's process as one of the two sides. Owns the calls to it, nothing that it measures. */
import { z } from 'zod';
import type { Side } from './chat.ts';
import type { Prefixes } from './model.ts';
import { startPeer } from './rpc.ts';

const toldSchema = z.array(
  z.object({ sentAt: z.number(), acceptedAt: z.number(), firstAt: z.number(), endedAt: z.number() }),
);

const spentSchema = z.object({ ms: z.number(), cpuMs: z.number() });

/** A new process with the bare loop, asking the model at `url` with the gateway's own prefixes. */
export async function startFloor(url: string, prefixes: Prefixes): Promise<Side> {
  const peer = await startPeer('./floor-process.ts');
  await peer.call('start', { url, prefixes }, z.null());
  return {
    name: 'floor',
    pid: peer.pid,
    async open() {
      const chat = await peer.call('open', null, z.number());
      return {
        series: (n, order) => peer.call('series', { chat, n, order }, toldSchema),
        async startPings(order, pauseMs) {
          await peer.call('startPings', { chat, order, pauseMs }, z.null());
          return () => peer.call('stopPings', chat, toldSchema);
        },
        close: () => void peer.call('close', chat, z.null()),
      };
    },
    parallel: (chats, each, order) => peer.call('parallel', { chats, each, order }, spentSchema),
    stop: () => peer.stop(),
  };
}

/** Milliseconds from the start of a process to a bare loop that could take its first message. */
export async function floorStart(now: () => number): Promise<number> {
  const from = now();
  const peer = await startPeer('./floor-process.ts');
  const ms = now() - from;
  await peer.stop();
  return ms;
}
