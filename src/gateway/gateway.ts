/**
 * Puts the parts together for whatever host: catalogue, tools and prompt into rules, rules and ports into a
 * runtime. Owns no behaviour: what a host must bring is in its parameters.
 */
import type { Budgets, PrefixSubject, Rules } from '../core/commands.ts';
import * as policy from '../core/policy.ts';
import type { Clock, Model, PrefixParams, Skills, Store, Workshop } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { Catalogue, Known } from '../model/catalogue.ts';
import { prefixParams } from '../model/params.ts';
import { termsOf } from '../model/terms.ts';
import { settle } from '../model/thinking.ts';
import { webSearch } from '../model/web-search.ts';
import type { Retained } from '../runtime/retention.ts';
import { makeRuntime, type Runtime, type RuntimeLog } from '../runtime/runtime.ts';
import { systemPrompt } from '../tools/prompt.ts';
import { makeToolset, type Toolset } from '../tools/toolset.ts';

/** The configuration as the gateway needs it, whoever read it. */
export interface GatewaySettings {
  readonly model: string;
  readonly subagentModel: string;
  readonly instructions?: string;
  readonly repositories: readonly string[];
  readonly maxChildren: number;
  readonly maxDepth: number;
  readonly maxSpawns: number;
  readonly subagentMinutes: number;
  readonly idleMinutes: number;
  readonly mainToolSeconds: number;
  readonly modelCalls: number;
  /** Searches of the web that one request may make, where the model has them; absent or 0: none. */
  readonly webSearches?: number;
  /** Days; 0 keeps for ever, and so does silence. */
  readonly retention?: { readonly toolOutputDays: number; readonly endedTreesDays: number };
  readonly budget: Budgets;
}

export interface GatewayPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly model: Model;
  readonly catalogue: Catalogue;
  /** Absent where the host has neither folders nor processes. */
  readonly workshop?: Workshop;
  /** Absent where there are none. */
  readonly skills?: Skills;
  /** Whether the workshop runs `web_fetch`; otherwise nobody is told of it. */
  readonly canFetch?: boolean;
  readonly random: () => number;
  readonly fatal: (error: unknown) => void;
  readonly log: RuntimeLog;
}

export interface Gateway {
  readonly runtime: Runtime;
  readonly toolset: Toolset;
  /** The id of the model that chats use unless they say otherwise. */
  readonly model: string;
}

const DAY_MS = 24 * 3_600_000;

const nowhere: Workshop = {
  run: async () => ({ ok: false, text: 'This host has neither folders nor processes.' }),
  open: async () => ({ kind: 'failed', message: 'This host has no repositories.' }),
  close: async () => undefined,
  sweep: async () => ({ left: [] }),
  unlanded: async () => [],
  discard: async () => ({ kept: [], left: [] }),
  outputs: async () => [],
  dropOutput: async () => 0,
};

function retainedOf({ toolOutputDays, endedTreesDays }: NonNullable<GatewaySettings['retention']>): Retained {
  return {
    ...(toolOutputDays > 0 ? { toolOutputMs: toolOutputDays * DAY_MS } : {}),
    ...(endedTreesDays > 0 ? { endedTreesMs: endedTreesDays * DAY_MS } : {}),
  };
}

/** @throws when the configured model is unknown: a host checks its configuration before. */
export function makeGateway(settings: GatewaySettings, ports: GatewayPorts): Gateway {
  const { catalogue } = ports;
  const skills = ports.skills?.all ?? [];
  const known = (name: string): Known => {
    const found = catalogue.resolve(name);
    if ('unknown' in found) throw new Error(found.message);
    return found;
  };
  const subagentModel = known(settings.subagentModel).id;
  const toolset = makeToolset({
    repositories: settings.repositories,
    models: catalogue.names,
    maxMinutes: settings.subagentMinutes,
    maxUsd: settings.budget.subagentUsd,
    ...(settings.budget.subagentTokens === undefined ? {} : { maxTokens: settings.budget.subagentTokens }),
    canWork: ports.workshop !== undefined,
    hasSkills: skills.length > 0,
    canFetch: ports.canFetch ?? false,
    choose(name, thinking) {
      const model = catalogue.resolve(name ?? settings.subagentModel);
      if ('unknown' in model) return { ok: false, error: model.message };
      const note = thinking === undefined ? undefined : settle(model, thinking).note;
      const priced = model.prices !== undefined;
      return { ok: true, model: model.id, priced, ...(note === undefined ? {} : { note }) };
    },
  });
  const prefixes = new Map<string, PrefixParams>();
  /** A model that was chosen once may be gone from the configuration: then the configured one goes on. */
  const inForce = (subject: PrefixSubject): Known => {
    const found = catalogue.resolve(subject.model);
    if (!('unknown' in found)) return found;
    return known(subject.kind === 'main' ? settings.model : settings.subagentModel);
  };
  const rules: Rules = {
    maxChildren: settings.maxChildren,
    maxDepth: settings.maxDepth,
    maxSpawns: settings.maxSpawns,
    subagentMs: settings.subagentMinutes * 60_000,
    idleMs: settings.idleMinutes * 60_000,
    model: known(settings.model).id,
    subagentModel,
    budget: settings.budget,
    terms: termsOf(catalogue),
    prefix(subject: PrefixSubject) {
      // The same object for the same subject: what is made of it need not be made again.
      const key = JSON.stringify(subject);
      const made = prefixes.get(key);
      if (made) return made;
      const model = inForce(subject);
      const params = prefixParams({
        model,
        thinking: settle(model, subject.thinking).params,
        system: systemPrompt(subject, settings.instructions, skills),
        tools: [...toolset.schemas(subject), ...webSearch(model, settings.webSearches ?? 0)],
      });
      prefixes.set(key, params);
      return params;
    },
  };
  const runtime = makeRuntime({
    store: ports.store,
    clock: ports.clock,
    model: ports.model,
    workshop: ports.workshop ?? nowhere,
    ...(ports.skills ? { skills: ports.skills } : {}),
    rules,
    intend: (call, session: Session) =>
      toolset.intend(call, {
        kind: session.kind,
        mayDelegate: policy.mayDelegate(policy.depthOf(session), rules),
      }),
    maxModelCalls: settings.modelCalls,
    mainToolMs: settings.mainToolSeconds * 1_000,
    ...(settings.retention ? { retained: retainedOf(settings.retention) } : {}),
    random: ports.random,
    fatal: ports.fatal,
    log: ports.log,
  });
  return {
    runtime,
    toolset,
    model: known(settings.model).id,
  };
}
