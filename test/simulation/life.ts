/**
 * One life of a gateway: the real runtime on simulated ports, from its start until it goes down or is stopped.
 * What it committed outlives it; nothing else does, but the processes it started.
 */
import type { PrefixSubject, Rules } from '../../src/core/commands.ts';
import type { PrefixParams, Workshop } from '../../src/core/ports.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { termsOf } from '../../src/model/terms.ts';
import type { Broadcast } from '../../src/runtime/broadcast.ts';
import { makeRetention } from '../../src/runtime/retention.ts';
import { makeRuntime, type Runtime, type RuntimePorts } from '../../src/runtime/runtime.ts';
import { callerOf } from '../../src/tools/caller.ts';
import { systemPrompt } from '../../src/tools/prompt.ts';
import type { CompileSchema } from '../../src/tools/result-schema.ts';
import { makeToolset, type Toolset } from '../../src/tools/toolset.ts';
import type { Judge } from '../../src/trust/judge.ts';
import { type Jobs, makeJobs } from './jobs.ts';
import { type ModelWorld, scriptedModel } from './model.ts';
import type { Script } from './script.ts';
import { type LifeClock, lifeClock, type Time } from './virtual-time.ts';
import type { Witness } from './witness.ts';
import { killProcesses, simulatedWorkshop, type WorkshopWorld } from './workshop.ts';

export const MODEL = 'claude-sonnet-5-5';
export const LIMIT_MS = 600_000;
export const IDLE_MS = 120_000;

/** Tokens that a request may have; conversations are summarised long before. */
const WINDOW = 7_000;

/** What a world allows. Small, so that limits are met often. */
export interface Limits {
  readonly maxDepth: number;
  readonly maxChildren: number;
  readonly maxSpawns: number;
  readonly maxModelCalls: number;
  /** Tokens from which on a conversation is summarised. */
  readonly compactAt: number;
  /** Of the chat a day, and of each subagent. */
  readonly chatUsd: number;
  readonly subagentUsd: number;
  /** How far sessions may act by themselves; absent: all of them. */
  readonly trust?: Rules['trust'];
}

export const smallLimits: Limits = {
  maxDepth: 2,
  maxChildren: 2,
  maxSpawns: 9,
  maxModelCalls: 3,
  compactAt: 3_000,
  chatUsd: 1_000,
  subagentUsd: 10,
};

/** Rules that a command or a path names itself: so that scripts can say what is to be asked for, or is forbidden. */
export const judgeCall: Judge = ({ input, readOnly }, level) => {
  const words = String(input.command ?? input.path ?? '');
  const because = 'a rule says so';
  if (words.includes('forbidden')) return { is: 'deny', because };
  if (words.includes('ask a person')) return { is: 'ask', because, person: true };
  const asks = words.includes('ask') || (level === 'ask' && !readOnly);
  return asks ? { is: 'ask', because, person: false } : { is: 'run' };
};

/** Knows one word of schemas. */
const compileSchema: CompileSchema = ({ required }) => ({
  ok: true,
  misfit(value) {
    const given = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const missing = (Array.isArray(required) ? required : []).filter((name) => !given.includes(name));
    return missing.length === 0 ? undefined : `it has no ${missing.join(' and no ')}`;
  },
});

/** The real tools; they remember nothing, so all worlds share them. */
export const toolset: Toolset = makeToolset({
  canWork: true,
  canFetch: false,
  repositories: ['app'],
  models: [MODEL],
  maxMinutes: LIMIT_MS / 60_000,
  maxUsd: 10,
  choose: () => ({ ok: true, model: MODEL, priced: true }),
  judge: judgeCall,
  compileSchema,
});

const terms = termsOf(makeCatalogue());
const byThemselves: Rules['trust'] = { main: 'auto', subagents: 'auto' };

const prefixes = new Map<string, PrefixParams>();

/** The same object for the same subject: what is made of it need not be made again. */
function prefixOf(subject: PrefixSubject, release: number): PrefixParams {
  const key = JSON.stringify([release, subject]);
  const known = prefixes.get(key);
  if (known) return known;
  const system = [...systemPrompt(subject, undefined, { skills: [], canWork: true }), `Release ${release}.`];
  const params: PrefixParams = {
    model: subject.model,
    max_tokens: 4_096,
    system: system.map((text) => ({ type: 'text', text })),
    tools: toolset.schemas(subject),
  };
  prefixes.set(key, params);
  return params;
}

/** @param release which of the project's releases the gateway is of: each has words of its own in its prompt */
export function rulesOf(
  { maxChildren, maxDepth, maxSpawns, compactAt, chatUsd, subagentUsd, trust = byThemselves }: Limits,
  release = 1,
): Rules {
  return {
    maxChildren,
    maxDepth,
    maxSpawns,
    subagentMs: LIMIT_MS,
    idleMs: IDLE_MS,
    model: MODEL,
    subagentModel: MODEL,
    budget: { chatUsd, subagentUsd },
    trust,
    terms: (model) => ({ ...terms(model), window: WINDOW, compactAt }),
    prefix: (subject) => prefixOf(subject, release),
  };
}

