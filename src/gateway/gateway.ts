/**
 * Puts the parts together for whatever host: catalogue, tools and prompt into rules, rules and ports into a
 * runtime. Owns no behaviour: what a host must bring is in its parameters.
 */
import type { Budgets, PrefixSubject, Rules } from '../core/commands.ts';
import * as policy from '../core/policy.ts';
import type { PrefixParams, Skills, Workshop } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { MarkerGroup } from '../markers/grammar.ts';
import { type Markers, makeMarkers } from '../markers/markers.ts';
import type { Catalogue, Known } from '../model/catalogue.ts';
import { prefixParams } from '../model/params.ts';
import { termsOf } from '../model/terms.ts';
import { settle } from '../model/thinking.ts';
import { webSearch } from '../model/web-search.ts';
import type { Lanes } from '../runtime/lanes.ts';
import type { Retained } from '../runtime/retention.ts';
import { makeRuntime, type Runtime, type RuntimePorts } from '../runtime/runtime.ts';
import { callerOf } from '../tools/caller.ts';
import { systemPrompt } from '../tools/prompt.ts';
import type { CompileSchema } from '../tools/result-schema.ts';
import { makeToolset, type Toolset } from '../tools/toolset.ts';
import { makeJudge } from '../trust/judge.ts';
import type { TrustSettings } from '../trust/rules.ts';

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
  /** Absent: all act by themselves, and no rule says otherwise. */
  readonly trust?: TrustSettings;
  /** Kinds of markers that sessions may speak; absent: none. */
  readonly markers?: readonly MarkerGroup[];
}

/** What the rules are made of besides the settings: the same for all sessions of a host. */
export interface RulePorts {
  readonly catalogue: Catalogue;
  /** Absent where there are none. */
  readonly skills?: Skills;
  /** Whether the workshop has folders and processes; otherwise nobody is told of the tools for them. */
  readonly canWork: boolean;
  /** Whether the workshop runs `web_fetch`. */
  readonly canFetch: boolean;
  /** Whether what reviewers run is kept from changing anything. */
  readonly sandboxed?: boolean;
  /** Checks the form of results; without it none can be asked for. */
  readonly compileSchema?: CompileSchema;
}

/** What a runtime is made of besides: as `RuntimePorts` has it, but for what follows from the settings. */
export type HostPorts = Omit<
  RuntimePorts,
  'rules' | 'intend' | 'hear' | 'maxModelCalls' | 'mainToolMs' | 'retained' | 'workshop' | 'skills'
> & {
  /** Absent: neither folders nor processes, and no pages of the web. */
  readonly workshop?: Workshop;
  /** Model calls in flight, where several runtimes share them; absent: as many as the settings say in this one. */
  readonly lanes?: Lanes;
};

export type GatewayPorts = HostPorts &
  Pick<RulePorts, 'catalogue' | 'skills' | 'sandboxed' | 'compileSchema'> & {
    /** Whether the workshop runs `web_fetch`; otherwise nobody is told of it. */
    readonly canFetch?: boolean;
  };

export interface GatewayRules {
  readonly rules: Rules;
  readonly toolset: Toolset;
  readonly markers?: Markers;
  readonly skills?: Skills;
  /** The id of the model that chats use unless they say otherwise. */
  readonly model: string;
}

export interface Gateway extends GatewayRules {
  readonly runtime: Runtime;
}

const allByThemselves: TrustSettings = { main: 'auto', subagents: 'auto', allow: [], ask: [], deny: [] };

const DAY_MS = 24 * 3_600_000;

const noWorktrees = { ok: false, why: 'none', message: 'This host has no worktrees.', files: [] } as const;

