/**
 * A thousand sessions at one gateway: many chats with a person each, some with subagents, on the real runtime in
 * virtual time. Owns who asks and what is counted of the calls; what the model answers is the script's business.
 */
import type { Recorded } from '../../src/core/events.ts';
import type { ModelRequest } from '../../src/core/ports.ts';
import { beginLife, type Limits } from './life.ts';
import type { Sent } from './model.ts';
import type { Asked, ModelPlan, Script } from './script.ts';
import { quiet, type Time } from './virtual-time.ts';
import { makeWitness } from './witness.ts';

export const CEILING = 64;
/** 2026-11-20 13:05 UTC. */
export const BEGIN = 1_795_179_900_000;
const limits: Limits = {
  maxChildren: 50,
  maxDepth: 1,
  maxSpawns: 100,
  maxModelCalls: CEILING,
  compactAt: 1e9,
  chatUsd: 100_000,
  subagentUsd: 100,
};
const from = { principal: 'ada', channel: 'test' };
/** Happenings after which a crowd must have come to rest. */
const MOST = 200_000;

export interface Call {
  /** `ask-7` or `task-7`; what else a session says to the model has no name here. */
  readonly who: string;
  readonly at: number;
}

export interface Crowd {
  readonly time: Time;
  /** Every call that left, in order. */
  readonly calls: readonly Call[];
  /** Calls that were answered, in order, by the name of who asked. */
  readonly answered: readonly Call[];
  /** The most calls that were out at the same time. */
  readonly peak: number;
  readonly life: ReturnType<typeof beginLife>;
  readonly logs: ReadonlyMap<string, readonly Recorded[]>;
  /** Texts of the notices of one chat. */
  notices(chat: string): string[];
  /** Lets happen what can until nothing is left, or until it is enough; time passes only when nothing else can. */
  play(until?: () => boolean, each?: () => void): Promise<void>;
}

/** @param answer how the model answers; called when an answer ends */
export async function makeCrowd(options: {
  chats: number;
  /** So many subagents, in the last chats, five each. */
  subagents: number;
  answer: (asked: Asked & { name: string; now: number }) => ModelPlan;
}): Promise<Crowd> {
  const time: Time = { monotonic: 0, ahead: BEGIN };
  const witness = makeWitness();
  const calls: Call[] = [];
  const answered: Call[] = [];
  let peak = 0;
  const script: Script = {
    answer(asked) {
      const name = nameOf(asked.request);
      const plan = options.answer({ ...asked, name, now: time.monotonic });
      if (plan.kind === 'answer') answered.push({ who: name, at: time.monotonic });
      return plan;
    },
    run: () => ({ ok: true, text: 'fine' }),
    check: () => ({ ok: true, text: 'fine' }),
    open: () => 'ready',
    close: () => 'closed',
    stubborn: () => 0,
    slowEnd: () => false,
    uses: () => ({ cached: 0, length: 0 }),
  };
  const sent: Sent[] = [];
  const life = beginLife({
    n: 1,
    time,
    witness,
    world: {
      sent,
      started: [],
      checks: [],
      cut: new Set(),
      calls: 0,
      day: () => '',
      processes: [],
      now: () => witness.transactions,
    },
    script: () => script,
    limits,
    note: () => {},
  });
  const { runtime, time: clock, jobs } = life;
  const crowd: Crowd = {
    time,
    calls,
    answered,
    get peak() {
      return peak;
    },
    life,
    logs: witness.logs,
    notices: (chat) =>
      (witness.logs.get(chat) ?? []).flatMap(({ event }) => (event.type === 'notice' ? [event.text] : [])),
    async play(until = () => false, each = () => {}) {
      for (let happened = 0; happened < MOST; happened++) {
        if (until()) return;
        const [job] = jobs.all;
        if (clock.soon > 0) clock.runSoon();
        else if (job) job.finish();
        else if (clock.next()) clock.fireNext();
        else return;
        await quiet();
        for (const { request } of sent.slice(calls.length)) {
          calls.push({ who: nameOf(request), at: time.monotonic });
        }
        peak = Math.max(peak, jobs.all.length);
        each();
      }
      throw new Error('the crowd does not come to rest');
    },
  };
  for (let n = 0; n < options.chats; n++) {
    const id = chatName(n);
    void runtime.send(id, {
      type: 'create',
      id,
      owner: 'ada',
      title: id,
      model: 'claude-sonnet-5-5',
      chosen: false,
      secret: id,
    });
    void runtime.send(id, {
      type: 'say',
      parts: [{ type: 'text', text: `ask-${n}` }],
      interrupt: false,
      from,
    });
  }
  for (let n = 0; n < options.subagents; n++) {
    void runtime.send(chatName(options.chats - options.subagents / 5 + Math.floor(n / 5)), {
      type: 'spawn',
      request: { task: `task-${n}: see to it`, role: 'worker', announce: 'each', notes: [] },
      from,
    });
  }
  await quiet();
  return crowd;
}

export function chatName(n: number): string {
  return `chat_${n}`;
}

/** What a request is about: the last person's question or task in it that no answer follows. */
function nameOf(request: ModelRequest): string {
  const last = request.messages.at(-1);
  for (const message of request.messages.toReversed()) {
    if (message.role === 'assistant') break;
    for (const block of message.content) {
      const named = /(?:^|\n)((?:ask|task)-\d+)/.exec(String(block.text ?? ''));
      if (named?.[1]) return named[1];
    }
  }
  return `other: ${JSON.stringify(last?.content).slice(0, 80)}`;
}
