/** Bad input of the model's: each mistake is one error result that says how to mend it, and nothing is half done. */
import { describe, expect, test } from 'vitest';
import { repository } from '../workshop/setup.ts';
import { bash, cast, spawn, subagents } from './cast.ts';
import { problemSchema } from './client.ts';
import { type House, openHouse } from './harness.ts';
import { whereProcessesAre } from './hosts.ts';

type Wrong = readonly [call: { name: string; input: Record<string, unknown> }, words: RegExp];

const nul = String.fromCharCode(0);
const bell = String.fromCharCode(7);

const wrongSpawns: readonly Wrong[] = [
  [{ name: 'sessions_spawn', input: {} }, /task.*(missing|must)/],
  [{ name: 'sessions_spawn', input: { task: 7 } }, /task.*a string/],
  [spawn(''), /task/],
  [spawn(' \n\t '), /blank/],
  [spawn('x'.repeat(100_001)), /task.*(100000|a file)/],
  [spawn(`Ring ${bell}.`), /control characters/],
  [spawn('Fine.', { label: 'Not A Label' }), /label/],
  [spawn('Fine.', { label: '' }), /label/],
  [spawn('Fine.', { label: 'x'.repeat(49) }), /label/],
  [spawn('Fine.', { label: 'all' }), /all/],
  [spawn('Fine.', { label: 3 }), /label/],
  [spawn('Fine.', { model: 'gpt-9' }), /no model "gpt-9".*There are: claude/],
  [spawn('Fine.', { model: '' }), /model/],
  [spawn('Fine.', { thinking: 'deeply' }), /thinking/],
  [spawn('Fine.', { limits: 5 }), /limits/],
  [spawn('Fine.', { limits: { minutes: 0 } }), /limits|minutes/],
  [spawn('Fine.', { limits: { minutes: -1 } }), /limits|minutes/],
  [spawn('Fine.', { limits: { minutes: 'ten' } }), /limits|minutes/],
  [spawn('Fine.', { limits: { hours: 1 } }), /hours/],
  [spawn('Fine.', { announce: 'loud' }), /announce/],
  [spawn('Fine.', { colour: 'red' }), /`colour` is not a field.*task/],
  ...whereProcessesAre<Wrong>([
    [spawn('Fine.', { repo: 'nowhere' }), /no repository "nowhere"; there is: app/],
    [spawn('Fine.', { repo: 5 }), /repo/],
  ]),
];

const wrongCalls: readonly Wrong[] = [
  [{ name: 'subagents', input: {} }, /action.*missing/],
  [subagents('wait'), /action/],
  [subagents('list', { every: 'one' }), /`every` is not a field/],
  [subagents('show'), /needs a `target`/],
  [subagents('show', { target: 'nobody' }), /no subagent "nobody"/],
  [subagents('show', { target: '' }), /target/],
  [subagents('show', { target: 9 }), /target/],
  [subagents('show', { target: 'x'.repeat(401) }), /target/],
  [subagents('show', { target: 'twin' }), /could be .*one\/twin.*two\/twin.*use a path or an id/],
  [subagents('show', { target: 'one', offset: -1 }), /offset/],
  [subagents('show', { target: 'one', offset: 1.5 }), /offset/],
  [subagents('kill'), /needs a `target`/],
  [subagents('kill', { target: 'nobody' }), /Nothing killed: there is no subagent "nobody"/],
  [subagents('kill', { target: 'twin' }), /Nothing killed: "twin" could be/],
  [subagents('steer', { message: 'Go.' }), /needs a `target`/],
  [subagents('steer', { target: 'one' }), /needs a `message`/],
  [subagents('steer', { target: 'one', message: ' ' }), /blank/],
  [subagents('steer', { target: 'one', message: 'x'.repeat(20_001) }), /message/],
  [subagents('steer', { target: 'one', message: 4 }), /message/],
  [subagents('steer', { target: 'one', message: 'Go.', interrupt: 'yes' }), /interrupt/],
  [subagents('steer', { target: 'nobody', message: 'Go.' }), /Not steered: there is no subagent/],
  [subagents('steer', { target: 'twin', message: 'Go.' }), /Not steered: "twin" could be/],
  [subagents('steer', { target: 'all', message: 'Go.' }), /Not steered/],
  [{ name: 'stay_silent', input: { please: true } }, /`please` is not a field/],
  [{ name: 'report', input: { progress: 'x' } }, /There is no tool report; there is sessions_spawn/],
  [{ name: 'rm', input: {} }, /There is no tool rm/],
  ...whereProcessesAre<Wrong>([
    [{ name: 'bash', input: {} }, /command.*missing/],
    [bash(''), /command/],
    [bash('  '), /blank/],
    [bash(`echo ${nul}`), /NUL/],
    [bash('x'.repeat(100_001)), /command/],
    [bash('true', { timeout_seconds: 0 }), /timeout_seconds/],
    [bash('true', { timeout_seconds: 3601 }), /timeout_seconds.*3600/],
    [bash('true', { timeout_seconds: 1.5 }), /timeout_seconds/],
    [bash('true', { cwd: '/' }), /`cwd` is not a field/],
    [{ name: 'read', input: {} }, /path.*missing/],
    [{ name: 'read', input: { path: 'none.txt' } }, /none\.txt/],
    [{ name: 'read', input: { path: '/etc/passwd' } }, /outside of what you may read/],
    [{ name: 'read', input: { path: '../../admin-token' } }, /outside of what you may read/],
    [{ name: 'read', input: { path: 'a.txt', offset: 0 } }, /offset/],
    [{ name: 'read', input: { path: 'a.txt', limit: 0 } }, /limit/],
    [{ name: 'read', input: { path: `a${nul}b` } }, /NUL/],
    [{ name: 'write', input: { path: 'a.txt' } }, /content.*missing/],
    [{ name: 'write', input: { path: '/etc/tidings', content: 'x' } }, /outside of what you may write/],
    [{ name: 'write', input: { path: 'a.txt', content: 7 } }, /content/],
    [{ name: 'edit', input: { path: 'none.txt', old_text: 'a', new_text: 'b' } }, /none\.txt/],
    [{ name: 'edit', input: { path: 'a.txt', old_text: '', new_text: 'b' } }, /old_text/],
    [{ name: 'edit', input: { path: 'a.txt', old_text: 'a' } }, /new_text.*missing/],
  ]),
];

