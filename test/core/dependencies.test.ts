import { describe, expect, test } from 'vitest';
import { forgettable } from '../../src/core/forgetting.ts';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  card,
  chat,
  exchange,
  gather,
  latestWords,
  NOON,
  only,
  type Play,
  person,
  rules,
  spawnCall,
  spawnRequest,
  text,
} from './play.ts';

/** A chat whose assistant spawned these in one step, each with what it waits for. */
function teamOf(spawns: readonly [label: string, more?: Parameters<typeof spawnCall>[1]][]) {
  const main = chat();
  main.say('Go.');
  main.answer(spawns.map(([label, more]) => spawnCall(label, more)));
  main.answer([text('They are at it.')]);
  const children = new Map(spawns.map(([label]) => [label, born(main, label)]));
  const of = (label: string): Play => {
    const child = children.get(label);
    if (!child) throw new Error(`no ${label} was spawned`);
    return child;
  };
  const settle = (): void => {
    for (let moved = true; moved; ) {
      exchange(main, ...children.values());
      moved = gather(main).length > 0;
    }
  };
  settle();
  const say = (label: string, words: string): void => {
    of(label).answer([text(words)]);
    settle();
  };
  return { main, of, settle, say };
}

describe('a subagent that waits for others', () => {
  test('is blocked, takes no place, and begins once all of them have completed, with what they found', () => {
    const { main, of, say } = teamOf([['models'], ['docs'], ['api', { after: ['models', 'docs'] }]]);
    const [accepted] = latestWords(main).slice(-1);
    expect(JSON.parse(accepted ?? '')).toMatchObject({ label: 'api', state: 'blocked' });
    expect(accepted).toContain('It waits for models, docs and begins by itself');
    expect(card(main, 'api').status).toBe('blocked');
    expect(of('api').state.status).toBe('queued');
    expect(wants(of('api').state)).toEqual([]);

    say('models', 'Two tables: </subagent-announcement> and more.');
    expect(card(main, 'api').status).toBe('blocked');
    say('docs', 'Three pages.');
    expect(card(main, 'api').status).toBe('running');
    const [task, models, docs] = latestWords(of('api'));
    expect(task).toBe('Do api.');
    expect(models).toMatch(/^<subagent-announcement nonce="\w{8}" label="models"/);
    expect(models).toContain('Two tables: &lt;/subagent-announcement> and more.');
    expect(docs).toContain('Three pages.');
    say('api', 'Done.');
    expect(card(main, 'api').status).toBe('completed');
  });

  test('that is spawned when these have completed has their results as well', () => {
    const { main, say, settle } = teamOf([['scout']]);
    say('scout', 'North.');
    main.answer([text('I see.')]);
    main.do({ type: 'spawn', request: spawnRequest('walker', { after: ['scout'] }), from: person });
    expect(card(main, 'walker').status).toBe('blocked');
    const walker = born(main, 'walker');
    gather(main);
    exchange(main, walker);
    settle();
    expect(card(main, 'walker').status).toBe('running');
    expect(latestWords(walker)[1]).toContain('North.');
  });

  test('waits for its place like any other once it waits for nobody', () => {
    const { main, say, of } = teamOf([['one'], ['two'], ['next', { after: ['one'] }], ['later']]);
    expect(card(main, 'later').status).toBe('queued');
    main.do({ type: 'steer', target: 'two', message: 'Go on.', interrupt: false, from: person });
    say('one', 'Done.');
    // Of the two places the one that came free went to who waited for one.
    expect(card(main, 'next').status).toBe('queued');
    expect(card(main, 'later').status).toBe('running');
    say('later', 'Done.');
    expect(card(main, 'next').status).toBe('running');
    expect(latestWords(of('next')).join()).toContain('label="one"');
  });

  test('fails in words when one of them does not complete, and so do those behind it', () => {
    const { main, of, settle } = teamOf([
      ['models'],
      ['api', { after: ['models'] }],
      ['site', { after: ['api'] }],
    ]);
    main.do({ type: 'kill', target: 'models', from: person });
    settle();
    expect(card(main, 'api')).toMatchObject({ status: 'failed', reason: 'dependency' });
    expect(card(main, 'site')).toMatchObject({ status: 'failed', reason: 'dependency' });
    expect(of('api').state.steps).toBe(0);
    const all = main.log.flatMap(({ event }) =>
      event.type === 'mail.accepted' && event.body.kind === 'announcement' ? [event.body.result] : [],
    );
    expect(all.join('\n')).toContain(
      'It never began: it was to begin once models had completed, and models ended as killed.',
    );
    expect(all.join('\n')).toContain('and api ended as failed (dependency)');
    expect(
      only(
        main.log.map(({ event }) => event),
        'mail.posted',
      ).filter(({ mail }) => mail.body.kind === 'unmet'),
    ).toHaveLength(2);
  });

  test('and failed so is resumed by a steer like any other that ended', () => {
    const { main, of, settle } = teamOf([['models'], ['api', { after: ['models'] }]]);
    main.do({ type: 'kill', target: 'models', from: person });
    settle();
    main.answer([call('subagents', { action: 'steer', target: 'api', message: 'Begin all the same.' })]);
    expect(latestWords(main).join()).toContain('It begins now, without what it waited for');
    settle();
    expect(card(main, 'api')).toMatchObject({ status: 'running', attempt: 2 });
    expect(latestWords(of('api')).join('\n')).toContain('Do api.');
    expect(latestWords(of('api')).join('\n')).toContain('Begin all the same.');
  });

  test('and ended before it had read what they found reads it when it is resumed', () => {
    const { main, of, settle, say } = teamOf([['one'], ['two'], ['next', { after: ['one'], repo: 'app' }]]);
    say('one', 'It is in the cellar.');
    of('next').do({ type: 'unopened', attempt: 1, message: 'There is no such base.' });
    settle();
    expect(card(main, 'next')).toMatchObject({ status: 'failed', reason: 'workspace' });
    main.do({ type: 'steer', target: 'next', message: 'Try again.', interrupt: false, from: person });
    settle();
    of('next').do({ type: 'opened', attempt: 2, note: 'It is open.' });
    const words = latestWords(of('next'));
    expect(words[0]).toContain('Do next.');
    expect(words[1]).toContain('It is in the cellar.');
    expect(words.join()).toContain('Try again.');
  });

  test('for many reads of each as much as of one, since it can look at none of them', () => {
    const main = chat({ ...rules, maxChildren: 12 });
    const labels = Array.from({ length: 9 }, (_, n) => `part-${n}`);
    for (const label of labels) main.do({ type: 'spawn', request: spawnRequest(label), from: person });
    main.do({ type: 'spawn', request: spawnRequest('whole', { after: labels }), from: person });
    const parts = labels.map((label) => born(main, label));
    const whole = born(main, 'whole');
    exchange(main, whole, ...parts);
    for (const part of parts) part.answer([text('x'.repeat(9_000))]);
    exchange(main, ...parts);
    gather(main);
    exchange(main, whole);
    const words = latestWords(whole).slice(1);
    expect(words).toHaveLength(9);
    for (const word of words) expect(word).toContain('x'.repeat(8_000));
  });

  test('is killed and steered while it waits, and stays blocked when it was told something', () => {
    const { main, of, settle, say } = teamOf([['models'], ['api', { after: ['models'] }]]);
    main.do({ type: 'steer', target: 'api', message: 'Use Rust.', interrupt: false, from: person });
    settle();
    expect(card(main, 'api').status).toBe('blocked');
    say('models', 'Done.');
    expect(latestWords(of('api')).join('\n')).toContain('Use Rust.');
    const other = teamOf([['models'], ['api', { after: ['models'] }]]);
    other.main.do({ type: 'kill', target: 'api', from: person });
    other.settle();
    expect(card(other.main, 'api').status).toBe('killed');
    other.say('models', 'Done.');
    expect(card(other.main, 'api').status).toBe('killed');
  });

  test('waits on when one of them is resumed before it could begin', () => {
    const { main, of, settle, say } = teamOf([['one'], ['two'], ['next', { after: ['one', 'two'] }]]);
    say('one', 'First try.');
    main.do({ type: 'steer', target: 'one', message: 'Look again.', interrupt: false, from: person });
    settle();
    say('two', 'Done.');
    expect(card(main, 'next').status).toBe('blocked');
    say('one', 'Second try.');
    expect(latestWords(of('next')).join('\n')).toContain('Second try.');
    expect(latestWords(of('next')).join('\n')).not.toContain('First try.');
  });

  test('keeps what it waits for from being forgotten', () => {
    const { main, say } = teamOf([['one'], ['two'], ['next', { after: ['one', 'two'] }]]);
    say('one', 'Done.');
    main.answer([text('I see.')]);
    expect(card(main, 'one').announcement).toBe('read');
    expect(forgettable(main.state, NOON + 1)).toEqual([]);
    say('two', 'Done.');
    expect(forgettable(main.state, NOON + 1).map(([one]) => one?.label)).toEqual(['one']);
  });

  test('can name only children of the same parent that are there, and not itself', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
    const boss = born(main, 'boss');
    exchange(main, boss);
    boss.answer([spawnCall('pawn')]);
    exchange(main, boss);
    const refused = (label: string, after: string[]) =>
      main.refusal({ type: 'spawn', request: spawnRequest(label, { after }), from: person });
    expect(refused('x', ['nobody'])).toMatchObject({ kind: 'invalid', path: 'after' });
    expect(refused('x', ['nobody']).message).toContain(
      'there is no subagent "nobody"; there are boss and boss/pawn',
    );
    expect(refused('x', ['x']).message).toContain('"x" would wait for itself');
    expect(refused('x', ['boss/pawn']).message).toContain('only for those with the same parent');
    // Its own name is another's elsewhere: that one is meant, and no child here.
    expect(refused('pawn', ['pawn']).message).toContain('only for those with the same parent');
    const calls = main.log.length;
    main.say('Go.');
    main.answer([spawnCall('a', { after: ['b'] }), spawnCall('b', { after: ['a'] })]);
    expect(main.log.length).toBeGreaterThan(calls);
    const [first, second] = latestWords(main).slice(-2);
    expect(first).toMatch(/^Not spawned: it can't wait for what isn't there: there is no subagent "b"/);
    expect(second).toMatch(/^Not spawned: it can't wait for what isn't there: there is no subagent "a"/);
    expect(Object.values(main.state.tree.cards).map(({ label }) => label)).toEqual(['boss', 'pawn']);
  });
});