/** The workshop of a host that has none. */
export const nowhere: Workshop = {
  run: async () => ({ ok: false, text: 'This host has neither folders nor processes.' }),
  open: async () => ({ kind: 'failed', message: 'This host has no repositories.' }),
  verify: async (_, [command = '']) => ({ ok: false, command, text: 'This host runs no commands.' }),
  worktrees: {
    list: async () => [],
    diff: async () => noWorktrees,
    land: async () => noWorktrees,
    remove: async () => noWorktrees,
  },
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
export function makeRules(settings: GatewaySettings, ports: RulePorts): GatewayRules {
  const { catalogue } = ports;
  const skills = ports.skills?.all ?? [];
  const known = (name: string): Known => {
    const found = catalogue.resolve(name);
    if ('unknown' in found) throw new Error(found.message);
    return found;
  };
  const subagentModel = known(settings.subagentModel).id;
  const trust = settings.trust ?? allByThemselves;
  const judge = makeJudge(trust);
  const toolset = makeToolset({
    repositories: settings.repositories,
    models: catalogue.names,
    maxMinutes: settings.subagentMinutes,
    maxUsd: settings.budget.subagentUsd,
    ...(settings.budget.subagentTokens === undefined ? {} : { maxTokens: settings.budget.subagentTokens }),
    canWork: ports.canWork,
    sandboxed: ports.sandboxed ?? false,
    ...(ports.compileSchema ? { compileSchema: ports.compileSchema } : {}),
    judge,
    forbidden(command) {
      const verdict = judge({ name: 'bash', input: { command }, readOnly: false }, trust.main);
      return verdict.is === 'run' ? undefined : verdict.because;
    },
    hasSkills: skills.length > 0,
    canFetch: ports.canFetch,
    // A page that is too long to show is kept in a file, where there are files.
    keepsPages: ports.canWork,
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
  const markers = makeMarkers(settings.markers ?? [], {
    repositories: settings.repositories,
    intend: (call, session) => toolset.intend(call, callerOf(session, rules)),
    may: (session) => policy.mayDelegate(policy.depthOf(session), rules),
  });
  const rules: Rules = {
    maxChildren: settings.maxChildren,
    maxDepth: settings.maxDepth,
    maxSpawns: settings.maxSpawns,
    subagentMs: settings.subagentMinutes * 60_000,
    idleMs: settings.idleMinutes * 60_000,
    model: known(settings.model).id,
    subagentModel,
    budget: settings.budget,
    trust: { main: trust.main, subagents: trust.subagents },
    terms: termsOf(catalogue),
    ...(markers ? { reply: markers.reply } : {}),
    prefix(subject: PrefixSubject) {
      // The same object for the same subject: what is made of it need not be made again.
      const key = JSON.stringify(subject);
      const made = prefixes.get(key);
      if (made) return made;
      const model = inForce(subject);
      const params = prefixParams({
        model,
        thinking: settle(model, subject.thinking).params,
        system: systemPrompt(subject, settings.instructions, {
          skills,
          canWork: ports.canWork,
          sandboxed: ports.sandboxed ?? false,
          ...(markers ? { markers: markers.prompt } : {}),
        }),
        tools: [...toolset.schemas(subject), ...webSearch(model, settings.webSearches ?? 0)],
      });
      prefixes.set(key, params);
      return params;
    },
  };
  return {
    rules,
    toolset,
    ...(markers ? { markers } : {}),
    ...(ports.skills ? { skills: ports.skills } : {}),
    model: known(settings.model).id,
  };
}

/** A runtime that goes by the rules. */
export function makeRuntimeOf(
  settings: GatewaySettings,
  { rules, toolset, markers, skills }: GatewayRules,
  { workshop = nowhere, lanes, ...ports }: HostPorts,
): Runtime {
  return makeRuntime({
    ...ports,
    workshop,
    ...(skills ? { skills } : {}),
    rules,
    intend: (call, session: Session) => toolset.intend(call, callerOf(session, rules)),
    ...(markers ? { hear: markers.hear } : {}),
    maxModelCalls: lanes ?? settings.modelCalls,
    mainToolMs: settings.mainToolSeconds * 1_000,
    ...(settings.retention ? { retained: retainedOf(settings.retention) } : {}),
  });
}

/** Rules and runtime in one, for a host whose sessions are all in one process. */
export function makeGateway(settings: GatewaySettings, ports: GatewayPorts): Gateway {
  const { catalogue, skills, canFetch = false, sandboxed = false, compileSchema, ...host } = ports;
  const made = makeRules(settings, {
    catalogue,
    ...(skills ? { skills } : {}),
    canWork: host.workshop !== undefined,
    canFetch,
    sandboxed,
    ...(compileSchema ? { compileSchema } : {}),
  });
  return { ...made, runtime: makeRuntimeOf(settings, made, host) };
}
