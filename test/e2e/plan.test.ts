/** Plans, from the model's call to the file: who begins when, what is tried again, and what becomes of it all in a crash. */
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cast, resultOf } from './cast.ts';
import { openHouse, openProcessHouse } from './harness.ts';
import { testWithProcesses } from './hosts.ts';

const plan = (input: object) => ({ name: 'plan', input: { ...input } });
const set = (tasks: readonly object[]) => plan({ action: 'set', main_task: 'Paint the house', tasks });

test('the tasks of a plan begin when their time has come, a failed one is tried again with what was learnt, and show tells it', async () => {
  const tried: string[] = [];
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.answers === 0) {
          return {
            toolCalls: [
              set([
                { id: 'scrape', task: 'Scrape the old paint off.', retries: 1 },
                { id: 'paint', title: 'Paint it', task: 'Put new paint on.', after: ['scrape'] },
                { id: 'look', role: 'manager', title: 'Look at it', after: ['paint'] },
              ]),
            ],
          };
        }
        if (request.lastUserText.includes('label="paint"')) return { toolCalls: [plan({ action: 'show' })] };
        return { text: 'I see.' };
      },
      'Put new paint on': (request) => ({
        text: request.lastUserText.includes('All off.') ? 'Blue.' : 'On the old?',
        gate: 'paint',
      }),
      'Scrape the old paint off': (request) => {
        tried.push(request.lastUserText);
        return request.lastUserText.includes('Attempt 1 ended as failed (empty)')
          ? { text: 'All off.', gate: 'scrape' }
          : {};
      },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Paint it.');
  // What comes while a turn goes on is told in it.
  for (const [turn, gate] of ['scrape', 'paint'].entries()) {
    await feed.first('turn.ended', (ended) => ended.turn === turn + 1);
    house.simulator.open(gate);
  }
  const { subagent } = await feed.first('subagent.ended', ({ subagent: { label } }) => label === 'paint');
  expect(subagent).toMatchObject({ status: 'completed', result: 'Blue.' });
  expect(await chat.subagent('scrape')).toMatchObject({ status: 'completed', attempt: 2 });
  expect(tried).toHaveLength(3);
  await feed.first('turn.ended', ({ turn }) => turn === 3);
  const shown = house.requests
    .map((request) => resultOf(request, 'plan'))
    .find((text) => text.startsWith('#'));
  expect(shown).toContain('- scrape: COMPLETED\n- paint: COMPLETED\n- look: IN_PROGRESS - Look at it\n');
  expect(shown).toMatch(/- T\+\S+: scrape started again \(attempt 2\)\n- T\+\S+: scrape completed\n/);
  // The failure that was mended woke nobody.
  expect(feed.all('turn.started').map(({ because }) => because)).toEqual([
    ['message'],
    ['announcement'],
    ['announcement'],
  ]);
});

testWithProcesses(
  'the file of a plan outlives a kill -9, and nothing that lies in its place is written through',
  async () => {
    const painting = set([
      { id: 'scrape', task: 'Scrape the old paint off.' },
      { id: 'paint', task: 'Put new paint on.', after: ['scrape'] },
    ]);
    const house = await openProcessHouse({
      script: cast({
        main: [{ toolCalls: [painting] }, { text: 'I see.' }],
        'Put new paint on': { gate: 'paint', text: 'Blue.' },
        'Scrape the old paint off': { gate: 'scrape', text: 'All off.' },
      }),
    });
    const chat = await house.client.newChat();
    const tmp = join(house.data, 'tmp', chat.id);
    const file = join(tmp, 'MANAGER_PLAN.md');
    const text = (): string =>
      lstatSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8') : '';
    const stands = (words: string) => expect.poll(text).toContain(words);
    const feed = chat.feed();
    await chat.say('Paint it.');
    await stands('- scrape: IN_PROGRESS');
    await feed.first('turn.ended');

    // Nobody asks for the chat when it is back.
    await feed.close();
    await house.gateway.end('SIGKILL');
    const elsewhere = join(house.folder, 'precious.txt');
    writeFileSync(elsewhere, 'precious');
    rmSync(file);
    symlinkSync(elsewhere, file);
    await house.start();
    await stands('- scrape: IN_PROGRESS');
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');

    // What can't be replaced is left, and nobody waits for it.
    rmSync(file);
    mkdirSync(join(file, 'full'), { recursive: true });
    house.simulator.open('scrape');
    house.simulator.open('paint');
    const again = chat.feed();
    await again.first('subagent.ended', ({ subagent }) => subagent.label === 'paint');
    expect(lstatSync(file).isDirectory()).toBe(true);
  },
);

testWithProcesses('a subagent’s own plan has a file of its own, and goes with its chat', async () => {
  const house = await openHouse({
    script: cast({
      main: [{ toolCalls: [set([{ id: 'boss', task: 'Lead the painters.' }])] }, { text: 'I see.' }],
      'Lead the painters': [
        { toolCalls: [set([{ id: 'pawn', task: 'Paint one wall.' }])] },
        { text: 'They paint.' },
        { text: 'Painted.' },
      ],
      'Paint one wall': { gate: 'wall', text: 'Blue.' },
    }),
  });
  const chat = await house.client.newChat();
  const tmp = join(house.data, 'tmp', chat.id);
  const read = (name: string) => () => {
    const file = join(tmp, name);
    return lstatSync(file, { throwIfNoEntry: false }) ? readFileSync(file, 'utf8') : '';
  };
  await chat.say('Paint it.');
  await expect.poll(read('MANAGER_PLAN.boss.md')).toContain('- pawn: IN_PROGRESS');
  await expect.poll(read('MANAGER_PLAN.md')).toContain('- boss: IN_PROGRESS');
  expect((await house.client.remove(chat.path())).status).toBe(200);
  // Whatever was still to be written is by then.
  await house.stop();
  expect(lstatSync(tmp, { throwIfNoEntry: false })).toBeUndefined();
});

test('more than five at once that may take much of the day’s budget are a person’s to allow', async () => {
  const labels = ['one', 'two', 'three', 'four', 'five', 'six'];
  const house = await openHouse({
    script: cast({
      main: [
        { toolCalls: [set(labels.map((id) => ({ id, task: `Paint wall ${id}.` })))] },
        { text: 'I see.' },
      ],
      'Paint wall': { text: 'Blue.' },
    }),
  });
  const chat = await house.client.newChat();
  const feed = chat.feed();
  await chat.say('Paint it.');
  const { request } = await feed.first('input.requested');
  expect(request).toMatchObject({ kind: 'permission', person: true });
  expect(request.title).toBe('start 6 subagents at once, for $12.00 at most');
  expect(await chat.subagents()).toEqual([]);
  expect((await feed.first('notice')).text).toContain('The assistant asks for permission: start 6 subagents');
  const answered = await house.client.post(chat.path('/answer'), { request: request.id, decision: 'allow' });
  expect(answered.status).toBe(200);
  for (const label of labels) await feed.first('subagent.ended', ({ subagent }) => subagent.label === label);
});