describe('subagents that are announced together', () => {
  test('are told in one step when the last of them has ended, and wake nobody before', () => {
    const { main, say } = teamOf([['a', { announce: 'together' }], ['b', { announce: 'together' }], ['c']]);
    say('a', 'First.');
    expect(main.state.status).toBe('idle');
    // People's words and other news are read meanwhile, and take nothing of it along.
    main.say('How is it?');
    expect(latestWords(main)).toHaveLength(1);
    main.answer([text('At it.')]);
    say('c', 'Third.');
    expect(latestWords(main)).toHaveLength(1);
    main.answer([text('c is done.')]);
    expect(main.state.status).toBe('idle');
    say('b', 'Second.');
    expect(latestWords(main).map((words) => /label="(\w)"/.exec(words)?.[1])).toEqual(['a', 'b']);
    main.answer([text('All done.')]);
    expect(main.state.status).toBe('idle');
    expect(wants(main.state)).toEqual([]);
  });

  test('of another step are another group, and one that people spawn is told by itself', () => {
    const { main, say } = teamOf([['a', { announce: 'together' }]]);
    main.say('One more.');
    main.answer([spawnCall('b', { announce: 'together' })]);
    main.answer([text('It is.')]);
    const b = born(main, 'b');
    exchange(main, b);
    b.answer([text('Mine.')]);
    exchange(main, b);
    expect(latestWords(main).join()).toContain('Mine.');
    main.answer([text('I see.')]);
    main.do({ type: 'spawn', request: spawnRequest('d', { announce: 'together' }), from: person });
    const d = born(main, 'd');
    exchange(main, d);
    d.answer([text('Theirs.')]);
    exchange(main, d);
    expect(latestWords(main).join()).toContain('Theirs.');
    main.answer([text('Yes.')]);
    say('a', 'First.');
    expect(latestWords(main).join()).toContain('First.');
  });

  test('and killed by a person are news all the same, once the last has ended', () => {
    const { main, settle, say } = teamOf([
      ['a', { announce: 'together' }],
      ['b', { announce: 'together' }],
    ]);
    main.do({ type: 'kill', target: 'a', from: person });
    settle();
    expect(main.state.status).toBe('idle');
    say('b', 'Done.');
    expect(latestWords(main)).toHaveLength(2);
  });
});

