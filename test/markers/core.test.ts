/** What the core makes of calls that were spoken: ordinary calls, whose outcome is a note and never a tool's result. */
import { describe, expect, test } from 'vitest';
import type { IntendedCall } from '../../src/core/commands.ts';
import { reply } from '../../src/markers/replies.ts';
import {
  born,
  card,
  carry,
  chat,
  exchange,
  latestWords,
  NOON,
  only,
  type Play,
  rules,
  run,
  spawnRequest,
  text,
  types,
} from '../core/play.ts';

const answered = { ...rules, reply };
const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
const MINUTE = 60_000;

function spoken(name: string, intent: IntendedCall['intent']): IntendedCall {
  return { id: `spoken_${name}`, name: 'x', input: {}, summary: `x: ${name}`, spoken: name, intent };
}

const spawn = (once: string): IntendedCall =>
  spoken('CREATE_SESSION', { do: 'spawn', request: spawnRequest('scout', { once }) });

/** The model answers the step at hand in words, which mean these calls. */
function says(of: Play, words: string, calls: readonly IntendedCall[], more: object = {}, at = NOON) {
  return of.do(
    {
      type: 'answered',
      step: of.state.step?.n ?? 0,
      content: [text(words)],
      stop: 'end_turn',
      usage,
      calls,
      ms: 1,
      ...more,
    },
    { at, rules: answered },
  );
}

function begun(): Play {
  const main = chat(answered);
  main.say('Begin.');
  return main;
}

describe('a call that was spoken', () => {
  test('comes back as a note in the next request, which holds no result of a tool', () => {
    const main = begun();
    says(main, 'Well. [raw]', [spawn('a'), spoken('STOP_SESSION', { do: 'kill', target: 'nobody' })], {
      said: 'Well.',
    });
    const words = latestWords(main);
    expect(words).toHaveLength(2);
    expect(words[0]).toMatch(/^<gateway-note>\n\[SESSION_CREATED: sub_\w+ worker scout sub_\w+\]\n/);
    expect(words[1]).toMatch(/^<gateway-note>\n\[SESSION_ERROR: Nothing killed: /);
    expect(main.state.owed).toEqual([]);
    expect(main.state.lastText).toBe('Well.');
  });

  test('of a kill that newer words interrupt is told of behind them', () => {
    const main = begun();
    says(main, 'x', [spawn('a')]);
    says(main, 'x', [spoken('STOP_SESSION', { do: 'kill', target: 'scout' })]);
    expect(main.state.step?.phase).toBe('tools');
    main.say('Wait!', true);
    const words = latestWords(main);
    expect(words[0]).toContain('Wait!');
    expect(words[1]).toMatch(/\[SESSION_ERROR: Interrupted by newer words\. The kill itself goes on/);
  });

  test('asks for the same only once as long as that is at work, and some minutes longer', () => {
    const main = begun();
    const made = () => main.log.filter(({ event }) => event.type === 'subagent.spawned').length;
    says(main, 'x', [spawn('a'), spawn('a'), spawn('b')]);
    expect(made()).toBe(2);
    says(main, 'x', [spawn('a')], {}, NOON + 60 * MINUTE);
    expect(made()).toBe(2);
    expect(latestWords(main)[0]).toContain('is there already (running) as scout (sub_');
    const scout = born(main, 'scout');
    exchange(main, scout);
    scout.answer([text('Done.')]);
    carry(scout, main);
    expect(card(main, 'scout')).toMatchObject({ status: 'completed', endedAt: NOON });
    says(main, 'x', [spawn('a')], {}, NOON + 9 * MINUTE);
    expect(made()).toBe(2);
    expect(latestWords(main).at(-1)).toContain('has just ended (completed) as scout (sub_');
    says(main, 'x', [spawn('a')], {}, NOON + 10 * MINUTE);
    expect(made()).toBe(3);
  });

  test('goes on as long as it is asked to, which is counted in a row and by the turn', () => {
    const main = begun();
    const on = spoken('CONTINUE', { do: 'progress', text: 'more' });
    says(main, 'x', [on]);
    says(main, 'x', [on]);
    expect(main.state.turn?.spoken).toBe(2);
    main.answer([run('ls')]);
    expect(main.state.turn?.spoken).toBeUndefined();
    main.tool('3.0');
    says(main, 'x', [on]);
    expect(main.state.turn?.spoken).toBe(1);
  });
});

test('what an answer tells besides is a notice in a chat, and what a subagent is at', () => {
  const main = begun();
  const events = says(main, 'x', [], { said: '', told: 'task complete' });
  expect(only(events, 'notice')).toMatchObject([
    { level: 'info', text: 'The assistant reports: task complete' },
  ]);
  expect(types(events)).not.toContain('progress.reported');
});
