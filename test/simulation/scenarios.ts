/**
 * Fixed stories, to be told with a crash before and after each of their commits. Owns what happens in them
 * and how each must end, whatever went down when; that nothing else is breached is the oracle's business.
 */
import { isEnded } from '../../src/core/subagents.ts';
import { answers, endedAs, has, logOf, run, type Scenario, say, spawn, standing, use } from './scenario.ts';
import type { World } from './world.ts';

const bash = run('make');

/** Endings whose news a request held that was answered. */
function read(world: World): string[] {
  return logOf(world, 'main').flatMap(({ event }) =>
    event.type === 'mail.settled' && event.how === 'read' && event.announcement
      ? [`${event.announcement.attempt}`]
      : [],
  );
}

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
        for (let n = 0; n < 2; n++) if (last) people.answer(last);
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

const permissions: Scenario = {
  name: 'all ask first: the main session, a subagent for its plan and its work, which is checked before it is believed',
  script: answers({
    main: [
      use(spawn('smith', 'task-1: forge', { trust: 'plan', done_when: { commands: ['make test'] } })),
      use(run('ask me')),
      say('It is under way.'),
    ],
    'task-1': [
      use({ name: 'report', input: { plan: 'Forge it.' } }),
      use(run('ask a person'), bash),
      say('Forged.'),
      say('Forged anew.'),
    ],
  }),
  checks: (world) => has(world, 'smith', 'verification.failed'),
  holds: () => false,
  deeds: [
    { when: () => true, deed: ({ people }) => people.say('words-1', false) },
    decision('main', 'permission'),
    decision('smith', 'plan'),
    decision('smith', 'permission'),
  ],
  ends: (world) => [
    ...endedAs(world, 'smith', 'completed'),
    ...(standing(world, 'smith')?.verified === 'make test' ? [] : ['it was not verified']),
    ...(has(world, 'smith', 'verification.failed', 2) ? ['its work came back twice'] : []),
    ...(world.started.some(({ call }) => call.input.command === 'ask a person') || world.lives > 1
      ? []
      : ['what was allowed was not run']),
  ],
};

/** Two people decide at the same moment: the one who was first counts. */
function decision(name: string, kind: string): Scenario['deeds'][number] {
  const asked = (world: World) =>
    world.waiting().find((one) => one.kind === kind && one.session === standing(world, name)?.id);
  return {
    when: (world) => asked(world) !== undefined,
    deed(world) {
      const one = asked(world);
      if (!one) return;
      world.people.answer(one, { decision: 'allow' });
      world.people.answer(one, { decision: 'deny' });
    },
  };
}

export const scenarios: readonly Scenario[] = [
  spawnAndNews,
  nestedKill,
  steerAndResume,
  questions,
  permissions,
];
