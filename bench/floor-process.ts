/** The floor in a process of its own. The measurements drive it by calls; times are taken here. */
import { z } from 'zod';
import { type Chat, inParallel, inSeries, pinging, type Told } from './chat.ts';
import { makeFloor } from './floor-agent.ts';
import { prefixesSchema } from './model.ts';
import { cpuMs } from './process-facts.ts';
import { serve } from './rpc.ts';
import { talkSchema } from './script.ts';

const startSchema = z.object({ url: z.string(), prefixes: prefixesSchema });
const seriesSchema = z.object({ chat: z.number(), n: z.number(), order: talkSchema });
const parallelSchema = z.object({ chats: z.number(), each: z.number(), order: talkSchema });
const pingSchema = z.object({ chat: z.number(), order: talkSchema, pauseMs: z.number() });

let floor: ReturnType<typeof makeFloor> | undefined;
const chats: (Chat | undefined)[] = [];
const pings = new Map<number, { stop: boolean; told: Promise<Told[]> }>();

function loop(): ReturnType<typeof makeFloor> {
  if (!floor) throw new Error('start comes first');
  return floor;
}

function chatAt(index: number): Chat {
  const chat = chats[index];
  if (!chat) throw new Error(`there is no chat ${index}`);
  return chat;
}

serve({
  start(params) {
    const { url, prefixes } = startSchema.parse(params);
    floor = makeFloor(url, prefixes);
  },
  open: () => chats.push(loop().open()) - 1,
  close(chat) {
    chats[z.number().parse(chat)] = undefined;
  },
  series(params) {
    const { chat, n, order } = seriesSchema.parse(params);
    return inSeries(chatAt(chat), n, order);
  },
  parallel(params) {
    const { chats: n, each, order } = parallelSchema.parse(params);
    return inParallel(Array.from({ length: n }, loop().open), each, order, () => cpuMs(process.pid));
  },
  startPings(params) {
    const { chat, order, pauseMs } = pingSchema.parse(params);
    const run = { stop: false, told: Promise.resolve<Told[]>([]) };
    run.told = pinging(chatAt(chat), order, pauseMs, () => run.stop);
    pings.set(chat, run);
  },
  stopPings(chat) {
    const run = pings.get(z.number().parse(chat));
    if (!run) throw new Error('nobody pings there');
    run.stop = true;
    return run.told;
  },
});
