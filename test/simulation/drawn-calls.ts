/**
 * The tool calls of a drawn model: what each session may try with the tools that it is told of, right and wrong. Owns
 * how likely each is, and what they are called with.
 */
import type { ModelRequest, ToolCall } from '../../src/core/ports.ts';
import { type Choices, chance, pick, weighted } from './choices.ts';
import type { InputAsked } from './people.ts';
import type { Asked, PlannedBlock } from './script.ts';

export interface DrawnCallPorts {
  readonly choices: Choices;
  /** Labels, paths and ids of all subagents there are. */
  readonly names: () => readonly string[];
  /** Everything that was ever asked, oldest first. */
  readonly requests: () => readonly InputAsked[];
  /** What of it is open. */
  readonly waiting: () => readonly InputAsked[];
  /** A task that no other subagent has. */
  readonly newTask: () => string;
}

type Input = ToolCall['input'];
type Planned = Extract<PlannedBlock, { kind: 'call' }>;

export interface DrawnCalls {
  /** A few calls of one answer. */
  some(asked: Asked): Planned[];
  /** Whether something is wanted of a session that takes a call: an answer, or its plan. */
  mustAct(asked: Asked): boolean;
  plain(): Planned;
}

export function drawnCalls({ choices, names, requests, waiting, newTask }: DrawnCallPorts): DrawnCalls {
  function some({ request, who }: Asked): Planned[] {
    const offered = new Set(request.tools.map((tool) => tool.name));
    const delegates = offered.has('sessions_spawn');
    const asked = latestAsked(request);
    // More than may be asked for at a time.
    if (chance(choices, 3)) return Array.from({ length: 6 }, () => ({ kind: 'call', ...bash('ask me') }));
    // More than may be spawned unasked, where money is short.
    if (delegates && chance(choices, 4)) {
      return Array.from({ length: 6 }, () => ({ kind: 'call', ...callOf('sessions_spawn') }));
    }
    const count = 1 + choices.below(3);
    return Array.from({ length: count }, (): Planned => {
      const name = weighted(choices, [
        [5, 'bash'],
        [delegates ? 9 : 1, 'sessions_spawn'],
        [delegates ? 2 : 0, 'tasks'],
        [delegates ? 4 : 1, 'steer'],
        [delegates ? 4 : 1, 'kill'],
        [2, 'read'],
        [1, 'write'],
        [asked ? 14 : !delegates ? 1 : waiting().length > 0 ? 6 : 2, 'answer'],
        [who === 'main' ? 1 : 4, 'ask'],
        [mustPlan(request) ? 25 : 0, 'plan'],
        [offered.has('submit_result') ? 8 : 0, 'submit_result'],
        [1, 'list'],
        [1, 'show'],
        [2, who === 'main' ? 'stay_silent' : 'report'],
        [1, 'wrong'],
        [1, 'unknown'],
      ] as const);
      const input = name === 'answer' ? answerInput(asked) : undefined;
      return { kind: 'call', ...(input ? { name: 'subagents', input } : callOf(name)) };
    });
  }

  function callOf(name: string): { name: string; input: Input } {
    switch (name) {
      case 'sessions_spawn':
        return { name, input: spawnInput() };
      case 'tasks':
        return { name: 'plan', input: planInput() };
      case 'steer':
        return {
          name: 'subagents',
          input: {
            action: 'steer',
            target: target(),
            message: 'Turn left.',
            ...(chance(choices, 40) ? { interrupt: true } : {}),
          },
        };
      case 'kill':
        return { name: 'subagents', input: { action: 'kill', target: target() } };
      case 'ask':
        return { name: 'report', input: { question: 'Red or blue?\nI would take red.' } };
      case 'plan':
        return { name: 'report', input: { plan: 'Paint it.\n1. Look. 2. Paint.' } };
      case 'submit_result':
        return {
          name,
          input: weighted<Input>(choices, [
            [3, { result: { colour: 'blue' } }],
            [3, { result: { size: 3 } }],
            [1, {}],
          ]),
        };
      case 'list':
        return { name: 'subagents', input: { action: 'list' } };
      case 'show':
        return { name: 'subagents', input: { action: 'show', target: target() } };
      case 'bash':
        return bash(command());
      case 'write':
        return { name, input: { path: 'a.txt', content: 'a' } };
      case 'read':
        return { name, input: { path: chance(choices, 15) ? 'ask me.txt' : 'a.txt' } };
      case 'stay_silent':
        return { name, input: {} };
      case 'report':
        return { name, input: { progress: 'halfway' } };
      case 'wrong':
        return { name: 'bash', input: { comand: 'make' } };
      default:
        return { name: 'no_such_tool', input: {} };
    }
  }

  /** As the rules of a simulated world read it. */
  function command(): string {
    return weighted(choices, [
      [13, 'make'],
      [2, 'ask me'],
      [1, 'ask a person'],
      [1, 'a forbidden thing'],
    ]);
  }

  function spawnInput(): Input {
    return {
      task: newTask(),
      ...(chance(choices, 70) ? { label: pick(choices, ['a', 'b', 'c']) } : {}),
      ...weighted<Input>(choices, [
        [6, {}],
        [2, { announce: 'quiet' }],
        [2, { announce: 'together' }],
      ]),
      ...(chance(choices, 25) ? { after: pick(choices, [['a'], ['b'], ['a', 'b'], ['c'], ['nobody']]) } : {}),
      ...(chance(choices, 25) ? { repo: 'app' } : {}),
      ...(chance(choices, 10)
        ? { limits: { minutes: 0.5 } }
        : chance(choices, 12)
          ? { limits: pick<Input>(choices, [{ usd: 0.1 }, { usd: 2 }, { tokens: 30_000 }]) }
          : {}),
      ...spawnTerms(choices),
    };
  }

  /** A plan of three, or of more than anybody may spawn unasked; or a change of one, right or wrong. */
  function planInput(): Input {
    const task = (id: string, more: Input = {}): Input => ({ id, task: newTask(), ...more, ...planTerms() });
    const kill = chance(choices, 50) ? { kill: true } : {};
    switch (
      weighted(choices, [
        [6, 'set'],
        [2, 'many'],
        [5, 'update'],
        [2, 'drop'],
        [1, 'own'],
        [1, 'show'],
      ] as const)
    ) {
      case 'set': {
        const own = { id: 'all', role: 'manager', title: 'All of it', after: ['a', 'b'] };
        const tasks = [task('a'), task('b', { after: ['a'] }), own];
        return { action: 'set', main_task: 'A house', tasks, ...kill };
      }
      case 'many': {
        const tasks = Array.from({ length: 6 }, (_, n) => task(`t${n}`));
        return { action: 'set', main_task: 'Six houses', tasks, ...kill };
      }
      case 'update': {
        const after = [pick(choices, ['a', 'b', 'c', 'all'])];
        return {
          action: 'update',
          tasks: [task(pick(choices, ['b', 'c', 'd']), chance(choices, 50) ? { after } : {})],
        };
      }
      case 'drop':
        return { action: 'update', drop: [pick(choices, ['a', 'b', 'c', 'all'])], ...kill };
      case 'own':
        return { action: 'update', tasks: [{ id: 'all', status: 'completed' }] };
      case 'show':
        return { action: 'show' };
    }
  }

  function planTerms(): Input {
    return weighted<Input>(choices, [
      [5, {}],
      [2, { retries: 1 }],
      [1, { repo: 'app' }],
      [1, { limits: { usd: 2 } }],
      [1, { done_when: mustHold(choices) }],
    ]);
  }

  /** What it was just asked, as a rule, or what is open; now and then in a form in which nobody may answer it. */
  function answerInput(latest: InputAsked | undefined): Input {
    const [first, ...rest] = latest ? [latest] : waiting();
    const late = !first || chance(choices, 20);
    const asked = late ? requests().at(-1 - choices.below(3)) : pick(choices, [first, ...rest]);
    const decision = decisionFor(choices, asked?.kind ?? 'question');
    return {
      action: 'answer',
      target: asked && chance(choices, 90) ? asked.session : target(),
      ...(decision && chance(choices, 40) ? {} : { message: 'Take the blue one.' }),
      ...(decision ? { decision } : {}),
      ...(asked && chance(choices, 50) ? { request: asked.id } : {}),
    };
  }

  /** The request that the latest words to a session are about, if they are about one. */
  function latestAsked({ messages }: ModelRequest): InputAsked | undefined {
    const last = messages.findLast(({ role }) => role === 'user');
    const id = /, request "([^"]+)"/.exec(String(last?.content.at(-1)?.text ?? ''))?.[1];
    return requests().find((one) => one.id === id);
  }

  function target(): string {
    const known = names();
    const [first, ...rest] = known;
    if (first === undefined || chance(choices, 5)) return 'nobody';
    if (chance(choices, 15)) return 'all';
    return pick(choices, [first, ...rest]);
  }

  return {
    some,
    mustAct: ({ request }) => mustPlan(request) || latestAsked(request) !== undefined,
    plain: () => ({ kind: 'call', ...bash('make') }),
  };
}

