/**
 * Which tools a session has and what a call of one means. Owns the reading of calls: from what a model sent to
 * an intent that core acts on, or to words that say what was wrong with it.
 */
import type { IntendedCall, Intent, PrefixSubject } from '../core/commands.ts';
import { head } from '../core/fence.ts';
import type { Json, ToolCall, ToolSchema } from '../core/ports.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { read } from './read.ts';
import { type SpawnSettings, type SpawnTool, sessionsSpawn } from './sessions-spawn.ts';
import { skill } from './skill.ts';
import { report, reportIntent, staySilent } from './speech.ts';
import { subagents, subagentsIntent } from './subagents.ts';
import { webFetchTool } from './web-fetch.ts';
import type { WorkTool } from './work-tool.ts';
import { write } from './write.ts';

export interface Toolset {
  readonly spawn: SpawnTool;
  /** The tools that such a session is told of, in a fixed order. */
  schemas(subject: Pick<PrefixSubject, 'kind' | 'mayDelegate'>): ToolSchema[];
  /** What a call means. Never throws: a model's mistake comes back as an intent with the words for it. */
  intend(
    call: ToolCall,
    subject: Pick<PrefixSubject, 'kind' | 'mayDelegate'>,
  ): Omit<IntendedCall, 'id' | 'name' | 'input'>;
}

/**
 * @param canWork whether the host has folders and processes: otherwise the tools for them are absent
 * @param canFetch whether the host runs `web_fetch`
 * @param keepsPages whether it keeps long pages in files; silence means that it does
 * @param hasSkills whether there is a skill to open: otherwise `skill` is absent
 */
export function makeToolset(
  settings: SpawnSettings & {
    readonly canWork: boolean;
    readonly canFetch: boolean;
    readonly keepsPages?: boolean;
    readonly hasSkills?: boolean;
  },
): Toolset {
  const spawn = sessionsSpawn(settings);
  const work: readonly Pick<WorkTool<unknown>, 'name' | 'schema' | 'readOnly' | 'repeatable' | 'parse'>[] = [
    ...(settings.hasSkills ? [skill] : []),
    ...(settings.canWork ? [bash, read, write, edit, glob, grep] : []),
    ...(settings.canFetch ? [webFetchTool({ keeps: settings.keepsPages ?? true })] : []),
  ];

  function toolsOf(subject: Pick<PrefixSubject, 'kind' | 'mayDelegate'>) {
    return [
      ...(subject.mayDelegate ? [spawn.tool, subagents] : []),
      subject.kind === 'main' ? staySilent : report,
      ...work,
    ];
  }

  function intentOf(call: ToolCall, names: readonly string[]): Intent {
    if (!names.includes(call.name)) {
      return { do: 'error', text: `There is no tool ${head(call.name, 80)}; there is ${names.join(', ')}.` };
    }
    switch (call.name) {
      case 'sessions_spawn': {
        const parsed = spawn.parse(call.input);
        return parsed.ok ? { do: 'spawn', request: parsed.request } : { do: 'error', text: parsed.error };
      }
      case 'subagents':
        return subagentsIntent(call.input);
      case 'stay_silent': {
        const parsed = staySilent.parse(call.input);
        return parsed.ok ? { do: 'silent' } : { do: 'error', text: parsed.error };
      }
      case 'report':
        return reportIntent(call.input);
      default: {
        const tool = work.find((one) => one.name === call.name);
        const parsed = tool?.parse(call.input);
        if (!tool || !parsed) throw new Error(`${call.name} is offered and nobody runs it`);
        return parsed.ok
          ? {
              do: 'work',
              readOnly: tool.readOnly,
              repeatable: tool.repeatable,
              processes: tool.name === bash.name,
            }
          : { do: 'error', text: parsed.error };
      }
    }
  }

  return {
    spawn,
    schemas: (subject) => toolsOf(subject).map((tool) => tool.schema),
    intend(call, subject) {
      const names = toolsOf(subject).map((tool) => tool.name);
      return { summary: summaryOf(call), intent: intentOf(call, names) };
    },
  };
}

/** The field of an input that says most to people who look on. */
const telling = [
  'command',
  'url',
  'query',
  'pattern',
  'path',
  'progress',
  'question',
  'label',
  'target',
  'task',
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
