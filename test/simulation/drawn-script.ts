/**
 * An outside that is drawn: every kind of answer a model can give, tools and workspaces that come out one way or
 * the other. Owns how likely each is.
 */
import type { RefusalKind, TransientKind } from '../../src/core/ports.ts';
import { chance, pick, weighted } from './choices.ts';
import { type DrawnCallPorts, drawnCalls } from './drawn-calls.ts';
import { isAside } from './oracle/requests.ts';
import type { Asked, ModelPlan, PlannedBlock, Script } from './script.ts';

/** Words that the API refuses wherever they stand. */
export const POISON = 'words like poison';

function holdsPoison({ messages }: Asked['request']): boolean {
  return JSON.stringify(messages).includes(POISON);
}

/** Longer conversations are refused as too long. */
const MOST_CHARS = 12_000;

/** Answers with tool calls in one schedule: what keeps it short. */
const CALLING_ANSWERS = 16;

export function drawnScript(ports: DrawnCallPorts): Script {
  const { choices } = ports;
  const { some, plain, mustAct } = drawnCalls(ports);
  let calling = CALLING_ANSWERS;
  let said = 0;
  /** Of the commands that tell whether work is done. */
  const failing = chance(choices, 25) ? 85 : 35;

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
        return { kind: 'answer', blocks: [plain()], stop: 'tool_use' };
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
      [calling > 0 ? (mustAct(asked) ? 120 : 46) : 0, 'calls'],
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

  function calls(asked: Asked): PlannedBlock[] {
    calling -= 1;
    return some(asked);
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
    check: () => (chance(choices, failing) ? { ok: false, text: '1 failing' } : { ok: true, text: '' }),
    open: () => (chance(choices, 12) ? 'failed' : 'ready'),
    close: () => (chance(choices, 12) ? 'failed' : 'closed'),
    stubborn: ({ path }) => (path !== '' && chance(choices, 6) ? 1 + choices.below(5) : 0),
    slowEnd: () => chance(choices, 30),
  };
}
