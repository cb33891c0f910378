import { describe, expect, test } from 'vitest';
import type { DoneWhen } from '../../src/core/card.ts';
import { MAX_UNVERIFIED } from '../../src/core/verification.ts';
import { wants } from '../../src/core/wants.ts';
import { rulesOf, smallLimits } from '../simulation/life.ts';
import {
  born,
  call,
  card,
  chat,
  chatWith,
  exchange,
  latestWords,
  type Play,
  person,
  spawnCall,
  spawnRequest,
  text,
} from './play.ts';

const npmTest: DoneWhen = { commands: ['npm test'], limitMs: 60_000 };
const form: DoneWhen = {
  commands: [],
  limitMs: 60_000,
  resultSchema: { type: 'object', required: ['colour'] },
};

function working(doneWhen: DoneWhen): { main: Play; child: Play } {
  return chatWith('smith', { doneWhen });
}

const checks = (of: Play) => wants(of.state).filter((one) => one.kind === 'verify');

/** What the check that is under way comes to. */
function check(of: Play, failure?: string): void {
  const { checking = 0, attempt } = of.state;
  of.do({
    type: 'verified',
    attempt,
    n: checking,
    ...(failure === undefined ? {} : { failure: { command: 'npm test', text: failure } }),
  });
}

const ended = (of: Play) => of.log.flatMap(({ event }) => (event.type === 'attempt.ended' ? [event] : []));

describe('work that commands must find done', () => {
  test('is told so in its first message, behind its task', () => {
    const { child } = working(npmTest);
    expect(latestWords(child)[0]).toMatch(
      /^Do smith\.\n\n<gateway-note>\n[\s\S]*\n\$ npm test\n<\/gateway-note>$/,
    );
  });

  test('is not believed to be done before they succeed; then the ending says what was checked', () => {
    const { main, child } = working(npmTest);
    child.answer([text('All done.')]);
    expect(checks(child)).toMatchObject([{ commands: ['npm test'], limitMs: 60_000 }]);
    expect(child.state.status).toBe('running');
    exchange(main, child);
    expect(card(main, 'smith').status).toBe('running');
    check(child);
    expect(ended(child)).toMatchObject([{ status: 'completed', result: 'All done.', verified: 'npm test' }]);
    exchange(main, child);
    expect(latestWords(main)[0]).toContain('status="completed" verified="npm test" ');
    expect(card(main, 'smith').verified).toBe('npm test');
  });

  test('goes back with what was printed, a few times, and has then failed as unverified', () => {
    const { main, child } = working(npmTest);
    for (let n = 1; n <= MAX_UNVERIFIED; n++) {
      child.answer([text(`Done, try ${n}.`)]);
      check(child, `1 failing (${n})`);
      expect(child.state.step?.phase).toBe('calling');
      expect(latestWords(child)[0]).toContain(`$ npm test\n1 failing (${n})`);
    }
    child.answer([text('Really done.')]);
    check(child, 'still failing');
    expect(ended(child)).toMatchObject([{ status: 'failed', reason: 'unverified' }]);
    expect(ended(child)[0]?.result).toContain('still failing');
    expect(ended(child)[0]?.result).toContain('Really done.');
    exchange(main, child);
    expect(latestWords(main)[0]).toMatch(/status="failed" reason="unverified"/);
    expect(latestWords(main)[0]).not.toContain('verified="');
  });

  test('may be mended: the next check counts', () => {
    const { child } = working(npmTest);
    child.answer([text('Done.')]);
    check(child, '1 failing');
    child.answer([text('Now it is.')]);
    check(child);
    expect(ended(child)).toMatchObject([{ status: 'completed', result: 'Now it is.' }]);
  });

  test('is checked anew when newer words came meanwhile, and what the given up check says is nothing', () => {
    const { main, child } = working(npmTest);
    child.answer([text('Done.')]);
    const { checking = 0 } = child.state;
    main.do({ type: 'steer', target: 'smith', message: 'And the docs.', interrupt: false, from: person });
    exchange(main, child);
    expect(checks(child)).toEqual([]);
    child.do({ type: 'verified', attempt: 1, n: checking });
    expect(ended(child)).toEqual([]);
    child.answer([text('Docs done.')]);
    expect(child.state.checking).toBe(checking + 1);
  });

  test('is at work while it is checked: its limits run, a kill ends it, its processes are swept', () => {
    const { main, child } = working(npmTest);
    child.answer([text('Done.')]);
    expect(wants(child.state).map(({ kind }) => kind)).toEqual(['verify', 'worked']);
    main.do({ type: 'kill', target: 'smith', from: person });
    exchange(main, child);
    expect(checks(child)).toEqual([]);
    expect(wants(child.state)).toContainEqual(expect.objectContaining({ kind: 'sweep' }));
    expect(ended(child)).toMatchObject([{ status: 'killed' }]);
  });

  test('is checked again after a crash, and is no reason to go down for ever', () => {
    const { child } = working(npmTest);
    child.answer([text('Done.')]);
    for (let n = 0; n < 3; n++) child.do({ type: 'host.started' });
    expect(checks(child)).toHaveLength(1);
    child.do({ type: 'host.started' });
    expect(ended(child)).toMatchObject([{ status: 'failed', reason: 'crash' }]);
  });

  test('counts anew in the next attempt, which is checked as well', () => {
    const { main, child } = working(npmTest);
    for (let n = 0; n <= MAX_UNVERIFIED; n++) {
      child.answer([text('Done.')]);
      check(child, 'no');
    }
    exchange(main, child);
    main.do({ type: 'steer', target: 'smith', message: 'Once more.', interrupt: false, from: person });
    exchange(main, child);
    child.answer([text('Done.')]);
    expect(child.state).toMatchObject({ attempt: 2, unverified: 0 });
    check(child);
    expect(ended(child).at(-1)).toMatchObject({ status: 'completed', verified: 'npm test' });
  });
});

