/** Subagents that ended long ago are forgotten, object by object; the chat that forgets them loses nothing else. */
import { expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { isMain, spawn } from '../../e2e/cast.ts';
import { type FaultHouse, openFaultHouse } from './house.ts';

const DAY_MS = 24 * 3_600_000;

/** The chat has a boss with a worker below it. */
function script(request: ParsedRequest): Reply {
  if (!isMain(request)) {
    const leads = request.transcriptText.includes('Lead.') && request.answers === 0;
    return leads ? { toolCalls: [spawn('Toil.', { label: 'worker' })] } : { text: 'Done.' };
  }
  if (!request.lastUserText.includes('Begin.')) return { text: 'Well.' };
  return { toolCalls: [spawn('Lead.', { label: 'boss' })] };
}

const tables = ({ host }: FaultHouse, session: string) =>
  host.rows('SessionObject', { name: session }, "SELECT name FROM sqlite_master WHERE name = 'session'");

test('a chat forgets subagents that ended long ago, and keeps all its own messages and goes on', async () => {
  const house = await openFaultHouse(script);
  const { client } = house;
  const chat = await client.newChat();
  await house.say(chat, 'Begin.');
  const news = async () => (await chat.subagents()).map(({ announcement }) => announcement).join();
  await expect.poll(news).toBe('read,read');
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  const below = (await chat.subagents()).map(({ id }) => id);
  const said = await chat.messages();
  expect(said.length).toBeGreaterThan(1);

  // A look each day: while they are kept, they are there.
  await house.bell({ what: 'later', ms: 89 * DAY_MS });
  await house.bell({ what: 'ring', session: chat.id, times: 1 });
  expect((await chat.subagents()).map(({ id }) => id)).toEqual(below);
  for (const id of below) expect(await tables(house, id)).toHaveLength(1);

  await house.bell({ what: 'later', ms: 2 * DAY_MS });
  await house.bell({ what: 'ring', session: chat.id, times: 1 });
  const left = async () => (await Promise.all(below.map((id) => tables(house, id)))).flat();
  await expect.poll(left).toEqual([]);
  await expect.poll(() => chat.subagents()).toEqual([]);
  for (const id of below) expect((await client.get(chat.path(`/subagents/${id}`))).status).toBe(404);
  expect(await chat.messages()).toEqual(said);

  await house.say(chat, 'And now?');
  await expect.poll(async () => (await chat.said()).at(-1)).toBe('Well.');
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  // What it has in memory is what is stored.
  await house.host.abortAll();
  expect((await chat.messages()).slice(0, said.length)).toEqual(said);
  expect(await chat.subagents()).toEqual([]);
  expect(house.simulator.violations).toEqual([]);
});
