/** What is set of a chat, how it comes to its end, and what it forgets: played by hand. */
import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/core/events.ts';
import { forgettable } from '../../src/core/forgetting.ts';
import type { Block } from '../../src/core/ports.ts';
import { makeTranscript } from '../../src/core/transcript.ts';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  card,
  carry,
  chat,
  chatWith,
  exchange,
  NOON,
  only,
  type Play,
  person,
  rules,
  spawnRequest,
  text,
  types,
} from './play.ts';

function bashCall(): Block {
  return call('bash', { command: 'make' });
}

const DAY = 24 * 3_600_000;
const LATER = { at: NOON + 100 * DAY };

/** The chat's subagent has ended and its news was read. */
function overWith(label: string): { main: Play; child: Play } {
  const { main, child } = chatWith(label);
  child.answer([text('Found it.')]);
  exchange(main, child);
  main.answer([text('Heard.')]);
  exchange(main, child);
  return { main, child };
}

function forget(main: Play, ...labels: string[]): SessionEvent[] {
  const ids = labels.map((label) => card(main, label).id);
  return main.do({ type: 'forget', before: LATER.at - DAY, ids }, LATER);
}

describe('a chat', () => {
  test('gets its title in the commit of its first message, and keeps one that it has', () => {
    const main = chat();
    expect(only(main.say('# Plan the *move*'), 'chat.changed')).toEqual([
      { type: 'chat.changed', title: 'Plan the move', by: 'gateway' },
    ]);
    expect(main.state.title).toBe('Plan the move');
    expect(only(main.say('Something else'), 'chat.changed')).toEqual([]);
    main.do({ type: 'change', title: 'The move', from: person });
    main.say('And more');
    expect(main.state.title).toBe('The move');
  });

  test('waits with its title for words that say something', () => {
    const main = chat();
    expect(only(main.say('...'), 'chat.changed')).toEqual([]);
    main.say('Plan the move');
    expect(main.state.title).toBe('Plan the move');
  });

  test('is changed once by the same wish, and its prefix keeps its model', () => {
    const main = chat();
    const wish = { type: 'change', model: 'claude-opus-5-5', archived: true, from: person } as const;
    expect(types(main.do(wish))).toEqual(['chat.changed']);
    expect(main.do(wish)).toEqual([]);
    expect(main.state).toMatchObject({ chosenModel: 'claude-opus-5-5', archived: true });
    expect(main.state.model).toBe('claude-sonnet-5-5');
    main.do({ type: 'change', model: main.state.model, from: person });
    expect(main.state.chosenModel).toBeUndefined();
  });

  test('that is archived works on, and a person brings it back', () => {
    const { main, child } = chatWith('scout');
    main.do({ type: 'change', archived: true, from: person });
    child.answer([text('Found it.')]);
    exchange(main, child);
    expect(main.state).toMatchObject({ status: 'working', archived: true });
    main.say('And?');
    expect(main.state.archived).toBe(false);
  });

  test('is asked by the same request after a change as before it', () => {
    const main = chat();
    main.say('Hello');
    const request = (): string => {
      const transcript = makeTranscript();
      for (const recorded of main.log) transcript.add(recorded);
      return JSON.stringify(transcript.request('5m'));
    };
    const before = request();
    main.do({ type: 'change', title: 'T', model: 'claude-opus-5-5', archived: true, from: person });
    main.do({ type: 'delete', from: person });
    expect(request()).toBe(before);
  });
});

describe('a chat that is being deleted', () => {
  test('takes no more wishes, and kills its tree', () => {
    const { main, child } = chatWith('scout');
    main.say('Hello');
    main.do({ type: 'delete', from: person });
    expect(main.refusal({ type: 'resume', from: person }).kind).toBe('not_found');
    expect(main.refusal({ type: 'change', title: 'x', from: person }).kind).toBe('not_found');
    expect(main.refusal({ type: 'spawn', request: spawnRequest('b'), from: person }).kind).toBe('not_found');
    expect(main.do({ type: 'delete', from: person })).toEqual([]);
    expect(wants(main.state).map(({ key }) => key)).not.toContain('forget:chat');
    exchange(main, child);
    expect(child.state.status).toBe('killed');
    expect(wants(main.state)).toEqual([{ key: 'forget:chat', kind: 'forget-chat', unconfirmed: [] }]);
    // Its child's news came, and nobody is woken by it.
    expect(main.state.turn).toBeUndefined();
  });

  test('gives no place to one that waits for it', () => {
    const main = chat({ ...rules, maxChildren: 1 });
    for (const label of ['a', 'b']) main.do({ type: 'spawn', request: spawnRequest(label), from: person });
    const a = born(main, 'a');
    const b = born(main, 'b');
    main.do({ type: 'delete', from: person });
    carry(main, a);
    carry(a, main);
    expect(
      only(
        main.log.map(({ event }) => event),
        'subagent.admitted',
      ).length,
    ).toBe(1);
    exchange(main, a, b);
    expect([a.state.status, b.state.status]).toEqual(['killed', 'killed']);
    expect(wants(main.state).map(({ key }) => key)).toEqual(['forget:chat']);
  });

  test('waits for the sweeps of its subagents, and names those whose processes live on', () => {
    const { main, child } = chatWith('scout');
    child.answer([bashCall()]);
    main.do({ type: 'delete', from: person });
    exchange(main, child);
    expect(child.state.unswept.length).toBe(1);
    expect(wants(main.state).map(({ key }) => key)).not.toContain('forget:chat');
    child.do({ type: 'swept', attempt: 1, left: ['7 (make)'] });
    exchange(main, child);
    expect(wants(main.state)).toEqual([
      { key: 'forget:chat', kind: 'forget-chat', unconfirmed: [child.state.id] },
    ]);
  });
});

