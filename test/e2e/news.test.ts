/** A chat that a program leads, on any host: no model speaks in it, and its news waits until it was acknowledged. */
import { expect, test } from 'vitest';
import { makeClient, ProblemError } from '../../src/client/index.ts';
import { cast, resultOf } from './cast.ts';
import { openHouse } from './harness.ts';

test('what its subagents and people tell waits, in order, until it is acknowledged, through a restart too', async () => {
  const house = await openHouse({
    script: cast({
      main: () => {
        throw new Error('a chat that a program leads calls no model');
      },
      'Count to three.': { text: 'one, two, three' },
      'Ask me.': [
        { toolCalls: [{ name: 'report', input: { question: 'Which colour?' } }] },
        (request) => ({ text: `Painted: ${resultOf(request, 'report')}` }),
      ],
    }),
  });
  const there = () => makeClient({ url: house.url, token: house.token });
  let client = there();
  const chat = await client.createChat({ lead: 'program', title: 'A script' });
  expect(chat.lead).toBe('program');
  const told = async (n: number) => {
    await expect.poll(async () => (await client.news(chat.id)).news.length).toBe(n);
    return (await client.news(chat.id)).news;
  };

  await client.spawn(chat.id, { task: 'Count to three.', label: 'counter' });
  const [ending] = await told(1);
  expect(ending).toMatchObject({
    kind: 'announcement',
    label: 'counter',
    status: 'completed',
    attempt: 1,
    result: 'one, two, three',
  });
  expect(ending?.text).toMatch(/^<subagent-announcement nonce="\w{8}" label="counter"/);
  expect((await client.subagent(chat.id, 'counter')).announcement).toBe('pending');

  await client.spawn(chat.id, { task: 'Ask me.', label: 'asker' });
  const [, question] = await told(2);
  expect(question).toMatchObject({ kind: 'question' });
  expect(question?.text).toContain('Which colour?');
  await client.send(chat.id, { text: 'Are you there?' });
  const [, , words] = await told(3);
  expect(words).toMatchObject({ kind: 'message', from: { principal: 'admin' } });
  expect(words?.text).toContain('Are you there?');

  const paged = await client.news(chat.id, { limit: 1 });
  expect(paged.news.map(({ seq }) => seq)).toEqual([ending?.seq]);
  expect(paged.next).toBe(ending?.seq);
  await house.stop();
  await house.start();
  client = there();
  expect((await told(3)).map(({ seq }) => seq)).toEqual([ending?.seq, question?.seq, words?.seq]);

  // Read up to the question: that much is not told again, and to say so twice is to say it once.
  expect(await client.readNews(chat.id, question?.seq ?? 0)).toBe(2);
  expect(await client.readNews(chat.id, question?.seq ?? 0)).toBe(0);
  expect((await told(1)).map(({ seq }) => seq)).toEqual([words?.seq]);
  expect((await client.subagent(chat.id, 'counter')).announcement).toBe('read');

  await client.answerSubagent(chat.id, 'asker', { request: question?.request ?? '', text: 'green' });
  const [, painted] = await told(2);
  expect(painted).toMatchObject({ label: 'asker', result: expect.stringContaining('green') });
  // Stopping all takes nothing from it that it hasn't read.
  await client.stop(chat.id, { subagents: true });
  expect(await told(2)).toHaveLength(2);
  await expect(client.readNews(chat.id, 1_000_000)).rejects.toThrow(ProblemError);

  const led = await client.createChat({});
  expect(led.lead).toBe('assistant');
  expect((await client.news(led.id)).news).toEqual([]);
  await expect(client.readNews(led.id, 1)).rejects.toThrow(/reads the news of this chat itself/);
  expect(house.requests.every(({ lastUserText }) => !lastUserText.includes('Are you there?'))).toBe(true);
});
