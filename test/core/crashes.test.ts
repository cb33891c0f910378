import { describe, expect, test } from 'vitest';
import { wants } from '../../src/core/wants.ts';
import { call, chat, chatWith, latestWords, only, type Play, person, text, types } from './play.ts';

function start(of: Play) {
  return of.do({ type: 'host.started' });
}

function keys(of: Play): string[] {
  return wants(of.state).map(({ key }) => key);
}

describe('after a crash', () => {
  test('a session at rest has nothing to take up', () => {
    const main = chat();
    main.say('hello');
    main.answer([text('Hello.')]);
    expect(start(main)).toEqual([]);
  });

  test('a call that was out is charged, paid for anew and wanted again, and the crash is counted', () => {
    const main = chat();
    main.say('hello');
    const held = main.state.account.held['step.1'];
    expect(start(main)).toEqual([
      { type: 'call.cut', call: 'step.1', charged: { usd: held?.usd, tokens: held?.tokens } },
      { type: 'session.resumed', step: 1 },
      { type: 'call.reserved', call: 'step.1', reserved: held },
    ]);
    expect(keys(main)).toEqual(['model:1']);
  });

  test('a tool that had started and may not be repeated has an unknown outcome, and the model is told', () => {
    const main = chat();
    main.say('go');
    main.answer([call('bash', { command: 'make' }), call('bash', { command: 'test' })]);
    const followed = start(main);
    expect(types(followed)).toEqual(['session.resumed', 'tool.finished', 'tool.started']);
    expect(only(followed, 'tool.finished')[0]).toMatchObject({ call: '1.0', ok: false });
    main.tool('1.1');
    expect(latestWords(main)[0]).toBe(
      'The gateway went down while this ran. Its outcome is unknown: look before you repeat it.',
    );
  });

  test('a tool that is safe to repeat simply runs again', () => {
    const main = chat();
    main.say('go');
    main.answer([call('read', { path: 'a' })]);
    expect(types(start(main))).toEqual(['session.resumed']);
    expect(keys(main)).toEqual(['tool:1.0']);
  });

  test('an eviction counts as no crash, however often it comes; what was under way is lost and paid all the same', () => {
    const main = chat();
    main.say('hello');
    for (let times = 0; times < 10; times++) {
      const followed = main.do({ type: 'host.started', evicted: true });
      expect(types(followed)).toEqual(['call.cut', 'session.resumed', 'call.reserved']);
      expect(only(followed, 'session.resumed')[0]).toMatchObject({ clean: true });
      expect(main.state.status).toBe('working');
    }
    expect(keys(main)).toEqual(['model:1']);
  });

  test('a kill that was waited for is waited for again', () => {
    const { main } = chatWith('scout');
    main.say('enough');
    main.answer([call('subagents', { action: 'kill', target: 'scout' })]);
    start(main);
    expect(keys(main)).toContain('timer:kill.1.0');
  });

  test('mail on its way, a sweep and a closing are wanted again', () => {
    const { child } = chatWith('scout', { repo: 'app' });
    child.do({ type: 'opened', attempt: 1, note: 'here' });
    child.answer([call('bash', { command: 'make' })]);
    child.tool('1.0');
    child.answer([text('Done.')]);
    start(child);
    expect(keys(child)).toEqual(['close:1']);
    child.do({ type: 'closed', attempt: 1 });
    start(child);
    expect(keys(child)).toEqual(['mail:chat', 'sweep:1.0']);
  });
});

describe('a crash loop', () => {
  test('while a workspace is opened ends, too', () => {
    const { child } = chatWith('scout', { repo: 'app' });
    for (let crash = 0; crash < 3; crash++) {
      expect(types(start(child))).toEqual(['session.resumed']);
      expect(keys(child)).toContain('open:1');
    }
    start(child);
    expect(child.state).toMatchObject({ status: 'failed', reason: 'crash' });
  });

  test('fails a subagent at the fourth crash at one step, with its partial work', () => {
    const { child } = chatWith('scout');
    child.answer([text('So far.'), call('read', { path: 'a' })]);
    child.tool('1.0');
    for (let n = 0; n < 3; n++) start(child);
    expect(child.state.status).toBe('running');
    const followed = start(child);
    expect(child.state).toMatchObject({ status: 'failed', reason: 'crash' });
    expect(only(followed, 'attempt.ended')[0]?.result).toMatch(/went down 4 times at step 2.*So far\./s);
    expect(only(followed, 'step.abandoned')[0]?.because).toBe('crash');
  });

  test('parks a chat, which goes on when a person speaks, with its count anew', () => {
    const main = chat();
    main.say('hello');
    for (let n = 0; n < 4; n++) start(main);
    expect(main.state).toMatchObject({ status: 'parked', reason: 'crash' });
    main.do({ type: 'resume', from: person });
    expect(keys(main)).toEqual(['model:2']);
    for (let n = 0; n < 3; n++) start(main);
    expect(main.state.status).toBe('working');
  });

  test('is none where each step gets on', () => {
    const main = chat();
    main.say('go');
    for (let n = 0; n < 8; n++) {
      start(main);
      main.answer([call('read', { path: 'a' })]);
      main.tool(`${main.state.steps}.0`);
    }
    expect(main.state.status).toBe('working');
  });

  test('is none where the gateway was stopped in order', () => {
    const main = chat();
    main.say('hello');
    for (let n = 0; n < 8; n++) {
      main.do({ type: 'host.stopping' });
      start(main);
    }
    expect(main.state).toMatchObject({ status: 'working', crashes: { times: 0 } });
  });

  test('is found also behind a stop in order', () => {
    const main = chat();
    main.say('hello');
    main.do({ type: 'host.stopping' });
    for (let n = 0; n < 5; n++) start(main);
    expect(main.state.status).toBe('parked');
  });
});

describe('a stop in order', () => {
  test('leaves a tool that it cut with an unknown outcome, too', () => {
    const main = chat();
    main.say('go');
    main.answer([call('bash', { command: 'make' })]);
    main.do({ type: 'host.stopping' });
    expect(only(start(main), 'tool.finished')).toHaveLength(1);
  });
});
