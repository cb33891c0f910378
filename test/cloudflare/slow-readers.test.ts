/** Readers of the feed over a socket that take little or nothing: waited for, cut off, and told the rest when back. */
import { expect, test } from 'vitest';
import { follow, type SocketReader, ticketFor, upgrade } from './socket-client.ts';
import { openWorkerHouse, type WorkerHouse } from './worker-house.ts';

const MESSAGES = 10;
/** Of each; its event carries them twice. */
const CHARS = 99_000;

/** A chat, and what says so many long messages more; its assistant never answers, so they are only kept and told. */
async function chatIn(house: WorkerHouse) {
  const chat = await house.chat();
  let said = 0;
  return {
    chat,
    async say(count: number): Promise<void> {
      for (const until = said + count; said < until; said += 1) {
        const text = `${said}: ${'x'.repeat(CHARS)}`;
        const { status, body } = await house.post(`/v1/chats/${chat}/messages`, { text });
        expect(status, JSON.stringify(body)).toBe(202);
      }
    },
  };
}

const told = ({ frames }: SocketReader) => frames.filter(({ event }) => event === 'message').length;

/** Whoever reads so says of each portion that it was taken. */
function takes({ socket }: SocketReader): void {
  socket.addEventListener('message', ({ data }) => {
    if (data !== 'pong') socket.send('ping');
  });
  socket.send('ping');
}

const slow = () => ({ gate: 'never', text: 'Well.' });

test('who takes nothing is cut off with 4408, comes back with its cursor, and gets the rest once', async () => {
  const house = await openWorkerHouse(slow);
  const { chat, say } = await chatIn(house);
  const [raw, reader, good] = [
    await upgrade(house.url, await ticketFor(house, chat)),
    await follow(house, chat, { after: 0 }),
    await follow(house, chat, { after: 0 }),
  ];
  takes(good);
  await say(MESSAGES);
  expect(await raw.closed).toEqual({ code: 4408, reason: 'the reader is too slow' });
  await reader.until((one) => one.over());
  expect(told(reader)).toBeGreaterThan(2);
  expect(told(reader)).toBeLessThan(MESSAGES);
  await good.until((one) => told(one) === MESSAGES);
  expect(good.over()).toBe(false);

  const back = await follow(house, chat, { after: reader.ids().at(-1) ?? 0 });
  takes(back);
  await back.until((one) => told(reader) + told(one) === MESSAGES);
  const all = good.frames.filter(({ id }) => id !== undefined);
  expect([...reader.frames, ...back.frames].filter(({ id }) => id !== undefined)).toEqual(all);
});

test('who catches up gets no more at once than it takes, and all of it once and in order', async () => {
  const house = await openWorkerHouse(slow);
  const { chat, say } = await chatIn(house);
  await say(MESSAGES);
  const patient = await follow(house, chat, { after: 0 });
  await patient.until((one) => told(one) >= 2);
  const eager = await follow(house, chat, { after: 0 });
  takes(eager);
  await eager.until((one) => told(one) === MESSAGES);
  // The other has said nothing meanwhile, and got nothing more.
  expect(told(patient)).toBe(2);
  takes(patient);
  await patient.until((one) => told(one) === MESSAGES);
  expect(patient.ids()).toEqual(eager.ids());
  expect(patient.ids()).toEqual([...patient.ids()].sort((a, b) => a - b));
  expect(new Set(patient.ids()).size).toBe(patient.ids().length);
  // And it goes on live.
  await say(1);
  for (const reader of [patient, eager]) await reader.until((one) => told(one) === MESSAGES + 1);
});
