import { describe, expect, test } from 'vitest';
import type { Rules } from '../../src/core/commands.ts';
import { project } from '../../src/core/feed.ts';
import { MAX_OPEN_REQUESTS } from '../../src/core/input.ts';
import { wants } from '../../src/core/wants.ts';
import {
  born,
  call,
  card,
  chat,
  exchange,
  latestWords,
  type Play,
  person,
  run,
  spawnCall,
  spawnRequest,
  text,
  trusting,
  types,
} from './play.ts';

const auto = trusting('auto', 'auto');

function pair(inForce: Rules = auto, more: object = {}): { main: Play; child: Play } {
  const main = chat(inForce);
  main.do({ type: 'spawn', request: spawnRequest('scout', more), from: person });
  const child = born(main, 'scout', inForce);
  exchange(main, child);
  return { main, child };
}

function decided(main: Play, child: Play, decision: 'allow' | 'deny', words = ''): void {
  const request = child.state.step?.calls.find((one) => one.request)?.request?.id ?? '';
  main.do({ type: 'answer', target: 'scout', request, decision, text: words, from: person });
  exchange(main, child);
}

const tools = (of: Play): string[] =>
  wants(of.state).flatMap((one) => (one.kind === 'tool' ? [one.call] : []));
const notices = (of: Play): string[] =>
  of.log.flatMap(({ event }) => (event.type === 'notice' ? [event.text] : []));
const results = (of: Play): string[] =>
  of.log.flatMap(({ event }) => (event.type === 'tool.finished' ? [String(event.block.content)] : []));

