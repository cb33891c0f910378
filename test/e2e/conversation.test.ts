/** The main job: work handed over, the chat free, the news coming back by itself, once. */
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../src/core/fence.ts';
import { bash, cast, isMain, resultOf, spawn } from './cast.ts';
import { openHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

describe('a chat with subagents', () => {
  test('a spawn returns at once, the chat stays free, and the news is told in words by itself', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Fix the login')) {
            return {
              text: 'I hand it over.',
              toolCalls: [spawn('Fix the login page.', { label: 'login-fix' })],
            };
          }
          if (resultOf(request, 'sessions_spawn') !== '') return { text: 'It is under way.' };
          if (request.lastUserText.includes('capital')) return { text: 'Rome.' };
          return { text: 'The login works again.' };
        },
        'Fix the login': [
          { toolCalls: [bash('echo fixed > login.txt; cat login.txt')] },
          { text: 'Fixed.', gate: 'child' },
        ],
      }),
    });
    const chat = await house.client.newChat({ title: 'Work' });
    const feed = chat.feed();
    await chat.say('Fix the login, please.');
    await house.simulator.until(() => house.simulator.waiting('child') === 1);
    await feed.first('turn.ended');
    expect((await chat.view()).status).toBe('idle');

    await chat.say('And what is the capital of Italy?');
    await feed.first('message', ({ message }) => message.text === 'Rome.');
    expect(await chat.subagent('login-fix')).toMatchObject({ status: 'running', steps: 1, attempt: 1 });
    expect((await chat.view()).subagents).toEqual({ running: 1 });

    house.simulator.open('child');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({
      label: 'login-fix',
      status: 'completed',
      result: 'Fixed.',
      steps: 2,
      announcement: 'pending',
    });
    const read = await feed.first('announcement.read');
    expect(read).toMatchObject({ subagentId: ended.subagent.id, attempt: 1, turn: 3 });
    await feed.first('turn.ended', ({ turn }) => turn === 3);
    expect(feed.all('turn.started').map(({ because }) => because)).toEqual([
      ['message'],
      ['message'],
      ['announcement'],
    ]);
    expect(await chat.said()).toEqual([
      'I hand it over.',
      'It is under way.',
      'Rome.',
      'The login works again.',
    ]);
    expect(await chat.subagent('login-fix')).toMatchObject({
      status: 'completed',
      announcement: 'read',
      result: 'Fixed.',
      task: 'Fix the login page.',
    });
    const news = house.requests.at(-1)?.lastUserText ?? '';
    expect(news).toMatch(
      /^<subagent-announcement nonce="[a-z0-9]{8}" label="login-fix" id="sub_[a-z0-9]+" attempt="1" status="completed" took="\d+s" steps="2" tokens="\d+" usd="\d\.\d\d">\nFixed\.\n<\/subagent-announcement nonce="[a-z0-9]{8}">$/,
    );
  });

  test('several subagents of one step work side by side, and news that waits is read in one step', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Do all three')) {
            return { toolCalls: ['one', 'two', 'three'].map((label) => spawn(`Piece ${label}.`, { label })) };
          }
          if (request.lastUserText.includes('Are you there')) return { text: 'Yes.', gate: 'main' };
          return { text: request.lastUserText.includes('subagent-announcement') ? 'All done.' : 'Started.' };
        },
        Piece: { text: 'A piece of work.', gate: 'pieces' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Do all three, please.');
    await house.simulator.until(() => house.simulator.waiting('pieces') === 3);
    await feed.first('turn.ended');
    await chat.say('Are you there?');
    await house.simulator.until(() => house.simulator.waiting('main') === 1);
    house.simulator.open('pieces');
    await feed.until(() => feed.all('subagent.ended').length === 3);
    house.simulator.open('main');
    await feed.until(() => feed.all('announcement.read').length === 3);
    await feed.first('message', ({ message }) => message.text === 'All done.');

    const telling = house.requests.filter((request) =>
      request.lastUserText.includes('<subagent-announcement'),
    );
    expect(telling).toHaveLength(1);
    expect(telling[0]?.lastUserText.match(/<subagent-announcement /g)).toHaveLength(3);
    expect(new Set(feed.all('announcement.read').map(({ turn }) => turn))).toEqual(new Set([2]));
  });

  testWithProcesses(
    'news that comes while the parent is busy waits for its next step and is told once',
    async () => {
      const house = await openHouse({
        script: cast({
          main: (request) => {
            if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('A short piece.')] };
            if (request.lastUserText.includes('<subagent-announcement')) return { text: 'I heard the news.' };
            if (request.lastUserText.includes('Look'))
              return { toolCalls: [bash('echo looked')], gate: 'busy' };
            if (resultOf(request, 'bash') !== '') return { text: 'I looked.' };
            return { text: 'Begun.' };
          },
          'A short piece': { text: 'Short.', gate: 'child' },
        }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say('Begin.');
      await feed.first('turn.ended');
      await chat.say('Look around.');
      await house.simulator.until(() => house.simulator.waiting('busy') === 1);
      house.simulator.open('child');
      await feed.first('subagent.ended');
      expect(feed.all('announcement.read')).toEqual([]);
      house.simulator.open('busy');
      await feed.first('turn.ended', ({ turn }) => turn === 2);

      expect(feed.all('announcement.read')).toHaveLength(1);
      expect(feed.all('turn.started')).toHaveLength(2);
      const last = house.requests.at(-1);
      // The tool's result first, then the news, in one request.
      expect(last?.lastUserBlocks.map((block) => block.type)).toEqual(['tool_result', 'text']);
      expect(resultOf(last, 'bash')).toContain('looked');
      expect(house.requests.filter(isMain)).toHaveLength(4);
    },
  );

  test('quiet news wakes nobody and is read with the next step', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: [spawn('Watch quietly.', { announce: 'quiet', label: 'watch' })] };
          }
          return {
            text: request.lastUserText.includes('<subagent-announcement') ? 'It watched.' : 'Begun.',
          };
        },
        'Watch quietly': { text: 'Watched.', gate: 'child' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    house.simulator.open('child');
    await feed.first('subagent.ended');
    expect(await chat.view()).toMatchObject({ status: 'idle' });
    expect(await chat.subagent('watch')).toMatchObject({ status: 'completed', announcement: 'pending' });

    await chat.say('Anything?');
    await feed.first('announcement.read');
    expect(feed.all('turn.started').map(({ because }) => because)).toEqual([['message'], ['message']]);
    expect((await chat.said()).at(-1)).toBe('It watched.');
    const blocks = house.requests.at(-1)?.lastUserBlocks.map(({ text }) => String(text)) ?? [];
    expect(blocks[0]).toContain('Anything?');
    expect(blocks[1]).toContain('label="watch"');
  });

  test('the assistant may be silent about news, but owes a person words', async () => {
    const silent = { toolCalls: [{ name: 'stay_silent', input: {} }] };
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Clean up.')] };
          if (request.lastUserText.includes('<subagent-announcement')) return silent;
          if (request.lastUserText.includes('Well?')) return silent;
          if (resultOf(request, 'stay_silent') !== '') return { text: 'It is clean.' };
          return { text: 'Begun.' };
        },
        'Clean up': { text: 'Clean.', gate: 'child' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    house.simulator.open('child');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect(feed.all('announcement.read')).toHaveLength(1);
    expect(await chat.said()).toEqual(['Begun.']);

    await chat.say('Well?');
    await feed.first('turn.ended', ({ turn }) => turn === 3);
    expect(await chat.said()).toEqual(['Begun.', 'It is clean.']);
    const refusal = house.requests.at(-1)?.toolResults[0];
    expect(refusal).toMatchObject({ name: 'stay_silent', isError: true });
    expect(refusal?.text).toContain('owed an answer');
  });

  test('a subagent waits for its own subagents, reads their news, and then ends', async () => {
    const house = await openHouse({
      script: cast({
        main: [{ toolCalls: [spawn('Lead it.', { label: 'boss' })] }, { text: 'Led.' }, { text: 'Over.' }],
        'Lead it': (request) => {
          if (request.answers === 0) return { toolCalls: [spawn('Carry it.', { label: 'pawn' })] };
          if (request.lastUserText.includes('<subagent-announcement')) return { text: 'Carried by pawn.' };
          return { text: 'I wait.' };
        },
        'Carry it': { text: 'Carried.', gate: 'pawn' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Have it led.');
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    await house.simulator.until(() => house.simulator.waiting('pawn') === 1);
    expect(await chat.subagent('boss/pawn')).toMatchObject({ label: 'pawn', status: 'running' });
    await feed.first('turn.ended');
    house.simulator.open('pawn');
    const boss = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'boss');
    expect(boss.subagent).toMatchObject({ status: 'completed', result: 'Carried by pawn.' });
    const pawn = await feed.first('subagent.ended', ({ subagent }) => subagent.label === 'pawn');
    expect(pawn.subagent).toMatchObject({ path: 'boss/pawn', result: 'Carried.' });
    expect(pawn.seq).toBeLessThan(boss.seq);
    await feed.first('announcement.read');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect(feed.all('announcement.read')).toHaveLength(1);
    expect(await chat.subagent('pawn')).toMatchObject({ announcement: 'read' });
  });

  test('a result is shown whole to people and by pages to the assistant, and its head is announced', async () => {
    const long = `${'A line of the report.\n'.repeat(2_000)}The end.`;
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: [spawn('Write long.', { label: 'writer' })] };
          }
          if (request.lastUserText.includes('<subagent-announcement')) {
            return {
              toolCalls: [
                { name: 'subagents', input: { action: 'show', target: 'writer' } },
                { name: 'subagents', input: { action: 'show', target: 'writer', offset: 40_000 } },
              ],
            };
          }
          return { text: 'Well.' };
        },
        'Write long': { text: long, gate: 'child' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    house.simulator.open('child');
    await feed.first('turn.ended', ({ turn }) => turn === 2);
    expect((await chat.subagent('writer')).result).toBe(long);
    const news = house.requests.find((request) => request.lastUserText.includes('<subagent-announcement'));
    expect(news?.lastUserText).toContain(`shown="8000 of ${long.length}"`);
    const body = /^<subagent-announcement[^>]*>\n([\s\S]*)\n<\/subagent-announcement/.exec(
      news?.lastUserText ?? '',
    );
    expect(decodeBody(body?.[1] ?? '')).toBe(long.slice(0, 8_000));
    const shown = resultOf(house.requests.at(-1), 'subagents');
    expect(shown).toContain(`characters 0 to 20000 of ${long.length}`);
    expect(shown).toContain(`characters 40000 to ${long.length} of ${long.length}`);
    expect(shown).toContain('The end.');
  });
});
