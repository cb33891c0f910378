/**
 * New prefixes through a real gateway: conversations that outgrow their window, words that the API refuses, settings
 * that change between two starts. The house sees to it that no request breaks a rule of the API.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import type { Chat } from './client.ts';
import { openHouse } from './harness.ts';

const SUMMARY = 'getting long for your window';
/** A model whose window is full after some pages. */
const small = {
  model: 'small',
  models: { small: { id: 'claude-haiku-4-5', window: 14_000, maxOutput: 4_000 } },
};
const page = 'All work and no play makes a long conversation. '.repeat(40);

/** Says something and waits until the chat is at rest again. */
async function turn(chat: Chat, words: string): Promise<void> {
  await chat.say(words);
  while ((await chat.view()).status === 'working') await delay(2);
}

function isSummary(request: ParsedRequest): boolean {
  return request.lastUserText.includes(SUMMARY);
}

test('a long conversation goes on from a summary, and people read all of it', async () => {
  const house = await openHouse({
    config: small,
    script: (request): Reply =>
      isSummary(request) ? { text: 'SUMMARY: they talked at length.' } : { text: `Heard. ${page}` },
  });
  const chat = await house.client.newChat();
  for (let n = 1; n <= 24; n++) await turn(chat, `message ${n}. ${page}`);
  const summaries = house.requests.filter(isSummary);
  expect(summaries.length).toBeGreaterThanOrEqual(1);
  const last = house.requests.filter((request) => !isSummary(request)).at(-1);
  expect(last?.transcriptText).toContain('SUMMARY: they talked at length.');
  expect(last?.transcriptText).toContain('message 24.');
  expect(last?.transcriptText).not.toContain('message 1.');
  const messages = await chat.messages();
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(24);
  expect(
    messages
      .filter(({ role }) => role === 'notice')
      .map(({ text }) => text)
      .join(),
  ).toContain('as a summary');
});

test('a summary that is refused, empty or too long is made again later, and the chat never stops', async () => {
  let summaries = 0;
  const house = await openHouse({
    config: small,
    script(request): Reply {
      if (!isSummary(request)) return { text: `Heard. ${page}` };
      summaries += 1;
      if (summaries === 1) return { faults: [{ status: 400, type: 'invalid_request_error' }] };
      if (summaries === 2) return {};
      if (summaries === 3) return { text: page.repeat(40) };
      return { text: 'SUMMARY at last.' };
    },
  });
  const chat = await house.client.newChat();
  for (let n = 1; n <= 40; n++) await turn(chat, `message ${n}. ${page.slice(0, 600)}`);
  expect(summaries).toBeGreaterThanOrEqual(4);
  expect(house.requests.at(-1)?.transcriptText).toContain('SUMMARY at last.');
});

test('a message that the API refuses twice is left out, the chat goes on, others are not affected', async () => {
  const house = await openHouse({
    script: (request): Reply =>
      request.transcriptText.includes('poison')
        ? { faults: [{ status: 400, type: 'invalid_request_error', message: 'no such thing' }] }
        : { text: request.transcriptText.includes('was left out') ? 'I could not read that.' : 'Fine.' },
  });
  const [chat, other] = [await house.client.newChat(), await house.client.newChat()];
  await turn(chat, 'hello');
  await turn(chat, 'poison');
  await turn(other, 'hello there');
  const messages = await chat.messages();
  expect(messages.map(({ role, text }) => [role, text.slice(0, 30)])).toEqual([
    ['user', 'hello'],
    ['assistant', 'Fine.'],
    ['user', 'poison'],
    ['assistant', 'I could not read that.'],
    ['notice', expect.stringContaining('The model API refused twice')],
  ]);
  await turn(chat, 'and now?');
  expect((await chat.view()).status).toBe('idle');
  expect((await other.view()).status).toBe('idle');
});

test('instructions that changed between two starts are taken up by the next turn, with all that was said', async () => {
  const house = await openHouse({ config: { instructions: 'You are called Ada.' } });
  const chat = await house.client.newChat();
  await turn(chat, 'remember the number 4711');
  await house.stop();
  writeFileSync(
    join(house.folder, 'tidings.config.json'),
    JSON.stringify({ instructions: 'You are called Grace.', model: 'claude-opus-5-5' }),
  );
  await house.start();
  await turn(chat, 'who are you?');
  const last = house.requests.at(-1);
  expect(last?.systemText).toContain('Grace');
  expect(last?.model).toBe('claude-opus-5-5');
  expect(last?.transcriptText).toContain('4711');
  expect((await chat.view()).model).toBe('claude-opus-5-5');
});