describe('a subagent that ended long ago', () => {
  test('is forgotten with all below it, and what it used stays counted', () => {
    const { main, child } = overWith('scout');
    const id = child.state.id;
    const used = card(main, 'scout').usage;
    expect(types(forget(main, 'scout'))).toEqual(['subagent.forgotten']);
    expect(main.state.tree).toMatchObject({ cards: {}, children: {} });
    expect(main.state.pastUsage).toEqual(used);
    expect(used.outputTokens).toBeGreaterThan(0);
    expect(main.state.mail.accepted[id]).toBeUndefined();
    expect(wants(main.state)).toEqual([{ key: `forget:${id}`, kind: 'forget', ids: [id] }]);
    expect(main.do({ type: 'forget', before: LATER.at, ids: [id] })).toEqual([]);
    expect(types(main.do({ type: 'removed', ids: [id] }))).toEqual(['subagent.removed']);
    expect(main.do({ type: 'removed', ids: [id] })).toEqual([]);
    expect(wants(main.state)).toEqual([]);
  });

  test('leaves its label to another, who is somebody else', () => {
    const { main, child } = overWith('scout');
    forget(main, 'scout');
    main.do({ type: 'spawn', request: spawnRequest('scout'), from: person });
    expect(card(main, 'scout').id).not.toBe(child.state.id);
    expect(main.refusal({ type: 'kill', target: child.state.id, from: person }).kind).toBe('not_found');
  });

  test('is not forgotten before its time', () => {
    const { main } = overWith('scout');
    expect(main.do({ type: 'forget', before: NOON, ids: [card(main, 'scout').id] }, LATER)).toEqual([]);
  });

  test('is not forgotten unless it is named', () => {
    const { main } = overWith('scout');
    expect(main.do({ type: 'forget', before: LATER.at, ids: [] }, LATER)).toEqual([]);
  });

  test('is not forgotten while its news is unread', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Found it.')]);
    exchange(main, child);
    expect(main.state.status).toBe('working');
    expect(forget(main, 'scout')).toEqual([]);
    main.answer([text('Heard.')]);
    expect(types(forget(main, 'scout'))).toEqual(['subagent.forgotten']);
  });

  test('is not forgotten while a steer is on its way to it', () => {
    const { main, child } = overWith('scout');
    main.do({ type: 'steer', target: 'scout', message: 'Go on.', interrupt: false, from: person });
    expect(forget(main, 'scout')).toEqual([]);
    // Delivered, and it has not yet told that it lives again.
    carry(main, child);
    expect(forget(main, 'scout')).toEqual([]);
    exchange(main, child);
    expect(forget(main, 'scout')).toEqual([]);
  });

  test('is not forgotten while its processes may live', () => {
    const { main, child } = chatWith('scout');
    child.answer([bashCall()]);
    main.do({ type: 'kill', target: 'scout', from: person });
    exchange(main, child);
    child.do({ type: 'swept', attempt: 1, left: ['7 (make)'] });
    exchange(main, child);
    main.answer([text('Heard.')]);
    expect(forget(main, 'scout')).toEqual([]);
  });

  test('is not forgotten while one below it is not over', () => {
    const { main, child: boss } = chatWith('boss');
    boss.do({ type: 'spawn', request: spawnRequest('pawn'), from: person });
    const pawn = born(boss, 'pawn');
    exchange(main, boss, pawn);
    boss.answer([text('I wait.')]);
    expect(forgettable(main.state, LATER.at)).toEqual([]);
    pawn.answer([text('Done.')]);
    exchange(main, boss, pawn);
    boss.answer([text('All done.')]);
    exchange(main, boss, pawn);
    main.answer([text('Heard.')]);
    expect(forget(main, 'pawn')).toEqual([]);
    expect(only(forget(main, 'boss'), 'subagent.forgotten')).toEqual([
      { type: 'subagent.forgotten', ids: [boss.state.id, pawn.state.id] },
    ]);
  });
});