describe('a result that must have a form', () => {
  const submitting = (result: unknown) =>
    call('submit_result', { result: JSON.parse(JSON.stringify(result)) });

  test('ends the work when it fits, and is the result, as JSON', () => {
    const { main, child } = working(form);
    child.answer([submitting({ colour: 'blue' })]);
    expect(ended(child)).toMatchObject([{ status: 'completed', verified: 'result_schema' }]);
    expect(JSON.parse(ended(child)[0]?.result ?? '')).toEqual({ colour: 'blue' });
    exchange(main, child);
    expect(latestWords(main)[0]).toContain('verified="result_schema"');
  });

  test('comes back when it does not fit, with what is wrong', () => {
    const { child } = working(form);
    child.answer([submitting({ size: 3 })]);
    expect(latestWords(child)[0]).toMatch(/does not fit the schema: .*colour/);
    child.answer([submitting({ colour: 'red' })]);
    expect(ended(child)).toMatchObject([{ status: 'completed' }]);
  });

  test('is asked for when its session ends without it; never handed in, it has failed as unverified', () => {
    const { child } = working(form);
    for (let n = 0; n < MAX_UNVERIFIED; n++) {
      child.answer([text('The colour is blue.')]);
      expect(latestWords(child)[0]).toContain('call submit_result');
    }
    child.answer([text('Blue!')]);
    expect(ended(child)).toMatchObject([{ status: 'failed', reason: 'unverified' }]);
  });

  test('that never fits fails its session, too, instead of being tried for ever', () => {
    const { child } = working(form);
    for (let n = 0; n <= MAX_UNVERIFIED; n++) child.answer([submitting({ size: n })]);
    expect(ended(child)).toMatchObject([{ status: 'failed', reason: 'unverified' }]);
  });

  test('is checked together with commands: both must hold', () => {
    const { child } = working({ ...form, commands: ['npm test'] });
    child.answer([submitting({ colour: 'blue' })]);
    expect(checks(child)).toHaveLength(1);
    check(child, 'failing');
    expect(latestWords(child).join()).toContain('$ npm test');
    child.answer([text('Mended.')]);
    check(child);
    expect(ended(child)).toMatchObject([{ verified: 'npm test; result_schema' }]);
    expect(ended(child)[0]?.result).toContain('blue');
  });
});

test('a check that holds does not end a session whose own subagent was resumed meanwhile', () => {
  const { main, child } = working(npmTest);
  child.answer([spawnCall('pawn')]);
  const pawn = born(child, 'pawn');
  exchange(main, child, pawn);
  pawn.answer([text('Done.')]);
  exchange(main, child, pawn);
  child.answer([text('All done.')]);
  child.answer([text('Read, and all done.')]);
  expect(checks(child)).toHaveLength(1);
  main.do({ type: 'steer', target: 'pawn', message: 'Once more.', interrupt: false, from: person });
  exchange(main, child, pawn);
  check(child);
  expect(ended(child)).toEqual([]);
  exchange(main, child, pawn);
  expect(child.state.status).toBe('waiting');
  pawn.answer([text('Done again.')]);
  exchange(main, child, pawn);
  child.answer([text('Now all is done.')]);
  check(child);
  expect(ended(child)).toMatchObject([{ status: 'completed', verified: 'npm test' }]);
});

describe('what was handed in', () => {
  const handIn = call('submit_result', { result: { colour: 'blue' } });
  const both: DoneWhen = { ...form, commands: ['npm test'] };

  test('before newer words of its parent is handed in anew: it may not be what is wanted any more', () => {
    const { main, child } = working(both);
    child.answer([handIn]);
    main.do({ type: 'steer', target: 'smith', message: 'It must be red.', interrupt: false, from: person });
    exchange(main, child);
    child.answer([text('It is red now.')]);
    expect(latestWords(child)[0]).toContain('call submit_result');
    expect(ended(child)).toEqual([]);
  });

  test('too often wrong ends its session once, and leaves nothing set aside for it', () => {
    const inForce = rulesOf({ ...smallLimits, compactAt: 10 });
    const main = chat(inForce);
    main.do({ type: 'spawn', request: spawnRequest('smith', { doneWhen: form }), from: person });
    const child = born(main, 'smith', inForce);
    exchange(main, child);
    const wrong = call('submit_result', { result: { size: 1 } });
    for (let n = 0; n <= MAX_UNVERIFIED && child.state.status === 'running'; n++) {
      if (child.state.step?.phase === 'calling') child.answer([wrong]);
    }
    expect(child.log.at(-1)?.event.type).not.toBe('compaction.started');
    const after = child.log.slice(child.log.findIndex(({ event }) => event.type === 'attempt.ended'));
    expect(after.map(({ event }) => event.type)).not.toContain('compaction.started');
  });
});
