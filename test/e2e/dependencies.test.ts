/** Subagents that wait for others, and endings that are told together, on any host and through a restart. */
import { describe, expect, test } from 'vitest';
import { cast, firstWords, resultOf, spawn, subagents } from './cast.ts';
import { openHouse } from './harness.ts';

describe('a subagent that waits for others', () => {
  test('is shown as blocked, begins by itself with their results, through a restart, and fails with one of them', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Research first')) {
            return {
              toolCalls: [
                spawn('Research PKCE.', { label: 'research' }),
                spawn('Implement PKCE.', { label: 'implement', after: ['research'] }),
                spawn('Write of it.', { label: 'writer', after: ['implement', 'research'] }),
                spawn('Too early.', { label: 'early', after: ['later'] }),
                subagents('list'),
              ],
            };
          }
          if (request.lastUserText.includes('How far')) return { toolCalls: [subagents('list')] };
          return { text: 'Well.' };
        },
        'Research PKCE': { text: 'S256 it is.', gate: 'research' },
        'Implement PKCE': (request) =>
          firstWords(request).includes('S256 it is.')
            ? { text: 'Done with S256.', gate: 'implement' }
            : { text: 'No idea.' },
        'Write of it': { text: 'Never asked.' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Research first, then implement.');
    await feed.first('turn.ended');
    expect(await chat.subagent('implement')).toMatchObject({ status: 'blocked' });
    const [answer] = house.requests.filter((request) => resultOf(request, 'subagents') !== '');
    expect(resultOf(answer, 'subagents')).toMatch(
      /implement \(sub_\w+\): blocked; for .*; now: waits for research$/m,
    );
    const [waits] = resultOf(answer, 'sessions_spawn')
      .split('\n')
      .filter((line) => line.includes('"implement"'));
    expect(JSON.parse(waits ?? '')).toMatchObject({ status: 'accepted', state: 'blocked' });
    expect(resultOf(answer, 'sessions_spawn')).toContain(
      'Not spawned: it can\'t wait for what isn\'t there: there is no subagent "later"; there are research, implement and writer. Spawn first what is to come first.',
    );

    // Once it is born, too, though it knows nothing of it itself.
    await chat.say('How far are they?');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    const later = house.requests.filter((request) => resultOf(request, 'subagents') !== '').at(-1);
    expect(resultOf(later, 'subagents')).toMatch(
      /^implement \(sub_\w+\): blocked; for .*; 0 steps; .*; now: waits for research$/m,
    );

    await house.stop();
    await house.start();
    house.simulator.open('research');
    const again = chat.feed({ after: 0 });
    await again.first(
      'subagent.updated',
      ({ subagent }) => subagent.label === 'implement' && subagent.status === 'running',
    );
    // Killed at work: what waits for it is told so in words, and nobody waits for ever.
    await house.simulator.until(() => house.simulator.waiting('implement') === 1);
    await chat.kill('implement');
    const failed = await again.first('subagent.ended', ({ subagent }) => subagent.label === 'writer');
    expect(failed.subagent).toMatchObject({
      status: 'failed',
      reason: 'dependency',
      steps: 0,
      result: 'It never began: it was to begin once implement had completed, and implement ended as killed.',
    });
    await again.first('announcement.read', ({ subagentId }) => subagentId === failed.subagent.id);
    const told = house.requests.find((request) => firstWords(request).includes('Implement PKCE'));
    expect(told && firstWords(told)).toMatch(
      /<subagent-announcement nonce="\w{8}" label="research" [^>]*status="completed"[^>]*>\nS256 it is\.\n/,
    );
  });

  test('and those of one step that are announced together come in one request', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Update all')) {
            return {
              toolCalls: ['app-1', 'app-2', 'app-3'].map((app) =>
                spawn(`Update ${app}.`, { label: app, announce: 'together' }),
              ),
            };
          }
          return { text: 'Well.' };
        },
        'Update app-1': { text: 'One.' },
        'Update app-2': { text: 'Two.', gate: 'two' },
        'Update app-3': { text: 'Three.', gate: 'three' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Update all three.');
    // They are told in the order in which they ended.
    await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'app-1');
    house.simulator.open('three');
    await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'app-3');
    await feed.first('turn.ended');
    const asked = house.requests.filter((request) => request.toolNames.includes('stay_silent')).length;
    await house.stop();
    await house.start();
    house.simulator.open('two');
    const again = chat.feed({ after: 0 });
    await again.first('announcement.read');
    await again.first('turn.ended', ({ turn }) => turn === 2);
    const main = house.requests.filter((request) => request.toolNames.includes('stay_silent'));
    expect(main).toHaveLength(asked + 1);
    expect(main.at(-1)?.lastUserText.match(/label="app-\d"/g)).toEqual([
      'label="app-1"',
      'label="app-3"',
      'label="app-2"',
    ]);
  });
});
