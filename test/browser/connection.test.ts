/** The page when the gateway goes away and comes back, when its token is revoked, and when its own clock is wrong. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { cast, spawn } from '../e2e/cast.ts';
import { type House, openHouse } from '../e2e/harness.ts';
import { freePort } from '../free-port.ts';
import { openPage } from './browser.ts';
import { composer, gone, openAt, row, said, seen, soon, talk, type } from './person.ts';

/** A gateway that comes back where it was. */
async function openAtOnePort(): Promise<House> {
  return openHouse({
    env: { PORT: String(await freePort()) },
    script: ({ lastUserText }) => ({ text: `Heard ${/(\w+)\W*$/.exec(lastUserText)?.[1]}` }),
  });
}

const unsent = (page: Page, words: string) =>
  talk(page).getByRole('article', { name: 'Not sent yet' }).filter({ hasText: words });

async function typed(house: House, chat: string): Promise<string[]> {
  const messages = await house.client.chat(chat).messages();
  return messages.filter(({ role }) => role === 'user').map(({ text }) => text);
}

test('a lost connection is said plainly; what is typed meanwhile is kept, outlives a reload, and is sent once', async () => {
  const house = await openAtOnePort();
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  await type(page, 'one');
  await seen(said(page, 'Assistant', 'Heard one'));
  await house.stop();
  await seen(page.getByText('No connection to the gateway'));
  await type(page, 'two');
  await seen(unsent(page, 'two').getByText('will be sent when the gateway is back'));
  await seen(page.getByText('your message is kept and sent then, once'));
  await type(page, 'three');
  await seen(page.getByText('your 2 messages are kept and sent then, once'));
  await composer(page).fill('a draft');

  // News that comes while the browser alone is away.
  await page.context().setOffline(true);
  await house.start();
  await chat.say('elsewhere');
  await soon(() => chat.said()).toContain('Heard elsewhere');
  await page.context().setOffline(false);
  await seen(said(page, 'Assistant', 'Heard elsewhere'));
  await soon(() => typed(house, chat.id)).toEqual(['one', 'elsewhere', 'two', 'three']);
  await gone(page.getByText('No connection to the gateway'));
  await gone(unsent(page, 'three'));
  for (const words of ['one', 'elsewhere', 'two', 'three']) {
    await soon(() => said(page, 'You', words).count()).toBe(1);
  }
  expect(await said(page, 'Assistant', 'Heard elsewhere').count()).toBe(1);
  expect(await composer(page).inputValue()).toBe('a draft');
  await composer(page).fill('');

  // The page itself comes from the gateway, so a reload shows nothing until that is back; nothing is lost by it.
  await house.stop();
  await type(page, 'four');
  await seen(unsent(page, 'four'));
  await page.reload().catch(() => undefined);
  await house.start();
  await page.goto(`${house.url}/#/${chat.id}`);
  await seen(said(page, 'Assistant', 'Heard four'));
  expect(await typed(house, chat.id)).toEqual(['one', 'elsewhere', 'two', 'three', 'four']);
  await gone(unsent(page, 'four'));
  expect(await said(page, 'You', 'four').count()).toBe(1);
});

test('two tabs show the same; what was typed in both while the gateway was away is sent once each', async () => {
  const house = await openAtOnePort();
  const chat = await house.client.newChat();
  const one = await openAt(house, chat);
  const two = await one.context().newPage();
  await two.goto(one.url());
  await type(one, 'first');
  for (const page of [one, two]) await seen(said(page, 'Assistant', 'Heard first'));
  await house.stop();
  await type(one, 'left');
  await type(two, 'right');
  await seen(unsent(one, 'left'));
  await seen(unsent(two, 'right'));
  await house.start();
  for (const page of [one, two]) {
    for (const words of ['left', 'right']) {
      await seen(said(page, 'You', words));
      await gone(unsent(page, words));
      expect(await said(page, 'You', words).count()).toBe(1);
    }
    await gone(page.getByText('No connection to the gateway'));
  }
  expect((await typed(house, chat.id)).sort()).toEqual(['first', 'left', 'right']);
  await two.reload();
  await seen(said(two, 'You', 'right'));
  expect((await typed(house, chat.id)).length).toBe(3);
});

