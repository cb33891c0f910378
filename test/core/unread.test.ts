import { describe, expect, test } from 'vitest';
import type { MessagePart } from '../../src/core/correspondence.ts';
import type { SessionEvent } from '../../src/core/events.ts';
import {
  born,
  card,
  chat,
  chatWith,
  exchange,
  only,
  type Play,
  person,
  spawnCall,
  text,
  types,
} from './play.ts';

const warnings = (events: readonly SessionEvent[]): string[] =>
  only(events, 'notice').map((notice) => notice.text);
const allWarnings = (of: Play): string[] => warnings(of.log.map(({ event }) => event));
const stop = (main: Play, subagents = false) => main.do({ type: 'stop', subagents, from: person });

function steer(main: Play, target: string, message: string): void {
  main.do({ type: 'steer', target, message, interrupt: false, from: person });
}

describe('people’s words that a stop withdraws', () => {
  test('are named before the turn ends; what the model was answering is not among them', () => {
    const main = chat();
    main.say('Tidy up.');
    main.say('and then the tests');
    const came = stop(main);
    expect(warnings(came)).toEqual([
      'Not read, since it was stopped: "and then the tests". Send it again if it still holds.',
    ]);
    expect(only(came, 'notice')[0]?.level).toBe('warning');
    expect(types(came).indexOf('notice')).toBeLessThan(types(came).indexOf('turn.ended'));
  });

  test('are not named where all was read, or nothing said', () => {
    const main = chat();
    expect(warnings(stop(main))).toEqual([]);
    main.say('Tidy up.');
    expect(warnings(stop(main))).toEqual([]);
    // Stopped already: nothing is withdrawn a second time.
    expect(warnings(stop(main))).toEqual([]);
  });

  test('are told in one notice, each by its beginning on one line, many by their number', () => {
    const main = chat();
    main.say('Go.');
    main.say('First\nthis.');
    main.say('x'.repeat(80));
    expect(warnings(stop(main))).toEqual([
      `Not read, since it was stopped: "First this" and "${'x'.repeat(59)}…". Send them again if they still hold.`,
    ]);
    main.say('Go on.');
    for (let n = 1; n <= 5; n += 1) main.say(`${n}`);
    expect(warnings(stop(main))).toEqual([
      'Not read, since it was stopped: "1", "2", "3" and 2 more. Send them again if they still hold.',
    ]);
  });

  test('are named by their files where there are no words', () => {
    const main = chat();
    main.say('Go.');
    const shot = {
      id: 'file_1',
      name: 'shot.png',
      mediaType: 'image/png',
      bytes: 9,
      width: 3,
      height: 3,
    } as const;
    const parts: (MessagePart & { type: 'file' })[] = [{ type: 'file', ...shot }];
    main.do({ type: 'say', parts, interrupt: false, from: person });
    expect(warnings(stop(main))).toEqual([
      'Not read, since it was stopped: "shot.png". Send it again if it still holds.',
    ]);
  });

  test('are told of where the chat was parked already, and they waited for it to go on', () => {
    const main = chat();
    main.say('Go.');
    main.say('Still there?');
    main.refused('auth');
    expect(main.state.status).toBe('parked');
    expect(warnings(stop(main))).toEqual([
      'Not read, since it was stopped: "Still there?". Send it again if it still holds.',
    ]);
  });

  test('go unmentioned where the chat itself goes', () => {
    const main = chat();
    main.say('Tidy up.');
    main.say('and then the tests');
    expect(warnings(main.do({ type: 'delete', from: person }))).toEqual([]);
  });
});

describe('a person’s steer that a subagent did not come to read', () => {
  test('is told to people when it is stopped with the tree, by way of all above it', () => {
    const { main, child: boss } = chatWith('boss');
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn');
    exchange(main, boss, pawn);
    steer(main, 'pawn', 'Use both hands.');
    steer(main, 'boss', 'Lead well.');
    exchange(main, boss, pawn);
    stop(main, true);
    exchange(main, boss, pawn);
    expect(card(main, 'pawn')).toMatchObject({ status: 'killed' });
    expect(allWarnings(main).toSorted()).toEqual([
      'boss ended without having read "Lead well". Send it again if it still holds; one that has ended is resumed by it.',
      'boss/pawn ended without having read "Use both hands". Send it again if it still holds; one that has ended is resumed by it.',
    ]);
  });

  test('is told of whatever ended it', () => {
    const { main, child } = chatWith('scout');
    steer(main, 'scout', 'Look north.');
    exchange(main, child);
    child.refused('auth');
    exchange(main, child);
    expect(card(main, 'scout')).toMatchObject({ status: 'failed' });
    expect(allWarnings(main)).toHaveLength(1);
    expect(allWarnings(main)[0]).toContain('scout ended without having read "Look north"');
  });

  test('is not told of where it is read, or resumes it, or where the model above wrote it', () => {
    const { main, child } = chatWith('scout');
    steer(main, 'scout', 'Look north.');
    exchange(main, child);
    child.answer([text('Found.')]);
    exchange(main, child);
    expect(child.state.step).toBeDefined();
    child.answer([text('North, too.')]);
    exchange(main, child);
    expect(card(main, 'scout')).toMatchObject({ status: 'completed' });
    expect(allWarnings(main)).toEqual([]);
  });
});
