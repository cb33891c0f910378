/** News of a chat that a program leads, at the HTTP door: what is acknowledged, and of which chat. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openDoor } from './door.ts';

const pageShape = z.object({
  news: z.array(z.object({ seq: z.int(), text: z.string() })),
  createdAt: z.int(),
});

test('what was read of a chat that was deleted and made anew since acknowledges nothing of the new one', async () => {
  const door = openDoor();
  const made = { lead: 'program', id: 'same' };
  const id = await door.chat(made);
  const news = async () => pageShape.parse((await door.get(`/v1/chats/${id}/news`)).body);
  const say = (text: string) => door.post(`/v1/chats/${id}/messages`, { text });
  await say('old');
  const old = await news();
  const acknowledge = (body: object) =>
    door.post(`/v1/chats/${id}/news/read`, { upTo: old.news[0]?.seq, ...body });

  expect((await door.remove(`/v1/chats/${id}`)).status).toBe(200);
  door.clock.advance(1);
  expect(await door.chat(made)).toBe(id);
  await say('new');
  const { createdAt } = old;
  expect(await acknowledge({ createdAt })).toMatchObject({
    status: 409,
    body: { detail: expect.stringMatching(/an earlier chat, which was deleted; nothing was acknowledged/) },
  });
  const present = await news();
  expect(present.news).toMatchObject([{ seq: old.news[0]?.seq, text: expect.stringContaining('new') }]);
  expect(await acknowledge({ createdAt: present.createdAt })).toMatchObject({
    status: 200,
    body: { read: 1 },
  });
  // Whoever names no chat means the one that is there.
  await say('newer');
  const {
    news: [last],
  } = await news();
  expect(await acknowledge({ upTo: last?.seq })).toMatchObject({ status: 200, body: { read: 1 } });
  expect(door.failures).toEqual([]);
});
