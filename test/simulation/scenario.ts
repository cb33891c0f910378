/**
 * How a fixed story is told, with crashes in it, and the small words in which stories are written. Owns no story.
 */
import type { Recorded } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import type { ToolCall } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';
import { type Asked, calm, type ModelPlan, type Script } from './script.ts';
import type { Crash } from './witness.ts';
import { makeWorld, type World } from './world.ts';

export interface Scenario {
  readonly name: string;
  readonly script: Script;
  /** Whether what must hold of somebody's work holds now; absent: it does. */
  readonly checks?: (world: World) => boolean;
  /** Jobs that don't end by themselves. */
  readonly holds: (what: string, world: World) => boolean;
  /** What people do, each once and in this order, as soon as its time has come. */
  readonly deeds: readonly {
    readonly when: (world: World) => boolean;
    readonly deed: (world: World) => void;
  }[];
  /** How it must have ended; what is otherwise, in words. */
  readonly ends: (world: World) => string[];
}

/** Tells a scenario with these crashes in it, to its end. */
export async function tell(
  scenario: Scenario,
  crashes: readonly Crash[],
  { apart = false }: { readonly apart?: boolean } = {},
): Promise<World> {
  const { checks = () => true } = scenario;
  const script: Script = {
    ...scenario.script,
    check: () => (checks(world) ? { ok: true, text: '' } : { ok: false, text: '1 failing' }),
  };
  const world = await makeWorld({ limits: { maxDepth: 3 }, script, crashes, apart });
  const deeds = [...scenario.deeds];
  await world.play({
    hold: (what) => scenario.holds(what, world),
    act: () => {
      if (!deeds[0]?.when(world)) return;
      deeds.shift()?.deed(world);
    },
  });
  if (deeds.length > 0) world.faults.push(`${deeds.length} deeds were never due`);
  await world.rest();
  return world;
}

// ───────────────────────────────────────────────────────── small words

export function say(text: string): ModelPlan {
  return { kind: 'answer', blocks: [{ kind: 'text', text }], stop: 'end_turn' };
}

export function use(...calls: readonly { name: string; input: ToolCall['input'] }[]): ModelPlan {
  return { kind: 'answer', blocks: calls.map((call) => ({ kind: 'call', ...call })), stop: 'tool_use' };
}

/** A script that answers by who asks and how many answers it has had. */
export function answers(plans: { readonly [who: string]: readonly ModelPlan[] }): Script {
  return {
    ...calm,
    answer(asked: Asked) {
      const had = asked.request.messages.filter(({ role }) => role === 'assistant').length;
      return plans[asked.who]?.[had] ?? calm.answer(asked);
    },
  };
}

export function spawn(label: string, task: string, more: ToolCall['input'] = {}) {
  return { name: 'sessions_spawn', input: { task, label, ...more } };
}

export function run(command: string) {
  return { name: 'bash', input: { command } };
}

export function logOf(world: World, name: string): readonly Recorded[] {
  for (const log of world.witness.logs.values()) {
    const born = log[0]?.event;
    if (born?.type === 'session.created' && (born.spec?.path ?? 'main') === name) return log;
  }
  return [];
}

export function standing(world: World, name: string): Session | undefined {
  let state: Session | undefined;
  for (const recorded of logOf(world, name)) state = evolve(state, recorded);
  return state;
}

/** Whether an event of this kind stands in a session's log. */
export function has(world: World, name: string, type: string, times = 1): boolean {
  return logOf(world, name).filter(({ event }) => event.type === type).length >= times;
}

export function endedAs(world: World, name: string, status: string, attempt = 1): string[] {
  const end = standing(world, name);
  return end?.status === status && end.attempt === attempt
    ? []
    : [`${name} ended as ${end?.status} in attempt ${end?.attempt}, not as ${status} in attempt ${attempt}`];
}