describe('a call that must be allowed', () => {
  test('waits: nothing of it runs, its session needs input, people read the whole of it at once', () => {
    const { main, child } = pair();
    child.answer([run('ask me\nrm -rf build')]);
    expect(tools(child)).toEqual([]);
    expect(child.state.status).toBe('input_required');
    exchange(main, child);
    const { requests = [] } = card(main, 'scout');
    expect(requests).toMatchObject([{ kind: 'permission', title: 'bash: ask me … (2 lines)' }]);
    expect(requests[0]?.detail).toContain('ask me\nrm -rf build');
    expect(notices(main)).toEqual([expect.stringContaining('scout asks for permission: bash: ask me')]);
    expect(main.log.flatMap((one) => project('chat', one)?.name ?? [])).toContain('input.requested');
    expect(latestWords(main)[0]).toContain('rm -rf build');
  });

  test('runs once it is allowed, and only then', () => {
    const { main, child } = pair();
    child.answer([run('ask me')]);
    exchange(main, child);
    decided(main, child, 'allow');
    expect(tools(child)).toEqual([`${child.state.step?.n}.0`]);
    expect(child.state.status).toBe('running');
    child.tool(`${child.state.step?.n}.0`);
    expect(results(child)).toEqual(['It worked.']);
  });

  test('that is denied comes back with the reason, and the parent is told with its next step', () => {
    const { main, child } = pair();
    child.answer([run('ask me')]);
    exchange(main, child);
    main.answer([text('It waits for you.')]);
    const turns = main.state.turns;
    decided(main, child, 'deny', 'Not on a Friday.');
    expect(results(child)[0]).toMatch(/^Not run: denied by a person \(ada\):\nNot on a Friday\./);
    expect(wants(child.state).some(({ kind }) => kind === 'tool')).toBe(false);
    // It is no reason to wake anybody; whoever is awake reads it.
    expect(main.state.turns).toBe(turns);
    main.say('How is it going?');
    expect(latestWords(main).join('\n')).toContain(
      'A person denied what was asked for by your subagent scout',
    );
    expect(latestWords(main).join('\n')).toContain('Not on a Friday.');
  });

  test('is asked for once and answered once', () => {
    const { main, child } = pair();
    child.answer([run('ask me')]);
    exchange(main, child);
    const request = `${child.state.id}.q1`;
    decided(main, child, 'allow');
    const again = {
      type: 'answer',
      target: 'scout',
      request,
      decision: 'deny',
      text: '',
      from: person,
    } as const;
    expect(main.refusal(again)).toMatchObject({ kind: 'conflict' });
    expect(
      types(child.log.map(({ event }) => event)).filter((type) => type === 'input.requested'),
    ).toHaveLength(1);
  });

  test('holds up those behind it, and not those before it', () => {
    const { main, child } = pair();
    child.answer([run('first'), run('ask me'), run('last')]);
    const step = child.state.step?.n;
    expect(tools(child)).toEqual([`${step}.0`]);
    exchange(main, child);
    child.tool(`${step}.0`);
    expect(tools(child)).toEqual([]);
    expect(child.state.status).toBe('input_required');
    decided(main, child, 'allow');
    child.tool(`${step}.1`);
    expect(tools(child)).toEqual([`${step}.2`]);
  });

  test('is one of a few at a time: the others are asked for as these are decided', () => {
    const { main, child } = pair();
    const n = MAX_OPEN_REQUESTS + 2;
    child.answer(Array.from({ length: n }, (_, at) => run(`ask ${at}`)));
    exchange(main, child);
    expect(card(main, 'scout').requests).toHaveLength(MAX_OPEN_REQUESTS);
    for (let at = 0; at < n; at++) decided(main, child, 'deny');
    expect(results(child)).toHaveLength(n);
    expect(child.state.step?.phase).toBe('calling');
  });

  test('waits through restarts, none of which counts against it', () => {
    const { main, child } = pair();
    child.answer([run('ask me')]);
    exchange(main, child);
    for (let n = 0; n < 5; n++) child.do({ type: 'host.started' });
    expect(child.state.status).toBe('input_required');
    decided(main, child, 'allow');
    expect(tools(child)).toHaveLength(1);
  });

  test('counts as no work: neither its time limit nor its idle limit runs', () => {
    const { child } = pair();
    child.answer([run('ask me')]);
    expect(wants(child.state).filter(({ kind }) => kind !== 'mail')).toEqual([]);
  });

  test('is withdrawn by newer words, a kill and a stop, and never runs', () => {
    const steered = pair();
    steered.child.answer([run('ask me')]);
    exchange(steered.main, steered.child);
    const steer = {
      type: 'steer',
      target: 'scout',
      message: 'Leave it.',
      interrupt: false,
      from: person,
    } as const;
    steered.main.do(steer);
    exchange(steered.main, steered.child);
    expect(results(steered.child)).toEqual(['Not run: newer words came before it was allowed.']);
    expect(card(steered.main, 'scout')).not.toHaveProperty('requests');

    const killed = pair();
    killed.child.answer([run('ask me')]);
    exchange(killed.main, killed.child);
    killed.main.do({ type: 'kill', target: 'scout', from: person });
    exchange(killed.main, killed.child);
    expect(results(killed.child)[0]).toContain('It was not allowed yet, and not run.');
    expect(tools(killed.child)).toEqual([]);
  });

  test('of the main session itself is answered at the chat, and a person who speaks instead is heard at once', () => {
    const main = chat(auto);
    main.say('Tidy up.');
    main.answer([run('ask me')]);
    expect(main.state.status).toBe('input_required');
    expect(notices(main)[0]).toContain('The assistant asks for permission: bash: ask me');
    const allow = { type: 'answer', request: 'chat.q1', decision: 'allow', text: '', from: person } as const;
    main.do(allow);
    expect(tools(main)).toHaveLength(1);
    expect(main.refusal(allow)).toMatchObject({ kind: 'conflict' });

    const other = chat(auto);
    other.say('Tidy up.');
    other.answer([run('ask me')]);
    other.say('Wait, not that.');
    expect(results(other)).toEqual(['Not run: newer words came before it was allowed.']);
    expect(latestWords(other).join()).toContain('Wait, not that.');
  });

  test('is answered with a decision, a question with words: anything else is refused and changes nothing', () => {
    const { main, child } = pair();
    child.answer([run('ask me')]);
    exchange(main, child);
    const to = { type: 'answer', target: 'scout', request: `${child.state.id}.q1`, from: person } as const;
    expect(main.refusal({ ...to, text: 'Sure.' })).toMatchObject({ kind: 'invalid', path: 'decision' });
    decided(main, child, 'deny');
    child.answer([call('report', { question: 'Red?' })]);
    exchange(main, child);
    const asked = { ...to, request: `${child.state.id}.q2` };
    expect(main.refusal({ ...asked, text: 'Yes.', decision: 'allow' })).toMatchObject({ path: 'decision' });
    expect(main.refusal({ ...asked, text: ' ' })).toMatchObject({ kind: 'invalid', path: 'text' });
    expect(child.state.status).toBe('input_required');
  });
});

