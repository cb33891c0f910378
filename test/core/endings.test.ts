import { describe, expect, test } from 'vitest';
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

function announcements(from: Play, to: string): { attempt: number; result: string; wakes: boolean }[] {
  return mailTo(from, to).flatMap(({ body }) =>
    body.kind === 'announcement' ? [{ attempt: body.attempt, result: body.result, wakes: body.wakes }] : [],
  );
}

function keys(of: Play): string[] {
  return wants(of.state).map(({ key }) => key);
}

describe('a subagent that ends by itself', () => {
  test('holds its ending and the announcement in the commit of its final answer', () => {
    const { child } = chatWith('scout');
    const followed = types(child.answer([text('Nothing there.')]));
    expect(followed.slice(-3)).toEqual(['attempt.closing', 'attempt.ended', 'mail.posted']);
    expect(child.state.status).toBe('completed');
    expect(announcements(child, 'chat')).toEqual([{ attempt: 1, result: 'Nothing there.', wakes: true }]);
  });

  test('tells of more than 8,000 characters only the beginning, and how many there are', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('y'.repeat(20_340))]);
    carry(child, main);
    expect(latestWords(main)[0]).toContain('shown="8000 of 20340"');
    expect(JSON.stringify(main.log)).not.toContain('y'.repeat(8_001));
  });

  test('is asked once for a result where it has none, and fails as empty if it still has none', () => {
    const { child } = chatWith('scout');
    child.answer([]);
    expect(latestWords(child)[0]).toMatch(/^<gateway-note>\nYou ended without a result/);
    child.answer([]);
    expect(child.state).toMatchObject({ status: 'failed', reason: 'empty' });
  });

  test('completes with the result that it gives when asked', () => {
    const { child } = chatWith('scout');
    child.answer([]);
    child.answer([text('There.')]);
    expect(child.state.status).toBe('completed');
  });

  test('with a repository ends only when its workspace is closed, and says what it holds', () => {
    const { main, child } = chatWith('scout', { repo: 'app' });
    expect(keys(child)).toEqual(['open:1', 'timer:limit.1', 'timer:idle.1']);
    child.do({ type: 'opened', attempt: 1, note: 'Your branch is subagent/scout.' });
    expect(latestWords(child)).toEqual([
      '<gateway-note>\nYour branch is subagent/scout.\n</gateway-note>',
      'Do scout.',
    ]);
    child.answer([text('Fixed.')]);
    expect(child.state.status).toBe('running');
    expect(keys(child)).toEqual(['close:1']);
    const workspace = { branch: 'subagent/scout', base: 'main', commits: 2, files: 3, wip: false };
    child.do({ type: 'closed', attempt: 1, workspace });
    expect(child.state.status).toBe('completed');
    carry(child, main);
    expect(latestWords(main)[0]).toContain('workspace="branch subagent/scout, 2 commits, 3 files"');
  });

  test('says so where the workspace could not be closed', () => {
    const { child } = chatWith('scout', { repo: 'app' });
    child.do({ type: 'opened', attempt: 1, note: 'here' });
    child.answer([text('Fixed.')]);
    child.do({ type: 'closed', attempt: 1, failure: 'The disk is full.' });
    expect(announcements(child, 'chat')[0]?.result).toContain('The disk is full.');
  });

  test('fails in the repository’s words where there is no workspace to be had', () => {
    const { child } = chatWith('scout', { repo: 'app@nowhere' });
    child.do({ type: 'unopened', attempt: 1, message: 'There is no branch nowhere.' });
    expect(child.state).toMatchObject({ status: 'failed', reason: 'workspace' });
    expect(announcements(child, 'chat')[0]?.result).toBe('There is no branch nowhere.');
  });

  test('fails with its partial work where the API refuses to go on or the model declines', () => {
    for (const fail of [(of: Play) => of.refused('auth'), (of: Play) => of.answer([], 'refusal')]) {
      const { child } = chatWith('scout');
      child.answer([text('So far.'), call('read', { path: 'a' })]);
      child.tool('1.0');
      fail(child);
      expect(child.state.status).toBe('failed');
      expect(announcements(child, 'chat')[0]?.result).toMatch(/Its latest words:\nSo far\.$/);
    }
  });

  test('whose processes may live is swept, and is confirmed dead only then', () => {
    const { main, child } = chatWith('scout');
    child.answer([call('bash', { command: 'make' })]);
    child.tool('1.0');
    child.answer([text('Made.')]);
    expect(keys(child)).toContain('sweep:1.0');
    exchange(child, main);
    expect(card(main, 'scout').unswept).toEqual([]);
    child.do({ type: 'swept', attempt: 1, left: ['7 (make)'] });
    exchange(child, main);
    expect(card(main, 'scout').unswept).toEqual(['7 (make)']);
    child.do({ type: 'swept', attempt: 1, left: [] });
    exchange(child, main);
    expect(card(main, 'scout')).not.toHaveProperty('unswept');
    expect(keys(child)).toEqual([]);
  });

  test('is looked over three times and no more; what is left stays named, over later attempts too', () => {
    const { main, child } = chatWith('scout');
    child.answer([call('bash', { command: 'make' })]);
    child.tool('1.0');
    child.answer([text('Made.')]);
    for (let n = 0; n < 3; n++) child.do({ type: 'swept', attempt: 1, left: ['7 (make)'] });
    exchange(child, main);
    expect(keys(child)).toEqual([]);
    main.do({ type: 'steer', target: 'scout', message: 'Again.', interrupt: false, from: person });
    exchange(main, child);
    child.answer([call('bash', { command: 'make' })]);
    child.tool('2.0');
    child.answer([text('Made again.')]);
    child.do({ type: 'swept', attempt: 2, left: [] });
    exchange(main, child);
    expect(card(main, 'scout').unswept).toEqual(['7 (make)']);
  });
});

