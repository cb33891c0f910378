import { describe, expect, test } from 'vitest';
import { MAX_UNREAD_STEERS } from '../../src/core/delegation.ts';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  card,
  carry,
  chat,
  chatWith,
  exchange,
  latestWords,
  mailTo,
  only,
  type Play,
  person,
  spawnCall,
  spawnRequest,
  text,
  types,
} from './play.ts';

function steer(main: Play, target: string, message = 'Turn left.', interrupt = false): string {
  main.do({ type: 'steer', target, message, interrupt, from: person });
  const posted = only(
    main.log.map(({ event }) => event),
    'mail.posted',
  ).findLast(({ mail }) => mail.body.kind === 'steer');
  return posted?.mail.body.kind === 'steer' ? posted.mail.body.steerId : '';
}

/** A chat, its subagent, and that one's own, all at work. */
function threeDeep(): { main: Play; boss: Play; pawn: Play } {
  const { main, child: boss } = chatWith('boss');
  boss.answer([spawnCall('pawn')]);
  const pawn = born(boss, 'pawn');
  exchange(main, boss, pawn);
  return { main, boss, pawn };
}

describe('a steer', () => {
  test('is refused when fifty wait to be read, until they are', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('scout'), from: person });
    const flood = {
      type: 'steer',
      target: 'scout',
      message: 'Turn left.',
      interrupt: false,
      from: person,
    } as const;
    for (let n = 0; n < MAX_UNREAD_STEERS; n++) main.do(flood);
    expect(main.refusal(flood)).toEqual({
      kind: 'limit',
      message:
        '"scout" has 50 steers that it hasn\'t read yet; wait until it has, or say what matters in one',
    });

    const child = born(main, 'scout');
    carry(child, main);
    expect(card(main, 'scout').pendingSteers).toBe(MAX_UNREAD_STEERS);
    expect(main.refusal(flood).kind).toBe('limit');
    child.answer([text('Left it is.')]);
    child.answer([text('Left it is, fifty times.')]);
    carry(child, main);
    main.do(flood);
  });

  test('is read by the next step, and the list shows it until it is', () => {
    const { main, child } = chatWith('scout');
    const steerId = steer(main, 'scout');
    exchange(main, child);
    expect(card(main, 'scout').pendingSteers).toBe(1);
    child.answer([text('Going on.')]);
    expect(latestWords(child)).toEqual(['<steer from="person">\nTurn left.\n</steer>']);
    child.answer([text('Turned.')]);
    exchange(main, child);
    expect(card(main, 'scout').pendingSteers).toBe(0);
    expect(
      only(
        main.log.map(({ event }) => event),
        'steer.read',
      ),
    ).toEqual([{ type: 'steer.read', steerId, subagentId: card(main, 'scout').id, step: 2 }]);
  });

  test('with interrupt gives up the running call and is read at once', () => {
    const { main, child } = chatWith('scout');
    steer(main, 'scout', 'Stop that.', true);
    const followed = carry(main, child);
    expect(types(followed)).toEqual(['mail.accepted', 'step.abandoned', 'step.requested', 'mail.posted']);
  });

  test('never falls between the last answer and the ending', () => {
    const { main, child } = chatWith('scout');
    steer(main, 'scout');
    const mails = mailTo(main, child.state.id);
    child.do({ type: 'mail', sender: 'chat', mails });
    child.answer([text('Done.')]);
    expect(child.state.status).toBe('running');
  });

  test('resumes one that has ended as its next attempt, announced anew', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Done.')]);
    exchange(main, child);
    main.answer([text('Good.')]);
    steer(main, 'scout', 'One more thing.');
    const resumed = carry(main, child);
    expect(types(resumed)).toContain('attempt.started');
    exchange(main, child);
    expect(child.state).toMatchObject({ status: 'running', attempt: 2, workedMs: 0 });
    expect(card(main, 'scout')).toMatchObject({ status: 'running', attempt: 2 });
    expect(latestWords(child)).toEqual(['<steer from="person">\nOne more thing.\n</steer>']);
    child.answer([text('Done, too.')]);
    exchange(main, child);
    expect(latestWords(main)[0]).toMatch(/attempt="2".*\nDone, too\./s);
  });

  test('wakes one that waits for its own', () => {
    const { main, boss, pawn } = threeDeep();
    boss.answer([text('I wait.')]);
    steer(main, 'boss');
    exchange(main, boss, pawn);
    expect(boss.state.status).toBe('running');
  });

  test('for one further down goes to it hop by hop', () => {
    const { main, boss, pawn } = threeDeep();
    steer(main, 'boss/pawn', 'Left.');
    expect(types(carry(main, boss))).toEqual(['mail.accepted', 'mail.posted']);
    carry(boss, pawn);
    pawn.answer([text('Hm.')]);
    expect(latestWords(pawn)[0]).toContain('Left.');
  });

  test('for one whose parent has ended resumes the parent, to see to it', () => {
    const { main, boss, pawn } = threeDeep();
    pawn.answer([text('Pawn is done.')]);
    boss.answer([text('I wait.')]);
    exchange(main, boss, pawn);
    boss.answer([text('All is done.')]);
    exchange(main, boss, pawn);
    expect(boss.state.status).toBe('completed');
    steer(main, 'pawn', 'Once more.');
    exchange(main, boss, pawn);
    expect(boss.state).toMatchObject({ status: 'running', attempt: 2 });
    expect(latestWords(boss)[0]).toMatch(/For your subagent boss\/pawn, which has ended\..*\nOnce more\./s);
    expect(pawn.state.attempt).toBe(1);
  });

  test('for one whose parent is just closing waits for that, and resumes the parent', () => {
    const { main, child: boss } = chatWith('boss', { repo: 'app' });
    boss.do({ type: 'opened', attempt: 1, note: 'here' });
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn');
    exchange(main, boss, pawn);
    pawn.answer([text('Pawn is done.')]);
    boss.answer([text('I wait.')]);
    exchange(main, boss, pawn);
    boss.answer([text('All is done.')]);
    expect(boss.state.closing).toBeDefined();
    steer(main, 'pawn', 'Once more.');
    exchange(main, boss, pawn);
    expect(pawn.state.attempt).toBe(1);
    boss.do({ type: 'closed', attempt: 1 });
    expect(boss.state).toMatchObject({ status: 'queued', attempt: 2 });
    exchange(main, boss, pawn);
    expect(boss.state.status).toBe('running');
  });

  test('to what isn’t there, or isn’t one’s own, is refused in words that name what there is', () => {
    const { main, boss, pawn } = threeDeep();
    expect(
      main.refusal({ type: 'steer', target: 'nobody', message: 'Hi', interrupt: false, from: person }),
    ).toEqual({
      kind: 'not_found',
      message: 'there is no subagent "nobody"; there are boss and boss/pawn',
    });
    pawn.answer([call('subagents', { action: 'steer', target: 'boss', message: 'Hi' })]);
    expect(latestWords(pawn)[0]).toContain(
      'Not steered: there is no subagent "boss": none was spawned here.',
    );
    expect(boss.state.mail.waiting).toEqual([]);
  });
});

