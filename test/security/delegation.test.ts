/**
 * What other systems let through when work is handed on: a child with a looser sandbox than its parent, rules that end at
 * the first level, a lineage that the caller writes itself, limits that one kind of child escapes, a permission that is
 * used twice.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bash, cast, resultOf, spawn } from '../e2e/cast.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';

/** A chat whose subagent has one of its own, which plays the part. */
function handedOnTwice(part: Parameters<typeof cast>[0][string], more: object = {}) {
  return cast({
    main: (request) =>
      request.answers === 0 ? { toolCalls: [spawn('Be the boss.', { label: 'boss' })] } : { text: 'Well.' },
    'Be the boss.': (request) =>
      request.answers === 0
        ? { toolCalls: [spawn('Be the pawn.', { label: 'pawn', ...more })] }
        : { text: 'Well.' },
    'Be the pawn.': part,
  });
}

test('a child is in the sandbox that its parent is in, at every depth, whatever its role and trust', async () => {
  const outside = join(freshFolder(), 'written');
  const house = await openHouse({
    env: { TIDINGS_SANDBOX: 'required' },
    script: handedOnTwice(
      [
        { toolCalls: [bash(`echo in > here.txt; cat here.txt; echo out > ${outside}`)] },
        (request) => ({ text: resultOf(request, 'bash') }),
      ],
      { trust: 'auto' },
    ),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Go.');
  const { subagent } = await feed.first('subagent.ended', ({ subagent: { label } }) => label === 'pawn');
  expect(subagent.result).toMatch(/^in\n[\s\S]*\[exit code 1\]/);
  expect(existsSync(outside)).toBe(false);
});

test('rules hold for the children of children: what is denied is denied there, what is asked is asked there', async () => {
  const folder = freshFolder();
  const house = await openHouse({
    config: { trust: { ask: ['bash(touch *)'], deny: ['bash(rm *)'] } },
    script: handedOnTwice([
      { toolCalls: [bash('rm -rf x'), bash(`touch ${folder}/asked`)] },
      { text: 'Done.' },
    ]),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Go.');
  const { request } = await feed.first('input.requested');
  expect(request.title).toBe(`bash: touch ${folder}/asked`);
  const denied = await feed.first('notice', ({ level }) => level === 'warning');
  expect(denied.text).toContain("boss/pawn tried what the rules don't allow: bash: rm -rf x");
  expect(existsSync(`${folder}/asked`)).toBe(false);
});

test('a permission is for the call that asked for it: the same command again is asked for again', async () => {
  const folder = freshFolder();
  const touch = bash(`touch ${folder}/mark`);
  const house = await openHouse({
    config: { trust: { ask: ['bash(touch *)'] } },
    script: handedOnTwice([{ toolCalls: [touch] }, { toolCalls: [touch] }, { text: 'Done.' }]),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Go.');
  const first = await feed.first('input.requested');
  const at = chat.path('/subagents/pawn/answer');
  await house.client.post(at, { request: first.request.id, decision: 'allow' });
  const second = await feed.first('input.requested', ({ request }) => request.id !== first.request.id);
  expect(second.request.title).toBe(first.request.title);
  expect((await house.client.post(at, { request: second.request.id, decision: 'deny' })).status).toBe(200);
});

test('nobody writes its own lineage, owner, depth or rights into a spawn, and no kind of child escapes a limit', async () => {
  const house = await openHouse({
    env: { TIDINGS_MAX_DEPTH: '1' },
    script: cast({
      main: (request) =>
        request.answers === 0
          ? {
              toolCalls: [
                spawn('Be free.', { parent: 'chat', depth: 0 }),
                spawn('Look.', { label: 'reviewer', role: 'reviewer' }),
                spawn('Plan.', { label: 'planner', trust: 'plan' }),
              ],
            }
          : { text: resultOf(request, 'sessions_spawn') },
      'Look.': [
        { toolCalls: [spawn('Go deeper.')] },
        (request) => ({ text: `${request.toolNames.join()} ${resultOf(request, 'sessions_spawn')}` }),
      ],
      'Plan.': [
        { toolCalls: [spawn('Go deeper.')] },
        (request) => ({ text: `${request.toolNames.join()} ${resultOf(request, 'sessions_spawn')}` }),
      ],
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Go.');
  for (const label of ['reviewer', 'planner']) {
    const { subagent } = await feed.first('subagent.ended', (one) => one.subagent.label === label);
    expect(subagent.result).toContain('There is no tool sessions_spawn');
    expect(subagent.result).not.toMatch(/^[^ ]*sessions_spawn/);
  }
  await expect.poll(() => chat.said()).toContainEqual(expect.stringContaining('is not a field here'));
  for (const field of ['parent', 'owner', 'depth', 'sandbox', 'chat', 'id_of']) {
    const answer = await house.client.post(chat.path('/subagents'), { task: 'x', [field]: 'chat' });
    expect(answer, field).toMatchObject({ status: 422, body: { errors: [{ path: field }] } });
  }
  expect(await chat.subagents()).toHaveLength(2);
});