test('a chat and a subagent that are opened while the gateway is away are there once it is back', async () => {
  const house = await openAtOnePort();
  const here = await house.client.newChat({ title: 'Here' });
  await house.client.newChat({ title: 'There' });
  const page = await openAt(house, here);
  await seen(page.getByText('What shall be done?'));
  await house.stop();
  await page.getByRole('button', { name: 'There', exact: true }).click();
  await seen(page.getByText('No connection to the gateway'));
  await type(page, 'kept');
  await seen(unsent(page, 'kept'));
  await house.start();
  await seen(said(page, 'Assistant', 'Heard kept'));
  await gone(page.getByText('No connection to the gateway'));

  // The same of a subagent's own feed.
  await house.client.chat(here.id).spawn({ task: 'Toil.', label: 'toiler' });
  await page.getByRole('button', { name: 'Here', exact: true }).click();
  await page.route('**/subagents/*/events?*', (route) => route.abort());
  await row(page, 'toiler', 'done').click();
  const drawer = page.getByRole('dialog', { name: 'toiler' });
  await drawer.getByRole('tab', { name: 'Work' }).click();
  await seen(drawer.getByText('Connecting…'));
  await page.unroute('**/subagents/*/events?*');
  await seen(drawer.getByText('Heard Toil'));
});

test('words that were refused while another chat was open are given back where they were typed, all of them', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const chat = await house.client.newChat({ title: 'Where they were typed' });
  await house.client.newChat({ title: 'Another' });
  const page = await openAt(house, chat);
  const open = (title: string) => page.getByRole('button', { name: title, exact: true }).click();
  await page.route('**/messages', (route) => route.abort());
  await type(page, 'one');
  await type(page, 'two');
  await seen(unsent(page, 'two'));
  await composer(page).fill('three');
  await open('Another');
  await gone(unsent(page, 'two'));
  // Over the other one, so that nothing comes through between them.
  const problem = { status: 403, title: 'Forbidden', detail: 'It may only read.' };
  await page.route('**/messages', (route) => route.fulfill({ status: 403, json: problem }));
  await soon(() => page.evaluate(() => localStorage.getItem('tidings.outbox'))).toBe('[]');
  await open('Where they were typed');
  await seen(page.getByText('Not sent: It may only read.'));
  await soon(() => composer(page).inputValue()).toBe('one\n\ntwo\n\nthree');
});

test('a token that is revoked while the page is open signs it out, in words, and nothing of the chats stays', async () => {
  const house = await openHouse({
    script: cast({
      main: [{ toolCalls: [spawn('Keep the secret.', { label: 'keeper' })] }, { text: 'It is marmalade.' }],
      'Keep the secret': { text: 'Kept.', gate: 'never' },
    }),
  });
  const { body } = await house.client.post('/v1/tokens', { name: 'phone', scopes: ['chat'] });
  const { secret } = z.object({ secret: z.string() }).parse(body);
  const page = await openPage(house, { signedIn: false });
  await page.getByRole('textbox', { name: 'Token' }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await type(page, 'What is the secret?');
  await seen(said(page, 'Assistant', 'It is marmalade.'));
  await row(page, 'keeper', 'at work').click();
  await seen(page.getByRole('dialog', { name: 'keeper' }));
  await composer(page).fill('half a thought');
  await soon(() => page.title()).toBe('What is the secret? · Tidings');
  await house.client.post('/v1/tokens/revoke', { name: 'phone' });
  await seen(page.getByRole('textbox', { name: 'Token' }));
  await seen(page.getByRole('alert').filter({ hasText: /revoked|signed out/ }));
  const left = await page.evaluate(() => document.documentElement.outerHTML);
  for (const words of ['marmalade', 'secret', 'keeper', 'half a thought']) expect(left).not.toContain(words);
  await soon(() => page.title()).toBe('Tidings');
});

test('a browser whose clock is a day off shows times as they are, and nothing runs out by it', async () => {
  const house = await openHouse({
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Begin.')) return { toolCalls: [spawn('Toil.', { label: 'toiler' })] };
        return { text: lastUserText.includes('Are you there?') ? 'I am.' : 'Well.' };
      },
      Toil: { text: 'Done.', gate: 'toil' },
    }),
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  for (const days of [1, -1]) {
    await page.clock.setSystemTime(Date.now() + days * 86_400_000);
    await page.reload();
    await type(page, days === 1 ? 'Begin.' : 'Are you there?');
    await seen(said(page, 'Assistant', days === 1 ? 'Well.' : 'I am.'));
    const toiler = row(page, 'toiler', 'at work');
    await seen(toiler);
    // Seconds or minutes, not a day more or less.
    await soon(() => toiler.locator('.time').textContent()).toMatch(/^(\dm )?\d+s$/);
    // The time of today without a day.
    await soon(async () => {
      const times = await talk(page).locator('time').allTextContents();
      return times.length > 0 && times.filter((time) => !/^\d\d:\d\d( [AP]M)?$/.test(time));
    }).toEqual([]);
  }
  house.simulator.open('toil');
  await seen(row(page, 'toiler', 'done'));
});
