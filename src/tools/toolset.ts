/**
 * Which tools a session has and what a call of one means. Owns the reading of calls: from what a model sent to
 * an intent that core acts on, or to words that say what was wrong with it.
 */
import type { TrustLevel } from '../core/card.ts';
import type { IntendedCall, Intent, PrefixSubject } from '../core/commands.ts';
import { head } from '../core/fence.ts';
import type { Json, ToolCall, ToolSchema } from '../core/ports.ts';
import type { Judge } from '../trust/judge.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { permissionFor } from './permission.ts';
import { planTool } from './plan.ts';
import { read } from './read.ts';
import type { ResultSchema } from './result-schema.ts';
import { type SpawnSettings, type SpawnTool, sessionsSpawn } from './sessions-spawn.ts';
import { skill } from './skill.ts';
import { report, reportIntent, reportWithPlan, staySilent } from './speech.ts';
import { subagents, subagentsIntent } from './subagents.ts';
import { submitIntent, submitResult } from './submit-result.ts';
import { webFetchTool } from './web-fetch.ts';
import type { WorkTool } from './work-tool.ts';
import { worktreesIntent, worktreesTool } from './worktrees.ts';
import { write } from './write.ts';

/** What a session's tools depend on. */
export type ToolSubject = Pick<PrefixSubject, 'kind' | 'mayDelegate' | 'plans' | 'submits'> &
  Partial<Pick<PrefixSubject, 'role'>>;

/** Whose call it is. */
export interface ToolCaller extends ToolSubject {
  /** How far it may act by itself now. */
  readonly trust: TrustLevel;
  /** The form that its result must have. */
  readonly resultSchema?: ResultSchema;
}

export interface Toolset {
  readonly spawn: SpawnTool;
  /** The tools that such a session is told of, in a fixed order. */
  schemas(subject: ToolSubject): ToolSchema[];
  /** What a call means. Never throws: a model's mistake comes back as an intent with the words for it. */
  intend(call: ToolCall, caller: ToolCaller): Omit<IntendedCall, 'id' | 'name' | 'input'>;
}

type Work = Pick<WorkTool<unknown>, 'name' | 'schema' | 'readOnly' | 'repeatable' | 'parse'>;

/**
 * @param canWork whether the host has folders and processes: otherwise the tools for them are absent
 * @param sandboxed whether what reviewers run is kept from changing anything: otherwise they run nothing
 * @param canFetch whether the host runs `web_fetch`
 * @param keepsPages whether it keeps long pages in files; silence means that it does
 * @param hasSkills whether there is a skill to open: otherwise `skill` is absent
 * @param judge what the rules say to a call
 */