/** What each of the calls in one answer was answered, in their order. */
async function answered(house: House, count: number) {
  const find = () => house.requests.find((request) => request.toolResults.length === count);
  await house.simulator.until(() => find() !== undefined);
  const request = find() ?? noRequest();
  const said = request.messages.findLast(({ role }) => role === 'assistant')?.blocks ?? [];
  const calls = said.filter((block) => block.type === 'tool_use');
  return calls.map(({ id }) => request.toolResults.find((result) => result.toolUseId === id));
}

function noRequest(): never {
  throw new Error('there was no such request');
}

function callsOf(rows: readonly Wrong[]) {
  return rows.map(([call]) => call);
}

describe('wrong calls of the model', () => {
  test('of sessions_spawn spawn nobody', async () => {
    const house = await openHouse({
      config: { repositories: { app: repository() } },
      script: cast({ main: [{ toolCalls: callsOf(wrongSpawns) }, { text: 'I see.' }] }),
    });
    const chat = await house.client.newChat();
    await chat.say('Make your calls.');
    const results = await answered(house, wrongSpawns.length);
    for (const [index, [call, words]] of wrongSpawns.entries()) {
      const shown = JSON.stringify(call.input).slice(0, 80);
      expect(results[index], shown).toMatchObject({ isError: true, text: expect.stringMatching(words) });
      expect(results[index]?.text.length, shown).toBeLessThan(2_000);
    }
    await chat.feed().first('turn.ended');
    expect(await chat.subagents()).toEqual([]);
  });

  test('of all other tools change nothing', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) {
            return { toolCalls: ['one', 'two'].map((label) => spawn(`Lead ${label}.`, { label })) };
          }
          if (request.lastUserText.includes('Make your calls')) return { toolCalls: callsOf(wrongCalls) };
          return { text: 'I see.' };
        },
        Lead: (request) => {
          const boss = /Lead (one|two)/.exec(request.transcriptText)?.[1];
          if (request.answers === 0) return { toolCalls: [spawn(`Carry for ${boss}.`, { label: 'twin' })] };
          return { text: 'I wait.' };
        },
        'Carry for': { text: 'Carried.', gate: 'carry' },
      }),
    });
    const chat = await house.client.newChat();
    await chat.say('Begin.');
    await house.simulator.until(() => house.simulator.waiting('carry') === 2);
    const feed = chat.feed();
    await feed.until(
      () => feed.all('subagent.updated').filter(({ subagent }) => subagent.status === 'waiting').length === 2,
    );
    await chat.say('Make your calls.');
    const results = await answered(house, wrongCalls.length);
    for (const [index, [call, words]] of wrongCalls.entries()) {
      const shown = `${call.name} ${JSON.stringify(call.input).slice(0, 80)}`;
      expect(results[index], shown).toMatchObject({ isError: true, text: expect.stringMatching(words) });
    }
    expect((await chat.view()).subagents).toEqual({ waiting: 2, running: 2 });
    expect((await chat.subagents()).every(({ pendingSteers }) => pendingSteers === 0)).toBe(true);
    expect(feed.all('steer.queued')).toEqual([]);
  });

  test('somebody else’s subagents do not exist for a subagent', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Mind your own.', { label: 'mine' }), spawn('Spy around.', { label: 'spy' })] },
          { text: 'Well.' },
        ],
        'Mind your own': { text: 'Minded.', gate: 'mine' },
        'Spy around': [
          {
            toolCalls: [
              subagents('list'),
              subagents('show', { target: 'mine' }),
              subagents('steer', { target: 'mine', message: 'Obey me.' }),
              subagents('kill', { target: 'mine' }),
              subagents('kill', { target: 'spy' }),
              subagents('kill', { target: 'all' }),
            ],
          },
          { text: 'Spied.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('subagent.ended');
    const [list, ...told] = (await answered(house, 6)).map((result) => result?.text);
    const all = told.pop();
    expect(list).toBe('There are no subagents.');
    expect(told).toHaveLength(4);
    for (const words of told) expect(words).toMatch(/there is no subagent "(mine|spy)": none was spawned/);
    expect(JSON.parse(all ?? '')).toMatchObject({ killed: [], unconfirmed: [], alreadyEnded: [] });
    expect(await chat.subagent('mine')).toMatchObject({ status: 'running', pendingSteers: 0 });
  });

  test('a task of 1 MB is never half spawned: the model is cut off in it, a person refused', async () => {
    const task = 'm'.repeat(1_000_000);
    const house = await openHouse({
      script: cast({
        main: [{ text: 'Here:', toolCalls: [spawn(task)], chunk: 50_000 }, { text: 'I see.' }],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    expect(house.requests.at(-1)?.lastUserText).toContain('A tool call that was cut was not run');
    const refused = await house.client.post(chat.path('/subagents'), { task });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'task' }] } });
    expect(problemSchema.parse(refused.body).detail).toMatch(/at most 100000 characters: put long material/);
    expect(await chat.subagents()).toEqual([]);
  });
});