describe('what an ancestor may allow', () => {
  const answering = (decision: string) => call('subagents', { action: 'answer', target: 'scout', decision });

  test('is what it could do unasked itself', () => {
    const inForce = trusting('auto', 'ask');
    const { main, child } = pair(inForce);
    child.answer([run('anything')]);
    exchange(main, child);
    expect(latestWords(main)[0]).toContain('decision "allow" or "deny"');
    main.answer([answering('allow')]);
    exchange(main, child);
    expect(tools(child)).toHaveLength(1);
    const heard = child.log.find(({ event }) => event.type === 'input.answered')?.event;
    expect(heard).toMatchObject({ by: 'parent', decision: 'allow' });
  });

  test('is nothing beyond its own rights: that is a person’s to give, and it may say no', () => {
    for (const [inForce, command] of [
      [trusting('ask', 'ask'), 'anything'],
      [auto, 'ask a person'],
    ] as const) {
      const { main, child } = pair(inForce);
      child.answer([run(command)]);
      exchange(main, child);
      // There is nothing for it to do, so it isn't woken; asked by a person, it knows how things stand.
      expect(main.state.status).toBe('idle');
      main.say('What is it doing?');
      expect(latestWords(main).join()).toContain('Only a person may allow it');
      main.answer([answering('allow')]);
      exchange(main, child);
      expect(results(main)[0]).toContain('beyond your own rights');
      expect(tools(child)).toEqual([]);
      expect(child.state.status).toBe('input_required');
      main.answer([answering('deny')]);
      exchange(main, child);
      expect(results(child)[0]).toMatch(/^Not run: denied by the session above you/);
    }
  });

  test('is never its own: who asks has nobody of that name below', () => {
    const { main, child } = pair();
    child.answer([
      run('ask me'),
      call('subagents', { action: 'answer', target: 'scout', decision: 'allow' }),
    ]);
    exchange(main, child);
    expect(results(child)[0]).toContain('there is no subagent "scout"');
    expect(tools(child)).toEqual([]);
  });
});

describe('what the rules forbid', () => {
  test('is not run, whoever asks, and people are told what was tried, at any depth', () => {
    const main = chat(auto);
    main.do({ type: 'spawn', request: spawnRequest('boss'), from: person });
    const boss = born(main, 'boss', auto);
    exchange(main, boss);
    boss.answer([spawnCall('pawn')]);
    const pawn = born(boss, 'pawn', auto);
    exchange(main, boss, pawn);
    pawn.answer([run('a forbidden thing')]);
    exchange(main, boss, pawn);
    expect(results(pawn)[0]).toContain('Not run, and nobody can allow it here');
    expect(pawn.state.status).toBe('running');
    expect(notices(main)).toEqual([
      expect.stringContaining("boss/pawn tried what the rules don't allow: bash: a forbidden thing"),
    ]);
  });
});

