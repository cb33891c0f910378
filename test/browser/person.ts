/** What a person at the page does and sees, in the words that they would use for it. Owns no page and no house. */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Chat } from '../e2e/client.ts';
import type { House } from '../e2e/harness.ts';
import { type OpenOptions, openPage } from './browser.ts';

/** Where people write. */
export function composer(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Message to the (assistant|program)/ });
}

export async function type(page: Page, words: string): Promise<void> {
  await composer(page).fill(words);
  await composer(page).press('Enter');
}

/** All that was said and happened, as it stands in the middle. */
export function talk(page: Page): Locator {
  return page.getByRole('log');
}

/** What somebody has said: `You`, `Assistant`. */
export function said(page: Page, who: string, words: string | RegExp): Locator {
  return talk(page)
    .getByRole('article', { name: new RegExp(`^${who}, `) })
    .filter({ hasText: words });
}

/** A subagent's row in the tree, when it stands like that. */
export function row(page: Page, label: string, status: string): Locator {
  return page
    .getByRole('tree', { name: 'Subagents' })
    .getByRole('treeitem', { name: new RegExp(`^${label},? ${status}`) });
}

/** What has to become so: looked at again and again. */
export function soon<Found>(look: () => Found) {
  return expect.poll(look);
}

/** Resolves when it is there to be seen. */
export function seen(what: Locator): Promise<void> {
  return what.first().waitFor({ state: 'visible' });
}

/** Resolves when none of it is to be seen any more. */
export function gone(what: Locator): Promise<void> {
  return what.filter({ visible: true }).first().waitFor({ state: 'hidden' });
}

/** Resolves when it has the focus. */
export function hasFocus(what: Locator): Promise<void> {
  return soon(() => what.evaluate((one) => one === document.activeElement)).toBe(true);
}

/** Opens the page at a chat, and waits until that is there. */
export async function openAt(house: House, chat: Pick<Chat, 'id'>, options: OpenOptions = {}): Promise<Page> {
  const page = await openPage(house, { ...options, path: `#/${chat.id}` });
  await seen(composer(page));
  return page;
}
