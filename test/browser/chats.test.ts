/** The list of chats: titles, new ones, renaming, putting away, deleting, older ones, the search, and the way back. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type House, openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { composer, gone, hasFocus, openAt, said, seen, soon, type } from './person.ts';

const list = (page: Page) => page.getByRole('navigation', { name: 'Chats' });
const chat = (page: Page, title: string) => list(page).getByRole('button', { name: title, exact: true });
const heading = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true });
const menu = (page: Page, title: string) => page.getByRole('button', { name: `What to do with ${title}` });

const listed = z.object({ chats: z.array(z.object({ id: z.string(), title: z.string() })) });

/** The chats that the gateway lists. */
const chatsOf = async (house: House, query = '') =>
  listed.parse((await house.client.get(`/v1/chats${query}`)).body).chats;

test('a chat takes its title from its first words, is renamed, put away and deleted where it stands', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const page = await openPage(house);
  await type(page, 'Plan the garden.');
  await seen(chat(page, 'Plan the garden.'));
  await seen(heading(page, 'Plan the garden.'));
  await list(page).getByRole('button', { name: 'New chat' }).first().click();
  await seen(heading(page, 'New chat'));
  await hasFocus(composer(page));
  await type(page, 'Bake bread.');
  await seen(said(page, 'Assistant', 'Well.'));

  await menu(page, 'Plan the garden.').click();
  await page.getByRole('button', { name: 'Rename' }).click();
  const field = page.getByRole('textbox', { name: 'Title' });
  expect(await field.inputValue()).toBe('Plan the garden.');
  await field.fill('The garden');
  await field.press('Enter');
  await seen(chat(page, 'The garden'));
  // The focus is where it was, and Esc closes what is open.
  await hasFocus(menu(page, 'The garden'));
  await page.keyboard.press('Enter');
  await seen(page.getByRole('button', { name: 'Archive' }));
  await page.keyboard.press('Escape');
  await gone(page.getByRole('button', { name: 'Archive' }));
  await hasFocus(menu(page, 'The garden'));
  await chat(page, 'The garden').click();
  await seen(heading(page, 'The garden'));
  await seen(said(page, 'You', 'Plan the garden.'));

  await menu(page, 'The garden').click();
  await page.getByRole('button', { name: 'Archive' }).click();
  await gone(chat(page, 'The garden'));
  await seen(heading(page, 'Bake bread.'));

  await menu(page, 'Bake bread.').click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await hasFocus(page.getByRole('button', { name: 'Keep it' }));
  await page.keyboard.press('Enter');
  await hasFocus(menu(page, 'Bake bread.'));
  await seen(chat(page, 'Bake bread.'));
  await menu(page, 'Bake bread.').click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const [{ id = '' } = {}] = await chatsOf(house);
  await page.getByRole('button', { name: 'Delete it' }).click();
  await gone(chat(page, 'Bake bread.'));
  expect(await page.getByText('Bake bread.').count()).toBe(0);
  expect((await house.client.remove(`/v1/chats/${id}`)).status).toBe(404);
  expect(await chatsOf(house)).toEqual([]);
  expect(await chatsOf(house, '?archived=true')).toMatchObject([{ title: 'The garden' }]);

  await page.getByText('Archived chats').click();
  await page.getByRole('button', { name: 'Bring back The garden' }).click();
  await seen(page.getByText('There are none.'));
  await seen(chat(page, 'The garden'));
});

test('older chats are there when they are asked for, each is found by its words, and back leads back', async () => {
  const house = await openHouse({
    script: ({ lastUserText }) => ({ text: lastUserText.includes('fig') ? 'Figs need sun.' : 'Well.' }),
  });
  const first = await house.client.newChat({ title: 'The oldest' });
  await first.say('Where does a fig tree grow?');
  await soon(() => first.said()).toEqual(['Figs need sun.']);
  for (let n = 1; n <= 50; n++) await house.client.newChat({ title: `Chat ${n}` });
  const page = await openPage(house);
  await seen(heading(page, 'Chat 50'));
  expect(await chat(page, 'The oldest').count()).toBe(0);
  await page.getByRole('button', { name: 'Older chats' }).click();
  await seen(chat(page, 'The oldest'));
  await gone(page.getByRole('button', { name: 'Older chats' }));
  await chat(page, 'Chat 7').click();
  await seen(heading(page, 'Chat 7'));

  const search = page.getByRole('searchbox', { name: 'Search in all chats' });
  await search.fill('nobody ever said this');
  await seen(list(page).getByText('Nothing found.'));
  await search.fill('figs SUN');
  const hit = page.getByRole('list', { name: 'Found' }).getByRole('button');
  await seen(hit.filter({ hasText: 'The oldest' }));
  expect(await hit.locator('mark').allTextContents()).toEqual(['Figs', 'sun']);
  await hit.click();
  await seen(heading(page, 'The oldest'));
  await seen(said(page, 'Assistant', 'Figs need sun.'));
  await soon(() => page.url()).toContain(first.id);

  await page.goBack();
  await seen(heading(page, 'Chat 7'));
  await page.goBack();
  await seen(heading(page, 'Chat 50'));
  await page.goForward();
  await page.goForward();
  await seen(heading(page, 'The oldest'));
  // More than are shown at once.
  await search.fill('chat');
  await seen(hit.filter({ hasText: 'Chat 50' }));
  expect(await hit.filter({ hasText: /^Chat 3Chat/ }).count()).toBe(0);
  await hit.filter({ hasText: 'More' }).click();
  await seen(hit.filter({ hasText: /^Chat 3Chat/ }));
  await soon(() => hit.count()).toBe(50);
  await search.fill('');
  await seen(chat(page, 'Chat 50'));
});

test('a chat that is not there, or was deleted elsewhere while it was open, is said to be so', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const kept = await house.client.newChat({ title: 'Kept' });
  const lost = await house.client.newChat({ title: 'Lost' });
  const page = await openAt(house, lost);
  await type(page, 'Hello.');
  await seen(said(page, 'Assistant', 'Well.'));
  await house.client.remove(lost.path());
  await seen(page.getByText('This chat was deleted.'));
  await chat(page, 'Kept').click();
  await seen(heading(page, 'Kept'));
  const other = await openPage(house, { path: '#/chat_nosuchchat' });
  await seen(other.getByText(/no chat|not there|deleted/i));
  await chat(other, 'Kept').click();
  await seen(heading(other, 'Kept'));
  await soon(() => other.url()).toContain(kept.id);
});