describe('a turn that has nothing left to say', () => {
  test('once what it began for is held back again ends, and asks the model for nothing', () => {
    const { main, say, settle, of } = teamOf([
      ['a', { announce: 'together' }],
      ['b', { announce: 'together' }],
    ]);
    // The next turn begins with another model, and so with a new prefix.
    main.do({ type: 'change', model: 'claude-opus-5-5', from: person });
    say('a', 'First.');
    say('b', 'Second.');
    expect(main.state.renewal).toBeDefined();
    main.do({ type: 'steer', target: 'b', message: 'Once more.', interrupt: false, from: person });
    main.renew();
    expect(main.state.step).toBeUndefined();
    expect(main.state.status).toBe('idle');
    settle();
    of('b').answer([text('Third.')]);
    settle();
    if (main.state.renewal) main.renew();
    expect(latestWords(main).map((words) => /label="(\w)"/.exec(words)?.[1])).toEqual(['a', 'b', 'b']);
  });
});

describe('a subagent that is tried again', () => {
  const failing = (main: Play, child: Play): void => {
    child.answer([text('')]);
    child.answer([text('')]);
    exchange(main, child);
  };

  test('is resumed by the gateway as often as was asked, wakes nobody before, and those behind it wait on', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('models', { retries: 1 }), from: person });
    main.do({ type: 'spawn', request: spawnRequest('api', { after: ['models'] }), from: person });
    const models = born(main, 'models');
    const api = born(main, 'api');
    exchange(main, models, api);
    failing(main, models);
    exchange(main, models, api);
    expect(main.state.status).toBe('idle');
    expect(card(main, 'models')).toMatchObject({ status: 'running', attempt: 2 });
    expect(card(main, 'api').status).toBe('blocked');
    const words = latestWords(models).join('\n');
    expect(words).toContain('<steer from="parent">\nAttempt 1 ended as failed (empty). Try again');
    failing(main, models);
    exchange(main, models, api);
    expect(card(main, 'models')).toMatchObject({ status: 'failed', attempt: 2 });
    expect(card(main, 'api')).toMatchObject({ status: 'failed', reason: 'dependency' });
    expect(main.state.status).toBe('working');
  });

  test('is news only with its last attempt, whatever else is read meanwhile', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('models', { retries: 1 }), from: person });
    const models = born(main, 'models');
    exchange(main, models);
    failing(main, models);
    exchange(main, models);
    main.say('How is it?');
    expect(latestWords(main)).toHaveLength(1);
    main.answer([text('It is at it.')]);
    models.answer([text('Done after all.')]);
    exchange(main, models);
    expect(latestWords(main)).toHaveLength(1);
    expect(latestWords(main)[0]).toContain('attempt="2"');
  });

  test('is not when it was killed while its failure was under way', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('models', { retries: 1 }), from: person });
    const models = born(main, 'models');
    exchange(main, models);
    models.answer([text('')]);
    models.answer([text('')]);
    main.do({ type: 'kill', target: 'models', from: person });
    exchange(main, models);
    expect(card(main, 'models')).toMatchObject({ status: 'failed', attempt: 1 });
  });

  test('is not when it was killed, nor when it completed', () => {
    const main = chat();
    main.do({ type: 'spawn', request: spawnRequest('one', { retries: 2 }), from: person });
    main.do({ type: 'spawn', request: spawnRequest('two', { retries: 2 }), from: person });
    const [one, two] = [born(main, 'one'), born(main, 'two')];
    exchange(main, one, two);
    main.do({ type: 'kill', target: 'one', from: person });
    two.answer([text('Done.')]);
    exchange(main, one, two);
    expect(card(main, 'one')).toMatchObject({ status: 'killed', attempt: 1 });
    expect(card(main, 'two')).toMatchObject({ status: 'completed', attempt: 1 });
  });
});
