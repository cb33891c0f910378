import { describe, expect, test } from 'vitest';
import { evolve } from '../../src/core/evolve.ts';
import type { Session } from '../../src/core/session.ts';
import { callerOf } from '../../src/tools/caller.ts';
import { toolset } from '../simulation/life.ts';
import { born, call, chatWith, exchange, type Play, person, rules, run, spawnCall, text } from './play.ts';

const report = (progress: string) => call('report', { progress });

function tool(child: Play): void {
  const open = child.state.step?.calls.find(({ state }) => state === 'started');
  child.tool(open?.key ?? '');
}

describe('what a subagent reports of itself', () => {
  test('is what it is shown to do while it thinks, whatever it did between, until it reports anew', () => {
    const { child } = chatWith('scout');
    expect(child.state.activity).toBe('thinking');
    child.answer([report('half way there')]);
    expect(child.state.step).toMatchObject({ n: 2, phase: 'calling' });
    expect(child.state.activity).toBe('half way there');

    child.answer([run('npm test')]);
    expect(child.state.activity).toContain('npm test');
    tool(child);
    expect(child.state.activity).toBe('half way there');

    // With other work beside it that is shown first.
    child.answer([run('npm run build'), report('nearly done')]);
    expect(child.state.activity).toContain('npm run build');
    tool(child);
    expect(child.state.activity).toBe('nearly done');
  });

  test('gives way to what a late call waits for, and is shown again once the call is made', () => {
    const { child } = chatWith('scout');
    child.answer([report('half way there')]);
    const late = { text: 'It is overloaded.', activity: 'waits for the model API' };
    child.do({ type: 'delayed', step: 2, ...late });
    expect(child.state.activity).toBe('waits for the model API');
    child.do({ type: 'underway', step: 2 });
    expect(child.state.activity).toBe('half way there');
  });

  test('stands while it waits for its own subagents, and says more than that it does', () => {
    const { main, child } = chatWith('boss');
    child.answer([spawnCall('pawn')]);
    child.answer([text('Begun.')]);
    expect(child.state).toMatchObject({ status: 'waiting', activity: 'waiting for its subagents' });
    main.do({ type: 'steer', target: 'boss', message: 'How far?', interrupt: false, from: person });
    exchange(main, child);
    child.answer([report('one of two done')]);
    child.answer([text('One of two.')]);
    expect(child.state).toMatchObject({ status: 'waiting', activity: 'one of two done' });
    exchange(main, child);
    expect(main.state.tree.cards[child.state.id]).toMatchObject({ activity: 'one of two done' });
    const pawn = born(child, 'pawn');
    exchange(child, pawn);
    expect(pawn.state.activity).toBe('thinking');
  });

  test('ends with its attempt: the next one begins without it', () => {
    const { main, child } = chatWith('scout');
    child.answer([report('half way there')]);
    child.answer([text('Found.')]);
    expect(child.state).toMatchObject({ status: 'completed', activity: '' });
    main.do({ type: 'steer', target: 'scout', message: 'Look again.', interrupt: false, from: person });
    exchange(main, child);
    expect(child.state).toMatchObject({ status: 'running', attempt: 2, activity: 'thinking' });
  });

  test('may be said by a marker, and is there again when the log is folded anew', () => {
    const { child } = chatWith('scout');
    const { calls, content } = intended(child);
    child.do({
      type: 'answered',
      step: 1,
      content,
      said: 'On it.',
      told: 'milestone complete: step one',
      stop: 'tool_use',
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
      calls,
      ms: 1,
    });
    expect(child.state.activity).toContain('echo 1');
    tool(child);
    expect(child.state.activity).toBe('milestone complete: step one');
    const again = child.log.reduce<Session | undefined>(evolve, undefined);
    expect(again).toEqual(child.state);
  });
});

/** An answer of one command, as the runtime hands it over. */
function intended({ state }: Play) {
  const made = { id: 'toolu_marked', name: 'bash', input: { command: 'echo 1' } };
  const content = [{ type: 'tool_use', ...made }];
  return { content, calls: [{ ...made, ...toolset.intend(made, callerOf(state, rules)) }] };
}
