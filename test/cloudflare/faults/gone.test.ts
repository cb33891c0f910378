/** Chats are archived and deleted while their objects are reset: the list comes to be right, and nothing is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeEvent } from '../../../src/core/events.ts';
import { MAIL_VERSION } from '../../../src/hosts/cloudflare/messages.ts';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { amount } from '../../amounts.ts';
import { firstWords, isMain, spawn } from '../../e2e/cast.ts';
import type { Answer } from '../../e2e/client.ts';
import { readObjectLogs } from '../../fault/object-logs.ts';
import { type FaultHouse, openFaultHouse } from './house.ts';

/** Bosses with workers that come and go for as long as they may. */
function script(request: ParsedRequest): Reply {
  const step = request.answers;
  if (isMain(request)) {
    return request.lastUserText.includes('Begin.')
      ? { toolCalls: [spawn('Lead one.'), spawn('Lead two.')] }
      : { text: 'Well.' };
  }
  if (firstWords(request).includes('Lead') && step < 6) {
    return { delayMs: 20, toolCalls: [spawn(`Toil ${step}.`)] };
  }
  return { delayMs: 60, text: 'Done.' };
}

/** The same request until it is answered by somebody who isn't just being reset. */
async function insist(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status < 500) return answer;
    await sleep(20);
  }
}

const page = z.object({ chats: z.array(z.object({ id: z.string() })) });

async function listed(house: FaultHouse, archived: boolean): Promise<string[]> {
  const { body } = await house.client.get(`/v1/chats?archived=${archived}&limit=200`);
  return page
    .parse(body)
    .chats.map(({ id }) => id)
    .sort();
}

test('chats that are archived or deleted while everything is reset are so in the end, and nothing of them is left', async () => {
  const house = await openFaultHouse(script);
  const { client } = house;
  let over = false;
  const storm = (async () => {
    while (!over) {
      await sleep(60);
      await house.host.abortAll();
    }
  })();
  const count = amount(9, 60);
  const kept: string[] = [];
  const archived: string[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const made = await insist(() => client.post('/v1/chats', { id: `chat-${n}` }));
      const chat = client.chat(z.object({ chat: z.object({ id: z.string() }) }).parse(made.body).chat.id);
      await insist(() => client.post(chat.path('/messages'), { id: `say-${n}`, text: 'Begin.' }));
      await sleep(n * 25);
      if (n % 3 === 0) kept.push(chat.id);
      if (n % 3 === 1) {
        archived.push(chat.id);
        expect((await insist(() => client.patch(chat.path(), { archived: true }))).status).toBe(200);
      }
      if (n % 3 === 2) {
        while ((await insist(() => client.remove(chat.path()))).status !== 404) await sleep(20);
      }
    }),
  );
  over = true;
  await storm;
  await expect.poll(() => listed(house, false)).toEqual(kept.sort());
  await expect.poll(() => listed(house, true)).toEqual(archived.sort());
  // A deleted chat may just have been reset: who looks at it, as its alarm would, brings its end about.
  const expected = [...kept, ...archived].sort();
  for (let tries = 0; ; tries += 1) {
    await sleep(500);
    await house.stop();
    const left = chatsIn(house.host.folder);
    if (tries === 20 || left.join() === expected.join()) {
      expect(left).toEqual(expected);
      return;
    }
    await house.restart();
    for (const session of left) await house.bell({ what: 'nudge', session });
  }
});

const taskRow = z.object({ text: z.string() });

test('a subagent that was removed is not born again of a task that was on its way', async () => {
  const house = await openFaultHouse(() => ({ text: 'Well.' }));
  const chat = await house.client.newChat();
  const { id } = await chat.spawn({ task: 'Toil.' });
  await expect.poll(async () => (await chat.subagent(id)).status).toBe('completed');
  const rows = await house.host.rows('SessionObject', { name: chat.id }, 'SELECT text FROM events');
  const posted = rows
    .map((row) => decodeEvent({ seq: 1, at: 0, event: taskRow.parse(row).text }).event)
    .flatMap((event) =>
      event.type === 'mail.posted' && event.mail.body.kind === 'task' ? [event.mail] : [],
    );
  expect(posted).toHaveLength(1);
  await house.bell({ what: 'remove', session: id });
  const message = JSON.stringify({ version: MAIL_VERSION, sender: chat.id, mails: posted });
  expect(await house.bell({ what: 'mail', session: id, message })).toBe(0);
  const tables = "SELECT name FROM sqlite_master WHERE name = 'session'";
  expect(await house.host.rows('SessionObject', { name: id }, tables)).toEqual([]);
});

/** The chats of which anything is stored. */
function chatsIn(folder: string): string[] {
  const found = readObjectLogs(folder).flatMap(({ log }) => {
    const birth = log[0]?.event;
    return birth?.type === 'session.created' ? [birth.chat] : [];
  });
  return [...new Set(found)].sort();
}
