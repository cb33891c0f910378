/** The care of a chat over real HTTP, processes, folders and repositories, whatever goes down in between. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import type { ScriptFunction } from '../../src/simulator/script.ts';
import { alive, git, repository, until } from '../workshop/setup.ts';
import { bash, cast, spawn } from './cast.ts';
import type { Answer, Chat } from './client.ts';
import { type House, openHouse, openProcessHouse } from './harness.ts';
import { describeWithProcesses } from './hosts.ts';

/** One works in a repository and leaves work there, one runs a process, one hangs in a call of the model. */
function busy(sleep: string): ScriptFunction {
  return cast({
    main: [
      {
        toolCalls: [
          spawn('Add colour.', { label: 'colour', repo: 'app' }),
          spawn('Run it.', { label: 'run' }),
          spawn('Think.', { label: 'think' }),
        ],
      },
      { text: 'Under way.' },
    ],
    'Add colour': [
      {
        toolCalls: [
          bash('echo red > colour.txt && git add -A && git commit -qm "Add a colour"; echo x > new'),
        ],
      },
      { toolCalls: [bash(`${sleep}`)] },
    ],
    'Run it': [{ toolCalls: [bash(`(setsid setsid ${sleep} &) ; sleep 300`)] }],
    Think: { text: 'Thought.', gate: 'think' },
  });
}

let odd = 0;
function oddSleep(): string {
  odd += 1;
  return `sleep ${5000 + (process.pid % 100000)}.${odd}${Math.floor(Math.random() * 1e6)}`;
}

async function setToWork(house: House, sleep: string, words = '# Plan the *move*\nand so on') {
  const chat = await house.client.newChat({ id: 'mine' });
  await chat.say(words);
  await house.simulator.until(() => house.simulator.waiting('think') === 1);
  await until(() => alive(sleep) === 2);
  return chat;
}

/** Deletes it, and waits for as long as it takes: after a while it is answered that it goes. */
async function gone(house: House, chat: Chat): Promise<Answer> {
  for (;;) {
    const answer = await house.client.remove(chat.path());
    if (answer.status !== 202) return answer;
  }
}

/** Nothing of any chat is left in the data folder. */
function expectNothingLeft(house: House): void {
  for (const folder of ['scratch', 'tmp', 'workspaces']) {
    const path = join(house.data, folder);
    expect([folder, existsSync(path) ? readdirSync(path) : []]).toEqual([folder, []]);
  }
  const store = openStore(house.data);
  try {
    expect(store.chats({ limit: 10 })).toEqual([]);
    expect(store.wanting()).toEqual([]);
    expect(store.ended({ before: Number.MAX_SAFE_INTEGER, limit: 10 })).toEqual([]);
  } finally {
    store.close();
  }
}

function expectWorkKept(app: string): void {
  expect(git(app, 'show', 'subagent/colour:colour.txt')).toBe('red');
  expect(git(app, 'show', 'subagent/colour:new')).toBe('x');
}

describeWithProcesses('a chat at work', () => {
  test('is deleted with its tree and processes; what was landed nowhere is kept and named', async () => {
    const app = repository();
    const sleep = oddSleep();
    const house = await openHouse({ config: { repositories: { app } }, script: busy(sleep) });
    const chat = await setToWork(house, sleep);
    expect((await chat.view()).title).toBe('Plan the move');
    const { status, body } = await gone(house, chat);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        deleted: chat.id,
        kept: [
          {
            path: join(house.data, 'worktrees', chat.id, 'colour'),
            repository: 'app',
            branch: 'subagent/colour',
            commits: 2,
            files: 2,
          },
        ],
      },
    });
    expect(alive(sleep)).toBe(0);
    expectWorkKept(app);
    for (const rest of ['', '/messages', '/events', '/export', '/subagents']) {
      expect((await house.client.get(chat.path(rest))).status).toBe(404);
    }
    expect((await house.client.remove(chat.path())).status).toBe(404);

    // The same request makes it anew, and its subagents get worktrees of their own.
    const again = await setToWork(house, sleep, 'Once more.');
    expect(again.id).toBe(chat.id);
    await gone(house, again);
    expect(git(app, 'branch', '--format=%(refname:short)').split('\n')).toEqual([
      'main',
      'subagent/colour',
      'subagent/colour-2',
    ]);
    await house.stop();
    expectNothingLeft(house);
  });

  test.each(['asked for', 'begun', 'half done', 'done'])(
    'whose deletion is %s when the gateway is killed is deleted by the next one',
    async (phase) => {
      const app = repository();
      const sleep = oddSleep();
      const house = await openProcessHouse({ config: { repositories: { app } }, script: busy(sleep) });
      const chat = await setToWork(house, sleep);
      const feed = chat.feed();
      await feed.first('subagent.spawned');
      const asked = gone(house, chat).catch((): undefined => undefined);
      if (phase === 'begun') await feed.first('chat.deleting');
      if (phase === 'half done') await feed.first('subagent.ended');
      if (phase === 'done') expect((await asked)?.status).toBe(200);
      await feed.close();
      await house.gateway.end('SIGKILL');
      await asked;
      await house.start();
      // One that was only asked for may not have got there.
      if (phase === 'asked for') await house.client.remove(chat.path());
      const store = () => house.client.get(chat.path());
      while ((await store()).status !== 404) await new Promise((resolve) => setTimeout(resolve, 20));
      await until(() => !readdirSync(join(house.data, 'tmp')).includes(chat.id));
      // The logs go last: asked for once more, it waits for that or finds nothing.
      expect([200, 404]).toContain((await gone(house, chat)).status);
      expect(alive(sleep)).toBe(0);
      expectWorkKept(app);
      await house.stop();
      expectNothingLeft(house);
    },
  );
});

