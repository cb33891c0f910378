/**
 * An outside that is drawn: every kind of answer a model can give, tools and workspaces that come out one way or
 * the other. Owns how likely each is.
 */
import type { RefusalKind, ToolCall, TransientKind } from '../../src/core/ports.ts';
import { type Choices, chance, pick, weighted } from './choices.ts';
import { isAside } from './oracle/requests.ts';
import type { Asked, ModelPlan, PlannedBlock, Script } from './script.ts';

export interface DrawnScriptPorts {
  readonly choices: Choices;
  /** Labels, paths and ids of all subagents there are. */
  readonly names: () => readonly string[];
  /** Everything that was ever asked, oldest first. */
  readonly requests: () => readonly { readonly subagent: string; readonly id: string }[];
  /** A task that no other subagent has. */
  readonly newTask: () => string;
}

/** Words that the API refuses wherever they stand. */
export const POISON = 'words like poison';

function holdsPoison({ messages }: Asked['request']): boolean {
  return JSON.stringify(messages).includes(POISON);
}

/** Longer conversations are refused as too long. */
const MOST_CHARS = 12_000;

/** Answers with tool calls in one schedule: what keeps it short. */
const CALLING_ANSWERS = 16;

export function drawnScript({ choices, names, requests, newTask }: DrawnScriptPorts): Script {
  let calling = CALLING_ANSWERS;
  let said = 0;

  const text = (): PlannedBlock => {
    said += 1;
    const length = chance(choices, 2) ? 9_000 : 0;
    return { kind: 'text', text: `Words ${said}.${'😀'.repeat(length / 2)}` };
  };
  const before = (): PlannedBlock[] => {
    const blocks: PlannedBlock[] = [];
    if (chance(choices, 15)) blocks.push({ kind: 'thinking' });
    if (chance(choices, 40)) blocks.push(text());
    return blocks;
  };

  /** Summaries come in every way in which they can be of no use, too. */
  function summary(): ModelPlan {
    const kind = weighted(choices, [
      [10, 'good'],
      [2, 'empty'],
      [2, 'long'],
      [1, 'calls'],
      [1, 'refusal'],
      [2, 'again'],
      [1, 'refused'],
    ] as const);
    switch (kind) {
      case 'good':
        return {
          kind: 'answer',
          blocks: [
            ...(chance(choices, 30) ? [{ kind: 'thinking' } as const] : []),
            { kind: 'text', text: 'All of it in short.' },
          ],
          stop: 'end_turn',
        };
      case 'empty':
        return { kind: 'answer', blocks: [], stop: 'end_turn' };
      case 'long':
        return {
          kind: 'answer',
          blocks: [{ kind: 'text', text: 'At length. '.repeat(4_000) }],
          stop: 'end_turn',
        };
      case 'calls':
        return { kind: 'answer', blocks: [{ kind: 'call', ...callOf('bash') }], stop: 'tool_use' };
      case 'refusal':
        return { kind: 'answer', blocks: [], stop: 'refusal' };
      case 'again':
        return { kind: 'again', why: 'overloaded' };
      case 'refused':
        return { kind: 'refused', why: 'invalid', status: 400 };
    }
  }

  function answer(asked: Asked): ModelPlan {
    if (isAside(asked.request)) return summary();
    const tooLong = JSON.stringify(asked.request.messages).length > MOST_CHARS;
    if (tooLong || holdsPoison(asked.request)) return { kind: 'refused', why: 'invalid', status: 400 };
    const kind = weighted(choices, [
      [26, 'end'],
      [calling > 0 ? 46 : 0, 'calls'],
      [3, 'cut words'],
      [1, 'full'],
      [3, 'cut call'],
      [3, 'pause'],
      [calling > 0 ? 3 : 0, 'both'],
      [2, 'refusal'],
      [4, 'empty'],
      [2, 'blank'],
      [6, 'again'],
      [2, 'refused'],
      [1, 'broken'],
    ] as const);
    switch (kind) {
      case 'end':
        return { kind: 'answer', blocks: [...before(), text()], stop: 'end_turn' };
      case 'calls':
        return { kind: 'answer', blocks: [...before(), ...calls(asked)], stop: 'tool_use' };
      case 'cut words':
        return { kind: 'answer', blocks: [text()], stop: 'max_tokens' };
      case 'full':
        return { kind: 'answer', blocks: [text()], stop: 'model_context_window_exceeded' };
      case 'cut call': {
        const whole = chance(choices, 50) ? calls(asked) : [];
        const [last] = calls(asked);
        const cut: PlannedBlock[] =
          last?.kind === 'call' ? [{ ...last, cut: pick(choices, ['broken', 'reads']) }] : [];
        return { kind: 'answer', blocks: [...before(), ...whole, ...cut], stop: 'max_tokens' };
      }
      case 'pause':
        return { kind: 'answer', blocks: [...before(), { kind: 'server' }], stop: 'pause_turn' };
      // A call of the API's own tool beside those of ours, which it runs after ours.
      case 'both':
        return {
          kind: 'answer',
          blocks: [...before(), { kind: 'server' }, ...calls(asked)],
          stop: 'tool_use',
        };
      case 'refusal':
        return { kind: 'answer', blocks: chance(choices, 50) ? [text()] : [], stop: 'refusal' };
      case 'empty':
        return { kind: 'answer', blocks: [], stop: 'end_turn' };
      case 'blank':
        return { kind: 'answer', blocks: [{ kind: 'text', text: ' \n' }], stop: 'end_turn' };
      case 'again': {
        const why = pick<TransientKind>(choices, [
          'overloaded',
          'rate_limited',
          'server',
          'connection',
          'cut',
          'stalled',
        ]);
        const after = pick<number | undefined>(choices, [undefined, 2_000, 40_000]);
        return { kind: 'again', why, ...(after === undefined ? {} : { retryAfterMs: after }) };
      }
      case 'refused':
        return {
          kind: 'refused',
          ...pick<{ why: RefusalKind; status: number }>(choices, [
            { why: 'auth', status: 401 },
            { why: 'billing', status: 402 },
            { why: 'invalid', status: 400 },
          ]),
        };
      case 'broken':
        return { kind: 'broken' };
    }
  }

  function calls({ request, who }: Asked): PlannedBlock[] {
    calling -= 1;
    const offered = new Set(request.tools.map((tool) => tool.name));
    const delegates = offered.has('sessions_spawn');
    const count = 1 + choices.below(3);
    return Array.from({ length: count }, (): PlannedBlock => {
      const name = weighted(choices, [
        [5, 'bash'],
        [delegates ? 8 : 1, 'sessions_spawn'],
        [delegates ? 4 : 1, 'steer'],
        [delegates ? 4 : 1, 'kill'],
        [2, 'read'],
        [1, 'write'],
        [delegates ? 3 : 1, 'answer'],
        [who === 'main' ? 1 : 4, 'ask'],
        [1, 'list'],
        [1, 'show'],
        [2, who === 'main' ? 'stay_silent' : 'report'],
        [1, 'wrong'],
        [1, 'unknown'],
      ] as const);
      return { kind: 'call', ...callOf(name) };
    });
  }

  function callOf(name: string): { name: string; input: ToolCall['input'] } {
    switch (name) {
      case 'sessions_spawn':
        return {
          name,
          input: {
            task: newTask(),
            ...(chance(choices, 70) ? { label: pick(choices, ['a', 'b', 'c']) } : {}),
            ...(chance(choices, 20) ? { announce: 'quiet' } : {}),
            ...(chance(choices, 25) ? { repo: 'app' } : {}),
            ...(chance(choices, 10)
              ? { limits: { minutes: 0.5 } }
              : chance(choices, 12)
                ? {
                    limits: pick<ToolCall['input']>(choices, [{ usd: 0.1 }, { usd: 2 }, { tokens: 30_000 }]),
                  }
                : {}),
          },
        };
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
      case 'answer': {
        const asked = requests().at(-1 - choices.below(3));
        return {
          name: 'subagents',
          input: {
            action: 'answer',
            target: asked && chance(choices, 80) ? asked.subagent : target(),
            message: 'Take the blue one.',
            ...(asked && chance(choices, 50) ? { request: asked.id } : {}),
          },
        };
      }
      case 'ask':
        return { name: 'report', input: { question: 'Red or blue?\nI would take red.' } };
      case 'list':
        return { name: 'subagents', input: { action: 'list' } };
      case 'show':
        return { name: 'subagents', input: { action: 'show', target: target() } };
      case 'bash':
        return { name, input: { command: 'make' } };
      case 'write':
        return { name, input: { path: 'a.txt', content: 'a' } };
      case 'read':
        return { name, input: { path: 'a.txt' } };
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

  function target(): string {
    const known = names();
    const [first, ...rest] = known;
    if (first === undefined || chance(choices, 5)) return 'nobody';
    if (chance(choices, 15)) return 'all';
    return pick(choices, [first, ...rest]);
  }

  return {
    answer,
    uses: () => ({ cached: choices.below(4) / 4, length: choices.below(5) / 4 }),
    run: () =>
      chance(choices, 3)
        ? { ok: true, text: POISON }
        : chance(choices, 20)
          ? { ok: false, text: 'It failed.' }
          : { ok: true, text: 'It worked.' },
    open: () => (chance(choices, 12) ? 'failed' : 'ready'),
    close: () => (chance(choices, 12) ? 'failed' : 'closed'),
    stubborn: ({ path }) => (path !== '' && chance(choices, 6) ? 1 + choices.below(5) : 0),
    slowEnd: () => chance(choices, 30),
  };
}