describe('a kill', () => {
  test('ends a subagent with its partial work, and all below it', () => {
    const { main, boss, pawn } = threeDeep();
    boss.answer([text('So far.'), call('bash', { command: 'make' })]);
    main.do({ type: 'kill', target: 'boss', from: person });
    exchange(main, boss, pawn);
    expect(boss.state.status).toBe('killed');
    expect(pawn.state.status).toBe('killed');
    expect(latestWords(main)[0]).toMatch(
      /status="killed".*\nKilled by a person\.\n\nIts latest words:\nSo far\./s,
    );
    expect(wants(boss.state).map(({ key }) => key)).toEqual(['sweep:1.0']);
  });

  test('gives every open call its result, so that a later attempt has a valid transcript', () => {
    const { main, child } = chatWith('scout');
    child.answer([call('bash', { command: 'make' }), call('write', { path: 'a', content: '' })]);
    main.do({ type: 'kill', target: 'scout', from: person });
    carry(main, child);
    steer(main, 'scout', 'Go on.');
    exchange(main, child);
    const words = latestWords(child);
    expect(words[0]).toMatch(/^Killed\. Its outcome is unknown/);
    expect(words[1]).toBe('Killed. It was not run.');
    expect(words[2]).toContain('Go on.');
  });

  test('by the model waits for the confirmation and then says who is dead', () => {
    const { main, boss, pawn } = threeDeep();
    main.say('enough');
    main.answer([call('subagents', { action: 'kill', target: 'boss' })]);
    expect(main.state.step?.phase).toBe('tools');
    expect(wants(main.state).map(({ key }) => key)).toContain('timer:kill.1.0');
    exchange(main, boss, pawn);
    expect(latestWords(main)[0]).toContain('"killed":["boss","pawn"],"unconfirmed":[]');
  });

  test('that is not confirmed in time names who is not', () => {
    const { main } = threeDeep();
    main.say('enough');
    main.answer([call('subagents', { action: 'kill', target: 'all' })]);
    main.do({ type: 'timer', timer: { kind: 'kill', call: '1.0' } });
    expect(latestWords(main)[0]).toContain('"killed":[],"unconfirmed":["boss","pawn"]');
  });

  test('reaches what the same answer spawned just before', () => {
    const main = chat();
    main.say('go');
    main.answer([spawnCall('a'), call('subagents', { action: 'kill', target: 'all' })]);
    const child = born(main, 'a');
    exchange(main, child);
    expect(child.state.status).toBe('killed');
    expect(latestWords(main)[1]).toContain('"killed":["a"]');
  });

  test('of one that has ended says so', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Done.')]);
    exchange(main, child);
    main.answer([call('subagents', { action: 'kill', target: 'scout' })]);
    expect(latestWords(main)[0]).toContain('"killed":[],"unconfirmed":[],"alreadyEnded":["scout"]');
  });

  test('of all reaches those whose parent has ended and who have not heard it yet', () => {
    const { main, boss, pawn } = threeDeep();
    boss.refused('auth');
    carry(boss, main);
    expect(card(main, 'boss').status).toBe('failed');
    main.answer([call('subagents', { action: 'kill', target: 'all' })]);
    expect(main.state.step?.phase).toBe('tools');
    exchange(main, boss, pawn);
    expect(latestWords(main)[0]).toContain('"killed":["pawn"]');
  });

  test('ends the attempt that a steer just before it would have begun', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Done.')]);
    exchange(main, child);
    steer(main, 'scout', 'Go on.');
    main.do({ type: 'kill', target: 'scout', from: person });
    exchange(main, child);
    expect(child.state).toMatchObject({ status: 'killed', attempt: 2 });
    expect(card(main, 'scout')).toMatchObject({ status: 'killed', attempt: 2 });
  });

  test('cannot overtake a birth: it is mail behind the task', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('a'), from: person });
    main.do({ type: 'kill', target: 'a', from: person });
    expect(mailTo(main, card(main, 'a').id).map(({ body }) => body.kind)).toEqual(['task', 'go', 'kill']);
    const child = born(main, 'a');
    expect(child.state.status).toBe('killed');
  });

  test('of somebody else’s subagent does not exist', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('a'), from: person });
    main.do({ type: 'spawn', request: spawnRequest('b'), from: person });
    const a = born(main, 'a');
    a.answer([call('subagents', { action: 'kill', target: 'b' })]);
    expect(latestWords(a)[0]).toContain('Nothing killed: there is no subagent "b"');
  });
});
