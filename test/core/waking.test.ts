import { describe, expect, test } from 'vitest';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  carry,
  chat,
  chatWith,
  exchange,
  latestWords,
  only,
  person,
  spawnCall,
  text,
  types,
} from './play.ts';

describe('who is woken', () => {
  test('a chat at rest by a person', () => {
    const main = chat();
    expect(wants(main.state)).toEqual([]);
    expect(types(main.say('hello'))).toEqual([
      'mail.accepted',
      'chat.changed',
      'turn.started',
      'step.requested',
    ]);
    expect(main.state.status).toBe('working');
    expect(wants(main.state).map(({ key }) => key)).toEqual(['model:1']);
  });

  test('a chat at rest by an announcement, once', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Nothing there.')]);
    const followed = carry(child, main);
    expect(only(followed, 'turn.started')).toEqual([
      { type: 'turn.started', turn: 1, because: ['announcement'] },
    ]);
    main.answer([text('I see.')]);
    expect(main.state.status).toBe('idle');
    expect(wants(main.state)).toEqual([]);
  });

  test('nobody by quiet news, which the next step reads', () => {
    const { main, child } = chatWith('scout', { announce: 'quiet' });
    child.answer([text('Nothing there.')]);
    expect(types(carry(child, main))).not.toContain('turn.started');
    expect(main.state.status).toBe('idle');
    main.say('and?');
    expect(latestWords(main)).toHaveLength(2);
    expect(latestWords(main)[1]).toContain('Nothing there.');
  });

  test('a subagent that only waits for its own by quiet news, since nothing else will', () => {
    const { child } = chatWith('boss');
    child.answer([spawnCall('pawn', { announce: 'quiet' })]);
    const pawn = born(child, 'pawn');
    child.answer([text('I wait.')]);
    expect(child.state.status).toBe('waiting');
    pawn.answer([text('Done.')]);
    carry(pawn, child);
    expect(child.state.status).toBe('running');
    expect(latestWords(child)[0]).toContain('Done.');
  });

  test('nobody by the news of a kill that it made itself', () => {
    const { main, child } = chatWith('scout');
    main.say('enough');
    main.answer([call('subagents', { action: 'kill', target: 'scout' })]);
    exchange(main, child);
    expect(main.state.step?.phase).toBe('calling');
    main.answer([text('It is gone.')]);
    expect(main.state.status).toBe('idle');
    expect(main.state.mail.waiting).toEqual([]);
  });

  test('a parked chat by newer words of a person and by nothing else', () => {
    const { main, child } = chatWith('scout');
    main.say('hello');
    main.refused('auth');
    expect(main.state.status).toBe('parked');
    child.answer([text('Done.')]);
    carry(child, main);
    expect(main.state.status).toBe('parked');
    main.say('again');
    expect(main.state.status).toBe('working');
    expect(latestWords(main)).toHaveLength(2);
  });

  test('a parked chat by resume: what was sent is sent again, with all that came since', () => {
    const { main, child } = chatWith('scout');
    main.say('hello');
    main.refused('billing');
    child.answer([text('Done.')]);
    carry(child, main);
    expect(types(main.do({ type: 'resume', from: person }))).toEqual([
      'session.unparked',
      'turn.started',
      'step.requested',
    ]);
    main.answer([text('Hello.')]);
    expect(main.state.mail).toMatchObject({ waiting: [], taken: [] });
  });

  test('resume does nothing to a chat that is not parked', () => {
    const main = chat();
    expect(main.do({ type: 'resume', from: person })).toEqual([]);
  });
});

describe('staying silent', () => {
  test('ends a turn without words, and what it is owed is in the next request', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Nothing.')]);
    carry(child, main);
    main.answer([call('stay_silent', {})]);
    expect(main.state.status).toBe('idle');
    main.say('hello');
    expect(latestWords(main)[0]).toBe('The turn ends here, without words.');
  });

  test('is refused in a turn that took a person’s words', () => {
    const main = chat();
    main.say('hello');
    const followed = main.answer([call('stay_silent', {})]);
    expect(only(followed, 'tool.finished')[0]).toMatchObject({ ok: false });
    expect(main.state.step?.phase).toBe('calling');
  });

  test('does not end a turn in which other work was asked for', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Nothing.')]);
    carry(child, main);
    main.answer([call('read', { path: 'a' }), call('stay_silent', {})]);
    main.tool('1.0');
    expect(main.state.step?.phase).toBe('calling');
  });

  test('gives way to words that came meanwhile', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Nothing.')]);
    carry(child, main);
    main.say('hello');
    main.answer([call('stay_silent', {})]);
    expect(main.state.step?.phase).toBe('calling');
    expect(latestWords(main)).toHaveLength(2);
  });
});

describe('a stop', () => {
  test('withdraws all that was accepted before it and parks the chat', () => {
    const main = chat();
    main.say('one');
    main.say('two');
    const followed = main.do({ type: 'stop', subagents: false, from: person });
    expect(only(followed, 'mail.settled').map(({ mail, how }) => [mail, how])).toEqual([
      ['person#1', 'withdrawn'],
      ['person#2', 'withdrawn'],
    ]);
    expect(only(followed, 'turn.ended')[0]).toMatchObject({ stop: 'stopped' });
    expect(main.state.status).toBe('parked');
  });

  test('leaves subagents at work unless it is asked to end them, too', () => {
    const { main, child } = chatWith('scout');
    main.do({ type: 'stop', subagents: false, from: person });
    exchange(main, child);
    expect(child.state.status).toBe('running');
    main.do({ type: 'stop', subagents: true, from: person });
    exchange(main, child);
    expect(child.state.status).toBe('killed');
    expect(main.state.status).toBe('parked');
  });

  test('gives the open calls of the turn their results', () => {
    const main = chat();
    main.say('go');
    main.answer([call('bash', { command: 'make' })]);
    main.do({ type: 'stop', subagents: false, from: person });
    main.say('on');
    expect(latestWords(main)[0]).toMatch(/^Stopped by a person\./);
  });
});
