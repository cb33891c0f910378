/**
 * One life of a gateway: the real runtime on simulated ports, from its start until it goes down or is stopped.
 * What it committed outlives it; nothing else does, but the processes it started.
 */
import type { Rules } from '../../src/core/commands.ts';
import * as policy from '../../src/core/policy.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { termsOf } from '../../src/model/terms.ts';
import { makeRetention } from '../../src/runtime/retention.ts';
import { makeRuntime, type Runtime } from '../../src/runtime/runtime.ts';
import { systemPrompt } from '../../src/tools/prompt.ts';
import { makeToolset, type Toolset } from '../../src/tools/toolset.ts';
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

/** The real tools; they remember nothing, so all worlds share them. */
export const toolset: Toolset = makeToolset({
  canWork: true,
  canFetch: false,
  repositories: ['app'],
  models: [MODEL],
  maxMinutes: LIMIT_MS / 60_000,
  maxUsd: 10,
  choose: () => ({ ok: true, model: MODEL, priced: true }),
});

const terms = termsOf(makeCatalogue());

/** @param release which of the project's releases the gateway is of: each has words of its own in its prompt */
export function rulesOf(
  { maxChildren, maxDepth, maxSpawns, compactAt, chatUsd, subagentUsd }: Limits,
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
    terms: (model) => ({ ...terms(model), window: WINDOW, compactAt }),
    prefix: (subject) => ({
      model: subject.model,
      max_tokens: 4_096,
      system: [...systemPrompt(subject, undefined, { skills: [], canWork: true }), `Release ${release}.`].map(
        (text) => ({
          type: 'text',
          text,
        }),
      ),
      tools: toolset.schemas(subject),
    }),
  };
}

export interface Life {
  readonly n: number;
  readonly runtime: Runtime;
  readonly time: LifeClock;
  readonly jobs: Jobs;
  /** A commit failed: the process is about to end. */
  readonly failed: boolean;
  readonly broken: readonly string[];
  /** Looks for subagents that are over, however short their end is past. */
  forget(): void;
  /** Ends it on the spot: nothing of it happens any more. */
  end(): void;
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

export function beginLife(ports: LifePorts): Life {
  const { n, witness, world, script, note } = ports;
  const time = lifeClock(ports.time);
  const jobs = makeJobs();
  const rules = rulesOf(ports.limits, Math.ceil(n / 3));
  const broken: string[] = [];
  let up = true;
  let failed = false;
  let drawn = n * 7_919;
  // What an earlier gateway left running is ended before any session goes on.
  killProcesses(world, () => true);
  const store = witness.of(n, () => up && !failed);
  const workshop = simulatedWorkshop({ world, jobs, life: n, script, note });
  const runtime = makeRuntime({
    store,
    clock: time.clock,
    model: scriptedModel({
      world,
      jobs,
      life: n,
      ceiling: ports.limits.maxModelCalls,
      script,
      fault: (line) => broken.push(line),
      note,
    }),
    workshop,
    rules,
    intend: (call, session) =>
      toolset.intend(call, {
        kind: session.kind,
        mayDelegate: policy.mayDelegate(policy.depthOf(session), rules),
      }),
    maxModelCalls: ports.limits.maxModelCalls,
    mainToolMs: 15_000,
    random: () => {
      drawn = (drawn * 48_271) % 2_147_483_647;
      return drawn / 2_147_483_647;
    },
    fatal: () => {
      failed = true;
    },
    log: {
      retried: () => {},
      gaveUp: (session, to, refusal) => broken.push(`${session} gave up mail to ${to}: ${refusal.message}`),
      unreached: (session, to, error) =>
        up && broken.push(`${session} to ${to}: ${error instanceof Error ? error.stack : String(error)}`),
      removed: () => {},
      retentionFailed: (error) => up && broken.push(`retention: ${String(error)}`),
      broken: (session, effect, error) =>
        broken.push(`${session} ${effect.key}: ${error instanceof Error ? error.stack : String(error)}`),
    },
  });
  runtime.start();
  return {
    n,
    runtime,
    time,
    jobs,
    broken,
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