/** Two who wait for the model, one of them for somebody below. */
const waiting = cast({
  main: (request) => {
    if (request.answers > 0) return { text: 'Under way.' };
    const round = request.lastUserText.includes('Once more.') ? 'second' : 'first';
    const tasks = { boss: `Lead the ${round} work.`, think: `Think for the ${round} time.` };
    return { toolCalls: Object.entries(tasks).map(([label, task]) => spawn(task, { label })) };
  },
  Lead: [
    ({ lastUserText }) => ({
      toolCalls: [spawn(`Think below. ${lastUserText.replace('Lead', 'It is')}`, { label: 'pawn' })],
    }),
    { text: 'I wait.' },
  ],
  Think: { text: 'Thought.', gate: 'think' },
});

describe('a chat that waits for the model', () => {
  async function begin(house: House, words = 'Begin.') {
    const chat = await house.client.newChat({ id: 'mine' });
    const feed = chat.feed();
    await chat.say(words);
    await feed.first('subagent.updated', ({ subagent }) => subagent.status === 'waiting');
    await house.simulator.until(() => house.simulator.waiting('think') === 2);
    return { chat, feed };
  }

  test('is deleted with its tree, is listed no more, and leaves room for the same request', async () => {
    const house = await openHouse({ script: waiting });
    const other = await house.client.newChat();
    const { chat, feed } = await begin(house);
    expect(await gone(house, chat)).toMatchObject({
      status: 200,
      body: { deleted: chat.id, kept: [] },
    });
    await feed.close();
    await house.simulator.until(() => house.simulator.counts.inFlight === 0);
    for (const rest of ['', '/messages', '/events', '/export', '/subagents']) {
      expect((await house.client.get(chat.path(rest))).status).toBe(404);
    }
    expect((await house.client.remove(chat.path())).status).toBe(404);
    expect((await house.client.get('/v1/chats')).body).toMatchObject({ chats: [{ id: other.id }] });

    const again = await begin(house, 'Once more.');
    expect(again.chat.id).toBe(chat.id);
    expect((await again.chat.messages()).map(({ text }) => text)).not.toContain('Begin.');
    await gone(house, again.chat);
    await house.stop();
    expect(house.sessions()).toEqual([other.id]);
  });

  test.each(['asked for', 'begun', 'half done', 'done'])(
    'whose deletion is %s when the gateway is killed is deleted by the next one',
    async (phase) => {
      const house = await openProcessHouse({ script: waiting });
      const { chat, feed } = await begin(house);
      const asked = gone(house, chat).catch((): undefined => undefined);
      if (phase === 'begun') await feed.first('chat.deleting');
      if (phase === 'half done') await feed.first('subagent.ended');
      if (phase === 'done') expect((await asked)?.status).toBe(200);
      await feed.close();
      await house.gateway.end('SIGKILL');
      await asked;
      await house.start();
      // One that was only asked for may not have got there.
      if (phase === 'asked for') await house.client.remove(chat.path());
      while ((await house.client.get(chat.path())).status !== 404) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      // The logs go last: asked for again, it waits for that or finds nothing.
      expect([200, 404]).toContain((await gone(house, chat)).status);
      await house.stop();
      expect(house.sessions()).toEqual([]);
    },
  );
});