describe('a subagent with subagents of its own', () => {
  test('waits until they have ended and been read, and only then ends', () => {
    const { main, child: boss } = chatWith('boss');
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn');
    boss.answer([text('I wait.')]);
    expect(boss.state.status).toBe('waiting');
    exchange(main, boss);
    expect(card(main, 'boss').status).toBe('waiting');
    expect(keys(boss)).toEqual([]);
    pawn.answer([text('Pawn is done.')]);
    carry(pawn, boss);
    expect(boss.state.status).toBe('running');
    boss.answer([text('All is done.')]);
    expect(boss.state.status).toBe('completed');
    exchange(main, boss, pawn);
    expect(card(main, 'boss').status).toBe('completed');
    expect(card(main, 'pawn')).toMatchObject({
      path: 'boss/pawn',
      status: 'completed',
      announcement: 'read',
    });
  });

  test('takes them along where it ends otherwise', () => {
    const { child: boss } = chatWith('boss');
    boss.answer([spawnCall('pawn'), spawnCall('rook')]);
    const pawn = born(boss, 'pawn');
    boss.refused('auth');
    expect(mailTo(boss, card(boss, 'pawn').id).at(-1)?.body).toMatchObject({ kind: 'kill', by: 'parent' });
    expect(mailTo(boss, card(boss, 'rook').id).at(-1)?.body).toMatchObject({ kind: 'kill', by: 'parent' });
    carry(boss, pawn);
    expect(pawn.state.status).toBe('killed');
  });

  test('that has ended lets their news go as undeliverable, and passes it on to people', () => {
    const { main, child: boss } = chatWith('boss');
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn');
    pawn.answer([text('Done.')]);
    boss.refused('auth');
    exchange(main, boss, pawn);
    expect(boss.state.status).toBe('failed');
    expect(card(boss, 'pawn').announcement).toBe('undeliverable');
    expect(card(main, 'pawn')).toMatchObject({ status: 'completed', announcement: 'undeliverable' });
  });
});

describe('what becomes of news is the parent’s to tell', () => {
  test('and a later word of the child does not change it', () => {
    const { main, child } = chatWith('scout');
    child.answer([call('bash', { command: 'make' })]);
    child.tool('1.0');
    child.answer([text('Made.')]);
    carry(child, main);
    main.answer([text('Good.')]);
    expect(card(main, 'scout').announcement).toBe('read');
    child.do({ type: 'swept', attempt: 1, left: [] });
    carry(child, main);
    expect(card(main, 'scout').announcement).toBe('read');
  });
});

describe('a queued subagent', () => {
  function full(): { main: Play; first: Play } {
    const main = chat();
    for (const label of ['a', 'b', 'c'])
      main.do({ type: 'spawn', request: spawnRequest(label), from: person });
    return { main, first: born(main, 'a') };
  }

  test('exists at once, wants nothing, and gets its place when one is free', () => {
    const { main, first } = full();
    const third = born(main, 'c');
    expect(card(main, 'c').status).toBe('queued');
    expect(keys(third)).toEqual([]);
    first.answer([text('Done.')]);
    const followed = carry(first, main);
    expect(only(followed, 'subagent.admitted').map((one) => one.card.label)).toEqual(['c']);
    carry(main, third);
    expect(third.state.status).toBe('running');
    expect(keys(third)).toContain('model:1');
  });

  test('can be killed before it ever works', () => {
    const { main } = full();
    const third = born(main, 'c');
    main.do({ type: 'kill', target: 'c', from: person });
    exchange(main, third);
    expect(third.state).toMatchObject({ status: 'killed', steps: 0 });
    expect(card(main, 'c').status).toBe('killed');
  });

  test('that was killed and is resumed hears its task after all', () => {
    const { main, first } = full();
    const third = born(main, 'c');
    main.do({ type: 'kill', target: 'c', from: person });
    main.do({ type: 'steer', target: 'c', message: 'Go on after all.', interrupt: false, from: person });
    exchange(main, third);
    first.answer([text('Done.')]);
    exchange(main, first, third);
    expect(third.state).toMatchObject({ status: 'running', attempt: 2 });
    expect(latestWords(third)).toEqual(['Do c.', '<steer from="person">\nGo on after all.\n</steer>']);
  });

  test('need not wait for one that only waits for its own', () => {
    const { main, first } = full();
    first.answer([spawnCall('pawn')]);
    first.answer([text('I wait.')]);
    const followed = carry(first, main);
    expect(only(followed, 'subagent.admitted').map((one) => one.card.label)).toEqual(['c']);
  });
});
