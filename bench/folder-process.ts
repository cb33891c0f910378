/**
 * Fills a data folder fast, through the gateway's own runtime and store: the logs are real, only the network
 * and the model's process are left out. Started by `folders.ts`, which kills it in the end.
 */
import { z } from 'zod';
import type { Block, CallOutcome, Model } from '../src/core/ports.ts';
import { makeGateway } from '../src/gateway/gateway.ts';
import { nodeClock } from '../src/hosts/node/clock.ts';
import { openStore } from '../src/hosts/node/store/sqlite-store.ts';
import { makeWorkshop } from '../src/hosts/node/workshop/workshop.ts';
import { defaultModel, makeCatalogue } from '../src/model/catalogue.ts';
import { readRequest } from '../src/simulator/request.ts';
import { serve } from './rpc.ts';
import { answer, filler, type Talk, talk } from './script.ts';

const usage = {
  inputTokens: 900,
  outputTokens: 50,
  cacheReadTokens: 2_000,
  cacheWriteTokens: 300,
  usd: 0.01,
};
const from = { principal: 'admin', channel: 'http' } as const;
/** Chats that are filled at the same time. */
const TOGETHER = 40;
const CHILDREN = 9;
const LONG_TURNS = 20;

/** The scripted model without its process. */
const model: Model = {
  async call(request, { signal }): Promise<CallOutcome> {
    const { reply } = answer(readRequest({ ...request }, { index: 0, headers: {} }));
    if (reply.gate !== undefined) await new Promise((_, reject) => signal.addEventListener('abort', reject));
    const content: Block[] = [
      { type: 'text', text: reply.text ?? '' },
      ...(reply.toolCalls ?? []).map(({ name, input }): Block => {
        const { label, task } = input ?? {};
        return {
          type: 'tool_use',
          id: `toolu_${count++}`,
          name,
          input: { label: String(label), task: String(task) },
        };
      }),
    ];
    return { kind: 'answered', content, stop: reply.toolCalls ? 'tool_use' : 'end_turn', usage };
  },
};
let count = 0;

function openFolder(folder: string) {
  const store = openStore(`${folder}/data`);
  const fatal = (error: unknown): never => {
    throw error;
  };
  const { runtime } = makeGateway(
    {
      model: defaultModel,
      subagentModel: defaultModel,
      repositories: [],
      maxChildren: 1_000,
      maxDepth: 1,
      maxSpawns: 1_000_000,
      subagentMinutes: 60,
      idleMinutes: 60,
      mainToolSeconds: 15,
      modelCalls: 10_000,
      budget: { chatUsd: 1_000, subagentUsd: 100 },
    },
    {
      store,
      clock: nodeClock,
      model,
      catalogue: makeCatalogue(),
      workshop: makeWorkshop({
        dataFolder: store.folder,
        dataFolderId: 'bench',
        repositories: {},
        processes: 1,
      }),
      random: Math.random,
      fatal,
      log: {
        retried: () => {},
        gaveUp: () => {},
        unreached: () => {},
        removed: () => {},
        retentionFailed: () => {},
        broken: (_, __, error) => fatal(error),
      },
    },
  );

  async function chat(): Promise<string> {
    const id = `chat_bench${count++}`;
    await runtime.send(id, {
      type: 'create',
      id,
      owner: 'admin',
      title: '',
      model: defaultModel,
      chosen: false,
      secret: id,
    });
    return id;
  }

  /** Says something and waits until nothing is under way but subagents that are held. */
  async function say(id: string, order: Talk): Promise<void> {
    const text = talk(`k${count++}`, order);
    await runtime.send(id, { type: 'say', parts: [{ type: 'text', text }], interrupt: false, from });
    const gated = order.spawn?.task.gate !== undefined;
    for (;;) {
      const state = runtime.state(id);
      const cards = Object.values(state?.tree.cards ?? {});
      const settled = gated
        ? cards.every((card) => card.status === 'running') && state?.mail.undelivered.length === 0
        : cards.every((card) => card.announcement === 'read');
      if (state?.status === 'idle' && settled) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return { runtime, chat, say };
}

const workSchema = z.object({ folder: z.string(), all: z.number(), working: z.number(), gate: z.string() });
const longSchema = z.object({ folder: z.string(), events: z.number() });
const manySchema = z.object({ folder: z.string(), messages: z.number() });

serve({
  async atWork(params) {
    const { folder, all, working, gate } = workSchema.parse(params);
    const { chat, say } = openFolder(folder);
    const fill = async (n: number, given?: string): Promise<void> => {
      const id = await chat();
      await say(id, { chars: 200 });
      const task = { work: true, chars: 400, ...(given === undefined ? {} : { gate: given }) } as const;
      await say(id, { chars: 200, spawn: { n, task } });
    };
    const plans: { n: number; gate?: string }[] = [];
    for (let left = working; left > 0; left -= CHILDREN) plans.push({ n: Math.min(CHILDREN, left), gate });
    const rest = all - working - plans.length;
    for (let left = rest; left > 0; left -= CHILDREN + 1)
      plans.unshift({ n: Math.max(1, Math.min(CHILDREN, left - 1)) });
    for (let at = 0; at < plans.length; at += TOGETHER) {
      await Promise.all(plans.slice(at, at + TOGETHER).map((plan) => fill(plan.n, plan.gate)));
    }
  },

  async manyMessages(params) {
    const { folder, messages } = manySchema.parse(params);
    const { runtime, chat } = openFolder(folder);
    const id = await chat();
    const speak = (text: string) =>
      runtime.send(id, { type: 'say', parts: [{ type: 'text', text }], interrupt: false, from });
    await speak(talk('held', { chars: 40, gate: 'held' }));
    for (let at = 1; at < messages; at += TOGETHER) {
      const some = Array.from({ length: Math.min(TOGETHER, messages - at) }, (_, n) => at + n);
      await Promise.all(some.map((n) => speak(`Message ${n}. ${filler(40 + ((n * 37) % 400))}`)));
    }
    return id;
  },

  async longAndShort(params) {
    const { folder, events } = longSchema.parse(params);
    const { runtime, chat, say } = openFolder(folder);
    const [long, short] = [await chat(), await chat()];
    for (const id of [long, short]) {
      await say(id, { chars: 200, spawn: { n: 1, task: { work: true, chars: 200 } } });
      for (let turn = 0; turn < LONG_TURNS / 2; turn++) await say(id, { chars: 200 });
    }
    // What a subagent tells of itself is most of what a log holds that no model reads.
    const card = Object.values(runtime.state(long)?.tree.cards ?? {})[0];
    if (!card) throw new Error('the long chat has no subagent');
    for (;;) {
      const state = runtime.state(long);
      const left = events - (state?.seq ?? 0);
      if (left <= 0) break;
      const n = (state?.mail.accepted[card.id] ?? 0) + 1;
      const mails = Array.from({ length: Math.min(100, left) }, (_, at) => ({
        to: long,
        n: n + at,
        body: { kind: 'status' as const, change: 'updated' as const, card },
      }));
      await runtime.send(long, { type: 'mail', sender: card.id, mails });
    }
    for (let turn = 0; turn < LONG_TURNS / 2; turn++)
      for (const id of [long, short]) await say(id, { chars: 200 });
    return { long, short };
  },
});
