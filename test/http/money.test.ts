import { expect, test } from 'vitest';
import { z } from 'zod';
import { openDoor } from './door.ts';

const made = z.object({ chat: z.object({ id: z.string() }) });

test('a chat that is parked for want of money goes on by itself when its budget is raised', async () => {
  const door = openDoor();
  const { id } = made.parse((await door.post('/v1/chats', { budgetUsd: 0.01 })).body).chat;
  await door.post(`/v1/chats/${id}/messages`, { text: 'say:hello' });
  await door.until(() => door.runtime.state(id)?.status === 'parked');
  expect((await door.get(`/v1/chats/${id}`)).body).toMatchObject({
    chat: { status: 'parked', reason: 'budget', budget: { usd: 0.01 } },
  });
  expect(door.model.calls).toBe(0);
  const from = { principal: 'ada', channel: 'test' };
  await door.runtime.send(id, { type: 'change', budgetUsd: 5, from });
  await door.until(() => door.runtime.state(id)?.status === 'idle');
  expect(door.model.calls).toBe(1);
  expect((await door.get(`/v1/chats/${id}`)).body).toMatchObject({ chat: { budget: { usd: 5 } } });
});

test('the usage of a chat that there isn’t is not found', async () => {
  expect((await openDoor().get('/v1/chats/chat_no/usage')).status).toBe(404);
});
