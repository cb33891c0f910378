/**
 * Fixed stories, to be told with a crash before and after each of their commits. Owns what happens in them
 * and how each must end, whatever went down when; that nothing else is breached is the oracle's business.
 */
import type { Recorded } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import type { ToolCall } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';
import { isEnded } from '../../src/core/subagents.ts';
import { type Asked, calm, type ModelPlan, type Script } from './script.ts';
import type { Crash } from './witness.ts';
import { makeWorld, type World } from './world.ts';

export interface Scenario {
  readonly name: string;
  readonly script: Script;
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
  const world = await makeWorld({ limits: { maxDepth: 3 }, script: scenario.script, crashes, apart });
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

function say(text: string): ModelPlan {
  return { kind: 'answer', blocks: [{ kind: 'text', text }], stop: 'end_turn' };
}

function use(...calls: readonly { name: string; input: ToolCall['input'] }[]): ModelPlan {
  return { kind: 'answer', blocks: calls.map((call) => ({ kind: 'call', ...call })), stop: 'tool_use' };
}

/** A script that answers by who asks and how many answers it has had. */
function answers(plans: { readonly [who: string]: readonly ModelPlan[] }): Script {
  return {
    ...calm,
    answer(asked: Asked) {
      const had = asked.request.messages.filter(({ role }) => role === 'assistant').length;
      return plans[asked.who]?.[had] ?? calm.answer(asked);
    },
  };
}

function spawn(label: string, task: string) {
  return { name: 'sessions_spawn', input: { task, label } };
}

const bash = { name: 'bash', input: { command: 'make' } };

function logOf(world: World, name: string): readonly Recorded[] {
  for (const log of world.witness.logs.values()) {
    const born = log[0]?.event;
    if (born?.type === 'session.created' && (born.spec?.path ?? 'main') === name) return log;
  }
  return [];
}

function standing(world: World, name: string): Session | undefined {
  let state: Session | undefined;
  for (const recorded of logOf(world, name)) state = evolve(state, recorded);
  return state;
}

/** Whether an event of this kind stands in a session's log. */
function has(world: World, name: string, type: string, times = 1): boolean {
  return logOf(world, name).filter(({ event }) => event.type === type).length >= times;
}

function endedAs(world: World, name: string, status: string, attempt = 1): string[] {
  const end = standing(world, name);
  return end?.status === status && end.attempt === attempt
    ? []
    : [`${name} ended as ${end?.status} in attempt ${end?.attempt}, not as ${status} in attempt ${attempt}`];
}

/** Endings whose news a request held that was answered. */
function read(world: World): string[] {
  return logOf(world, 'main').flatMap(({ event }) =>
    event.type === 'mail.settled' && event.how === 'read' && event.announcement
      ? [`${event.announcement.attempt}`]
      : [],
  );
}

// ───────────────────────────────────────────────────────── the stories

const spawnAndNews: Scenario = {
  name: 'a subagent is spawned, works, and its news is read',
  script: answers({
    main: [use(spawn('scout', 'task-1: look around')), say('It is under way.'), say('All is well.')],
    'task-1': [use(bash), say('Nothing to be seen.')],
  }),
  holds: () => false,
  deeds: [{ when: () => true, deed: ({ people }) => people.say('words-1', false) }],
  ends: (world) => [
    ...endedAs(world, 'scout', 'completed'),
    ...(read(world).join() === '1' ? [] : [`its news was read ${read(world).length} times`]),
  ],
};

const nestedKill: Scenario = {
  name: 'a subagent that has one of its own is killed by the main session',
  script: answers({
    main: [
      use(spawn('boss', 'task-1: see to the pawn')),
      say('It is under way.'),
      use({ name: 'subagents', input: { action: 'kill', target: 'boss' } }),
      say('They are gone.'),
    ],
    'task-1': [use(spawn('pawn', 'task-2: work on')), say('I wait.')],
    'task-2': [use(bash)],
  }),
  holds: (what) => what.startsWith('bash'),
  deeds: [
    { when: () => true, deed: ({ people }) => people.say('words-1', false) },
    {
      when: (world) => has(world, 'boss/pawn', 'tool.started') && has(world, 'main', 'turn.ended'),
      deed: ({ people }) => people.say('words-2', false),
    },
  ],
  ends(world) {
    const report = logOf(world, 'main').some(
      ({ event }) =>
        event.type === 'tool.finished' && String(event.block.content).includes('"killed":["boss","pawn"]'),
    );
    // Where the pawn's tool was cut by a crash, the pawn goes on and may end by itself before the kill.
    const pawn = standing(world, 'boss/pawn')?.status ?? '';
    return [
      ...endedAs(world, 'boss', 'killed'),
      ...(world.lives > 1 || report ? [] : ['the kill was not reported as confirmed']),
      ...(isEnded(pawn) ? [] : ['the pawn lives']),
    ];
  },
};

const steerAndResume: Scenario = {
  name: 'a subagent is steered at work, and again when it has ended',
  script: answers({
    main: [use(spawn('scout', 'task-1: look around')), say('It is under way.')],
    'task-1': [say('Nothing on the right.'), say('Nothing on the left either.'), say('Nor behind.')],
  }),
  holds: (what, world) =>
    what === 'answer for task-1' && !has(world, 'scout', 'attempt.started') && !steered(world, 1),
  deeds: [
    { when: () => true, deed: ({ people }) => people.say('words-1', false) },
    {
      when: (world) => has(world, 'scout', 'step.requested') && has(world, 'main', 'turn.ended'),
      deed: ({ people }) => people.steer('scout', 'Look to the left.', false),
    },
    {
      when: (world) => has(world, 'scout', 'attempt.ended') && has(world, 'main', 'turn.ended', 2),
      deed: ({ people }) => people.steer('scout', 'Look behind you.', false),
    },
  ],
  ends: (world) => [
    ...endedAs(world, 'scout', 'completed', 2),
    ...(read(world).join() === '1,2' ? [] : [`the news of attempts ${read(world).join()} was read`]),
    ...(standing(world, 'scout')?.steps === 3 ? [] : ['a steer was not read by a step of its own']),
  ],
};

function steered(world: World, times: number): boolean {
  const steers = logOf(world, 'scout').filter(
    ({ event }) => event.type === 'mail.accepted' && event.body.kind === 'steer',
  );
  return steers.length >= times;
}

const questions: Scenario = {
  name: 'a subagent asks twice: the session above answers, then a person',
  script: answers({
    main: [use(spawn('boss', 'task-1: see to the pawn')), say('It is under way.')],
    'task-1': [
      use(spawn('pawn', 'task-2: paint')),
      say('I wait.'),
      use({ name: 'subagents', input: { action: 'answer', target: 'pawn', message: 'Blue.' } }),
      say('I wait for the rest.'),
    ],
    'task-2': [
      use({ name: 'report', input: { question: 'Which colour?' } }),
      use({ name: 'report', input: { question: 'How many coats?' } }, bash),
      say('Painted.'),
    ],
  }),
  holds: () => false,
  deeds: [
    { when: () => true, deed: ({ people }) => people.say('words-1', false) },
    {
      when: (world) => has(world, 'boss/pawn', 'input.requested', 2) && knows(world, 2),
      deed({ people, requests }) {
        const last = requests().at(-1);
        // Both at the same moment: one of them counts.
        for (let n = 0; n < 2; n++) people.answer(last?.subagent ?? '', last?.id ?? '');
      },
    },
  ],
  ends: (world) => [
    ...endedAs(world, 'boss/pawn', 'completed'),
    ...endedAs(world, 'boss', 'completed'),
    ...(heard(world).join() === 'parent,person' ? [] : [`it was answered by ${heard(world).join()}`]),
  ],
};

/** Whether the main session knows of so many questions of the pawn's, and of one that is open. */
function knows(world: World, asked: number): boolean {
  const cards = Object.values(standing(world, 'main')?.tree.cards ?? {});
  return cards.some((card) => card.path === 'boss/pawn' && card.asked === asked && card.requests);
}

/** Who answered the pawn, in order. */
function heard(world: World): string[] {
  return logOf(world, 'boss/pawn').flatMap(({ event }) =>
    event.type === 'input.answered' ? [event.by] : [],
  );
}

export const scenarios: readonly Scenario[] = [spawnAndNews, nestedKill, steerAndResume, questions];