export function makeToolset(
  settings: SpawnSettings & {
    readonly canFetch: boolean;
    readonly sandboxed?: boolean;
    readonly keepsPages?: boolean;
    readonly hasSkills?: boolean;
    readonly judge: Judge;
  },
): Toolset {
  const { canWork, judge } = settings;
  const spawn = sessionsSpawn(settings);
  const plan = planTool(settings, spawn);
  const landing = worktreesTool({ mayLand: true });
  const reviewing = worktreesTool({ mayLand: false });
  const hasWorktrees = canWork && settings.repositories.length > 0;
  const skills: readonly Work[] = settings.hasSkills ? [skill] : [];
  const fetching: readonly Work[] = settings.canFetch
    ? [webFetchTool({ keeps: settings.keepsPages ?? true })]
    : [];
  const work: readonly Work[] = [
    ...skills,
    ...(canWork ? [bash, read, write, edit, glob, grep] : []),
    ...fetching,
  ];
  const looking: readonly Work[] = [
    ...skills,
    ...(canWork ? [...(settings.sandboxed ? [bash] : []), read, glob, grep] : []),
    ...fetching,
  ];

  const worksWith = ({ role }: ToolSubject): readonly Work[] => (role === 'reviewer' ? looking : work);
  const worktreesOf = ({ role }: ToolSubject) => (role === 'reviewer' ? reviewing : landing);

  function toolsOf(subject: ToolSubject) {
    return [
      ...(subject.mayDelegate ? [spawn.tool, subagents, plan] : []),
      ...(subject.mayDelegate && hasWorktrees ? [worktreesOf(subject)] : []),
      subject.kind === 'main' ? staySilent : subject.plans ? reportWithPlan : report,
      ...(subject.submits ? [submitResult] : []),
      ...worksWith(subject),
    ];
  }

  function intentOf(call: ToolCall, caller: ToolCaller, names: readonly string[]): Intent {
    if (!names.includes(call.name)) {
      return { do: 'error', text: `There is no tool ${head(call.name, 80)}; there is ${names.join(', ')}.` };
    }
    switch (call.name) {
      case 'sessions_spawn':
        return spawnIntent(call, caller);
      case 'subagents':
        return subagentsIntent(call.input);
      case 'plan':
        return plan.intent(call.input, (commands) => uncheckable(commands, caller));
      case 'worktrees':
        return within(call, caller, worktreesIntent(worktreesOf(caller), call.input));
      case 'stay_silent': {
        const parsed = staySilent.parse(call.input);
        return parsed.ok ? { do: 'silent' } : { do: 'error', text: parsed.error };
      }
      case 'report':
        return reportIntent(call.input, caller.plans ?? false);
      case 'submit_result':
        return submitIntent(call.input, caller.resultSchema, settings.compileSchema);
      default: {
        const tool = worksWith(caller).find((one) => one.name === call.name);
        const parsed = tool?.parse(call.input);
        if (!tool || !parsed) throw new Error(`${call.name} is offered and nobody runs it`);
        if (!parsed.ok) return { do: 'error', text: parsed.error };
        const { readOnly, repeatable } = tool;
        const processes = tool.name === bash.name;
        return within(call, caller, { do: 'work', readOnly, repeatable, processes });
      }
    }
  }

  /** What works outside, as far as the session's trust and the rules go. */
  function within(call: ToolCall, { trust }: ToolCaller, intent: Intent): Intent {
    // What a skill says was chosen by those who made the rules.
    if (intent.do !== 'work' || call.name === skill.name) return intent;
    if (trust === 'plan' && !intent.readOnly) return { do: 'error', text: planFirst };
    const { name, input } = call;
    const verdict = judge({ name, input, readOnly: intent.readOnly }, trust);
    switch (verdict.is) {
      case 'run':
        return intent;
      case 'deny': {
        const text = `Not run, and nobody can allow it here: ${verdict.because}. Do without it.`;
        return { do: 'deny', text, tried: `${summaryOf(call)} (${verdict.because})` };
      }
      case 'ask': {
        const asked = permissionFor(call, verdict.because);
        if (!asked.ok) return { do: 'error', text: asked.text };
        const { title, detail } = asked;
        return { ...intent, permission: { title, detail, person: verdict.person } };
      }
    }
  }

  /** A session has nothing checked by commands that it could not run by itself. */
  function uncheckable(commands: readonly string[], { trust, role }: ToolCaller): string | undefined {
    if (role === 'reviewer' && commands.length > 0) {
      return 'a reviewer’s subagents are reviewers, too, and have no done_when.commands: leave them out.';
    }
    for (const command of commands) {
      const verdict = judge({ name: bash.name, input: { command }, readOnly: false }, trust);
      if (verdict.is !== 'run') {
        return `the done_when command ${JSON.stringify(head(command, 200))} would need permission (${verdict.because}), and nobody is there to give it when it runs. Name commands that you may run by yourself, or leave them out and check the work when it comes.`;
      }
    }
    return undefined;
  }

  function spawnIntent(call: ToolCall, caller: ToolCaller): Intent {
    const parsed = spawn.parse(call.input);
    if (!parsed.ok) return { do: 'error', text: parsed.error };
    const fault = uncheckable(parsed.request.doneWhen?.commands ?? [], caller);
    if (fault !== undefined) return { do: 'error', text: `Not spawned: ${fault}` };
    return { do: 'spawn', request: parsed.request };
  }

  return {
    spawn,
    schemas: (subject) => toolsOf(subject).map((tool) => tool.schema),
    intend(call, caller) {
      const summary = summaryOf(call);
      try {
        const names = toolsOf(caller).map((tool) => tool.name);
        return { summary, intent: intentOf(call, caller, names) };
      } catch (error) {
        // The answer is paid for: thrown on, it would be asked for and paid for again and again.
        const why = error instanceof Error ? error.message : String(error);
        const text = `This call of ${head(call.name, 80)} could not be read: ${head(why, 500)}`;
        return { summary, intent: { do: 'error', text } };
      }
    },
  };
}

const planFirst =
  'Not run: your plan is not approved yet, and until then you only read. Hand it in with report, plan.';

/** The field of an input that says most to people who look on. */
const telling = [
  'command',
  'url',
  'query',
  'pattern',
  'path',
  'progress',
  'question',
  'plan',
  'label',
  'target',
  'task',
  'main_task',
  'name',
] as const;

function summaryOf(call: ToolCall): string {
  const action = text(call.input.action);
  const field = telling.map((name) => text(call.input[name])).find((value) => value !== undefined);
  const words = [action, field?.split('\n', 1)[0]].filter((word) => word !== undefined && word !== '');
  return words.length === 0 ? call.name : `${call.name}: ${head(words.join(' '), 160)}`;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