function bash(command: string): { name: string; input: Input } {
  return { name: 'bash', input: { command } };
}

function mustPlan({ tools }: ModelRequest): boolean {
  const report = tools.find(({ name }) => name === 'report');
  return report !== undefined && JSON.stringify(report).includes('"plan":');
}

/** What a spawn says of how far it may act, and of what must hold when it is done. */
export function spawnTerms(choices: Choices): Input {
  const kind = weighted(choices, [
    [16, 'plain'],
    [3, 'plan'],
    [1, 'ask'],
    [1, 'auto'],
    [8, 'done'],
    [2, 'planned'],
    [1, 'reviewer'],
  ] as const);
  switch (kind) {
    case 'plain':
      return {};
    case 'plan':
    case 'ask':
    case 'auto':
      return { trust: kind };
    case 'done':
      return { done_when: mustHold(choices) };
    case 'planned':
      return { trust: 'plan', done_when: mustHold(choices) };
    case 'reviewer':
      return { role: 'reviewer' };
  }
}

const resultSchema = { required: ['colour'] };
const commands = ['make test'];

/** What must hold; the last two may nobody ask for who can't run them unasked. */
function mustHold(choices: Choices): Input {
  return weighted<Input>(choices, [
    [4, { commands }],
    [3, { commands: ['make', ...commands] }],
    [2, { result_schema: resultSchema }],
    [3, { commands, result_schema: resultSchema }],
    [1, { commands: ['ask me'] }],
    [1, { commands: ['a forbidden thing'] }],
  ]);
}

/** What whoever answers such a request decides, if that is what it takes; now and then not. */
export function decisionFor(choices: Choices, kind: InputAsked['kind']): 'allow' | 'deny' | undefined {
  if (kind === 'question') return chance(choices, 8) ? 'allow' : undefined;
  return weighted(choices, [
    [6, 'allow'],
    [4, 'deny'],
    [1, undefined],
  ] as const);
}
