/** What somebody has while an answer is slow or news comes in between: the focus, the words they typed, the place where they read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, bash, cast, spawn } from '../e2e/cast.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { composer, gone, hasFocus, openAt, row, seen, soon, talk, type } from './person.ts';

/** Holds the answers to what is asked there, which the gateway has heard; the returned function lets them go. */
async function hold(page: Page, path: string): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(path, async (route) => {
    // The gateway may just be closing the connection that it would go over.
    const response = await route.fetch({ maxRetries: 3 });
    await promise;
    await route.fulfill({ response });
  });
  return () => {
    resolve();
    return page.unrouteAll({ behavior: 'wait' });
  };
}

test('the focus stays where somebody went on meanwhile, goes nowhere with what is settled, and moves with its row', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) =>
        request.lastUserText.includes('Begin.')
          ? { toolCalls: ['first', 'second'].map((label) => spawn(`Be ${label}.`, { label })) }
          : { text: 'Well.' },
      'Be first': { text: 'On and on.', gate: 'never' },
      'Be second': [
        { toolCalls: [ask('Red or blue?')], gate: 'ask' },
        { text: 'Well.', gate: 'never' },
      ],
    }),
  });
  const page = await openAt(house, await house.client.newChat());
  await type(page, 'Begin.');
  const first = row(page, 'first', 'at work');
  await seen(row(page, 'second', 'at work'));
  await first.click();
  const drawer = page.getByRole('dialog', { name: 'first' });
  const steer = drawer.getByRole('textbox', { name: 'Message to first' });

  // Told something, which takes a while; meanwhile they go on in the conversation.
  const told = await hold(page, '**/steer');
  await steer.fill('Be quick.');
  await steer.press('Enter');
  await seen(first.getByText('1 steer unread'));
  await composer(page).focus();
  await told();
  await seen(drawer.getByText('not read yet'));
  await hasFocus(composer(page));

  // Nothing has the focus any more, as when what had it has gone: it goes back to the row all the same.
  await drawer.getByRole('textbox').focus();
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  await page.keyboard.press('Escape');
  await gone(drawer);
  await hasFocus(first);

  // Another row goes before it, and keys are still for the one that has the focus.
  house.simulator.open('ask');
  const second = row(page, 'second', 'needs an answer');
  await seen(second);
  expect(await second.getAttribute('aria-posinset')).toBe('1');
  await hasFocus(first);
  await page.keyboard.press('Enter');
  await seen(drawer);
  await page.keyboard.press('Escape');
  await gone(drawer);

  // News of an answer may come before the answer to it.
  const answered = await hold(page, '**/answer');
  const question = talk(page).getByLabel('second asks');
  await question.getByRole('textbox').fill('Blue.');
  await question.getByRole('textbox').press('Control+Enter');
  await gone(question);
  await hasFocus(page.getByRole('region', { name: 'Conversation' }));
  await answered();
});

test('words that are typed, and what is unfolded or read at its end, go on through whatever comes', async () => {
  const file = join(freshFolder(), 'go');
  const lines = Array.from({ length: 80 }, (_, n) => `Line ${n}.`).join('\n\n');
  const house = await openHouse({
    script: cast({
      main: [
        { toolCalls: [spawn('Talk.', { label: 'talker' })] },
        { toolCalls: [bash(`until [ -e ${file} ]; do sleep 0.1; done; echo 'it is' over`)] },
        { text: 'Well.' },
      ],
      Talk: { text: lines, chunk: 100, gate: { name: 'never', afterEvent: 8 } },
    }),
  });
  await house.client.newChat({ title: 'Other' });
  await house.client.newChat();
  const page = await openPage(house, { path: 'healthz' });
  const listed = await hold(page, '**/v1/chats?*');
  await page.goto('/');
  const search = page.getByRole('searchbox');
  await search.focus();
  await page.keyboard.type('Oth');
  await listed();
  await seen(composer(page));
  await page.keyboard.type('er');
  expect(await search.inputValue()).toBe('Other');
  await search.fill('');

  await page.getByRole('button', { name: 'What to do with Other' }).click();
  await page.getByRole('button', { name: 'Rename' }).click();
  const title = page.getByRole('textbox', { name: 'Title' });
  await title.fill('Half a ti');
  // The chats are listed anew.
  await house.client.newChat({ title: 'Yet another' });
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  await seen(page.getByRole('button', { name: 'Yet another', exact: true }));
  await title.press('e');
  expect(await title.inputValue()).toBe('Half a tie');

  // Looked at while it runs, a call shows what came of it once it has ended.
  await type(page, 'Go.');
  await talk(page).getByText('One tool call').click();
  await talk(page).locator('summary', { hasText: file }).last().click();
  await seen(talk(page).getByText('No result yet.'));
  writeFileSync(file, '');
  await seen(talk(page).locator('pre', { hasText: 'it is over' }));

  await row(page, 'talker', 'at work').click();
  const work = page.getByRole('dialog').getByRole('region', { name: 'Its work' });
  await seen(work.getByText('Line 40.'));
  const fromEnd = () => work.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
  await soon(fromEnd).toBeLessThan(5);
  // More stands there by the time that the page hears of its own scrolling.
  await work.evaluate((box) => {
    const more = document.createElement('p');
    more.style.height = '400px';
    box.firstElementChild?.append(more);
    box.dispatchEvent(new Event('scroll'));
  });
  await soon(fromEnd).toBeLessThan(5);
});