describe('trust', () => {
  test('is never more than the parent’s, nor than the configuration’s, whatever a spawn asks for', () => {
    const inForce = trusting('auto', 'ask');
    const { main, child } = pair(inForce, { trust: 'auto' });
    child.answer([spawnCall('pawn', { trust: 'auto' })]);
    expect(results(child)[0]).toContain('Its trust is ask: never more than yours');
    const pawn = born(child, 'pawn', inForce);
    exchange(main, child, pawn);
    for (const of of [child, pawn]) {
      of.answer([run('anything')]);
      expect(of.state.status).toBe('input_required');
    }
  });

  test('that a spawn narrows stays narrow below it, though the configuration allows more', () => {
    const { main, child } = pair(auto, { trust: 'ask' });
    child.answer([spawnCall('pawn')]);
    const pawn = born(child, 'pawn');
    exchange(main, child, pawn);
    pawn.answer([run('anything')]);
    expect(pawn.state.status).toBe('input_required');
  });
});

describe('a plan', () => {
  const plan = call('report', { plan: 'Rewrite the parser.\n1. Read it. 2. Write it anew.' });

  test('comes first: until it is approved its session reads, and neither acts nor delegates', () => {
    const { main, child } = pair(auto, { trust: 'plan' });
    child.answer([run('npm test'), call('read', { path: 'a' }), spawnCall('pawn')]);
    expect(results(child).filter((one) => one.includes('plan is not approved yet'))).toHaveLength(2);
    expect(tools(child)).toHaveLength(1);
    child.tool(tools(child)[0] ?? '');
    child.answer([plan]);
    exchange(main, child);
    expect(card(main, 'scout').requests).toMatchObject([{ kind: 'plan', title: 'Rewrite the parser.' }]);
    decided(main, child, 'allow');
    expect(results(child).at(-1)).toContain('Your plan was approved by a person (ada)');
    child.answer([run('npm test')]);
    expect(tools(child)).toHaveLength(1);
  });

  test('that is not approved comes back with the reason and may be handed in again', () => {
    const { main, child } = pair(auto, { trust: 'plan' });
    child.answer([plan]);
    exchange(main, child);
    decided(main, child, 'deny', 'Keep the old tests.');
    expect(results(child)[0]).toContain('not approved by a person (ada):\nKeep the old tests.');
    child.answer([run('npm test')]);
    expect(tools(child)).toEqual([]);
    child.answer([plan]);
    exchange(main, child);
    decided(main, child, 'allow');
    child.answer([run('npm test')]);
    expect(tools(child)).toHaveLength(1);
  });

  test('of a spawn may be approved by the parent; one that the configuration asks for, by a person only', () => {
    const allowing = call('subagents', { action: 'answer', target: 'scout', decision: 'allow' });
    const own = pair(auto, { trust: 'plan' });
    own.child.answer([plan]);
    exchange(own.main, own.child);
    own.main.answer([allowing]);
    exchange(own.main, own.child);
    expect(results(own.child)[0]).toContain('approved by the session above you');

    const theirs = pair(trusting('auto', 'plan'));
    theirs.child.answer([plan]);
    exchange(theirs.main, theirs.child);
    theirs.main.say('Well?');
    theirs.main.answer([allowing]);
    exchange(theirs.main, theirs.child);
    expect(results(theirs.main)[0]).toContain('only a person may allow it');
    expect(theirs.child.state.status).toBe('input_required');
  });

  test('counts for the attempt that it was approved for', () => {
    const { main, child } = pair(auto, { trust: 'plan' });
    child.answer([plan]);
    exchange(main, child);
    decided(main, child, 'allow');
    child.answer([text('Done.')]);
    exchange(main, child);
    const steer = {
      type: 'steer',
      target: 'scout',
      message: 'Now the lexer.',
      interrupt: false,
      from: person,
    } as const;
    main.do(steer);
    exchange(main, child);
    child.answer([run('npm test')]);
    expect(results(child).at(-1)).toContain('plan is not approved yet');
  });

  test('leaves an approved session as far as its parent goes, and no farther', () => {
    const inForce = trusting('ask', 'auto');
    const { main, child } = pair(inForce, { trust: 'plan' });
    child.answer([plan]);
    exchange(main, child);
    decided(main, child, 'allow');
    child.answer([run('anything')]);
    expect(child.state.status).toBe('input_required');
  });
});