/** What is reached of a gateway from outside. */
export interface Life {
  readonly n: number;
  readonly runtime: Pick<Runtime, 'send' | 'state' | 'stop'> & {
    readonly broadcast: Pick<Broadcast, 'follow'>;
  };
  readonly time: LifeClock;
  readonly jobs: Pick<Jobs, 'all'>;
  /** Sessions in memory. */
  readonly actors: number;
  /** A commit failed: the process is about to end. */
  readonly failed: boolean;
  readonly broken: readonly string[];
  /** Looks for subagents that are over, however short their end is past. */
  forget(): void;
  /** Ends it on the spot: nothing of it happens any more. */
  end(): void;
  /** Where each session is kept by itself: one of them goes down, drawn by `below`. */
  evict?(below: (n: number) => number): void;
  /** How often that happened, in whatever way. */
  readonly evictions?: number;
}

/** A gateway whose sessions are all in one process. */
export interface WholeLife extends Life {
  readonly runtime: Runtime;
}

export interface LifePorts {
  readonly n: number;
  readonly time: Time;
  readonly witness: Witness;
  readonly world: ModelWorld & WorkshopWorld;
  readonly script: () => Script;
  readonly limits: Limits;
  readonly note: (line: () => string) => void;
}

/** The real runtime on simulated ports; what is wrong with it is told to `broken`. */
export function runtimeIn(
  { n, world, script, limits, note }: LifePorts,
  own: Pick<RuntimePorts, 'store' | 'clock' | 'fatal'> &
    Partial<Pick<RuntimePorts, 'elsewhere' | 'evicted'>> & {
      readonly jobs: Jobs;
      /** The how-manieth incarnation of this process it is. */
      readonly life: number;
      readonly random: () => number;
      readonly broken: (line: string) => void;
      readonly isUp: () => boolean;
      /** Mail that does not arrive is part of the play. */
      readonly lossy?: boolean;
    },
): { readonly runtime: Runtime; readonly workshop: Workshop } {
  const { jobs, life, broken, isUp, lossy = false, random, ...ports } = own;
  const rules = rulesOf(limits, Math.ceil(n / 3));
  const workshop = simulatedWorkshop({ world, jobs, life, script, note });
  const runtime = makeRuntime({
    ...ports,
    random,
    model: scriptedModel({
      world,
      jobs,
      life,
      ceiling: limits.maxModelCalls,
      script,
      fault: broken,
      note,
    }),
    workshop,
    rules,
    intend: (call, session) => toolset.intend(call, callerOf(session, rules)),
    maxModelCalls: limits.maxModelCalls,
    mainToolMs: 15_000,
    log: {
      retried: () => {},
      gaveUp: (session, to, refusal) => broken(`${session} gave up mail to ${to}: ${refusal.message}`),
      unreached: (session, to, error) => {
        if (isUp() && !lossy) broken(`${session} to ${to}: ${wordsOf(error)}`);
      },
      removed: () => {},
      retentionFailed: (error) => {
        if (isUp()) broken(`retention: ${String(error)}`);
      },
      broken: (session, effect, error) => {
        if (!lossy || !(error instanceof Lost)) broken(`${session} ${effect.key}: ${wordsOf(error)}`);
      },
    },
  });
  return { runtime, workshop };
}

/** A message between objects that did not arrive, or whose answer did not. */
export class Lost extends Error {}

function wordsOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

/** Numbers in [0, 1) that follow from a seed. */
export function drawnFrom(seed: number): () => number {
  let drawn = seed * 7_919;
  return () => {
    drawn = (drawn * 48_271) % 2_147_483_647;
    return drawn / 2_147_483_647;
  };
}

export function beginLife(ports: LifePorts): WholeLife {
  const { n, witness, world } = ports;
  const time = lifeClock(ports.time);
  const jobs = makeJobs();
  const broken: string[] = [];
  let up = true;
  let failed = false;
  // What an earlier gateway left running is ended before any session goes on.
  killProcesses(world, () => true);
  const store = witness.of(n, () => up && !failed);
  const { runtime, workshop } = runtimeIn(ports, {
    store,
    clock: time.clock,
    jobs,
    life: n,
    random: drawnFrom(n),
    broken: (line) => broken.push(line),
    isUp: () => up,
    fatal: () => {
      failed = true;
    },
  });
  runtime.start();
  return {
    n,
    runtime,
    time,
    jobs,
    broken,
    get actors() {
      return runtime.actors;
    },
    get failed() {
      return failed;
    },
    forget() {
      const retention = makeRetention({
        store,
        sessions: runtime.sessions,
        clock: time.clock,
        workshop,
        retained: { endedTreesMs: 0 },
        state: (session) => runtime.state(session),
        send: (session, command) => runtime.send(session, command),
        // A gateway that is asked to stop takes no more commands.
        failed: () => {},
      });
      void retention.sweep();
    },
    end() {
      up = false;
      time.end();
      for (const job of jobs.all) jobs.remove(job);
    },
  };
}
