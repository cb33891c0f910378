/** Files that go along with words: chosen, pasted, dropped; those that are refused, and how they look when they are sent. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openHouse } from '../e2e/harness.ts';
import { composer, gone, openAt, said, seen, soon, talk } from './person.ts';

const MAX = 10 * 1024 * 1024;
/** A picture of two by two pixels. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP8z8DAwMDAxAADAA8EAQHS+zWxAAAAAElFTkSuQmCC';
const picture = (name: string) => ({ name, mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });

const chooser = (page: Page) => page.getByLabel('Files to send along');
const along = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Sent along' }).getByRole('listitem').filter({ hasText: name });

/** Brings files as a browser does: from the clipboard, or dragged from another program. Numbers: so many letters. */
function bring(
  page: Page,
  how: 'paste' | 'drop',
  files: Readonly<Record<string, string | number>>,
): Promise<void> {
  return composer(page).evaluate(
    (box, { how, files }) => {
      const data = new DataTransfer();
      for (const [name, content] of Object.entries(files)) {
        const bytes =
          typeof content === 'number'
            ? new Uint8Array(content).fill(97)
            : Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        data.items.add(
          new File([bytes], name, { type: typeof content === 'number' ? 'text/plain' : 'image/png' }),
        );
      }
      const init = { bubbles: true, cancelable: true };
      const event =
        how === 'paste'
          ? new ClipboardEvent('paste', { ...init, clipboardData: data })
          : new DragEvent('drop', { ...init, dataTransfer: data });
      if (box.dispatchEvent(event)) throw new Error('the browser would have opened it in place of the page');
    },
    { how, files },
  );
}

test('chosen, pasted and dropped, they go along and are shown where they were sent', async () => {
  const house = await openHouse({ script: () => ({ text: 'Pretty.' }) });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  await chooser(page).setInputFiles([
    picture('chosen.png'),
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Some notes.\n') },
  ]);
  await bring(page, 'paste', { 'pasted.png': png });
  await bring(page, 'drop', { 'dropped.png': png });
  await chooser(page).setInputFiles([picture('left-out.png')]);
  for (const name of ['chosen.png', 'pasted.png', 'dropped.png', 'left-out.png', 'notes.txt']) {
    await seen(along(page, name).filter({ hasText: / B/ }));
  }
  await page.getByRole('button', { name: 'Leave out left-out.png' }).click();
  await composer(page).fill('Look at these.');
  await composer(page).press('Enter');

  const message = said(page, 'You', 'Look at these.');
  await seen(message);
  for (const name of ['chosen.png', 'pasted.png', 'dropped.png']) {
    const image = message.getByRole('img', { name });
    await seen(image);
    await soon(() => image.evaluate((one) => one instanceof HTMLImageElement && one.naturalWidth)).toBe(2);
  }
  await gone(along(page, 'chosen.png'));
  // What isn't a picture is never opened in place of the page.
  const [notes] = await Promise.all([
    page.waitForEvent('download'),
    message.getByRole('link', { name: 'notes.txt' }).click(),
  ]);
  expect(notes.suggestedFilename()).toBe('notes.txt');
  expect(readFileSync(await notes.path(), 'utf8')).toBe('Some notes.\n');
  await seen(said(page, 'Assistant', 'Pretty.'));
  expect(await talk(page).textContent()).not.toContain('left-out');
  const types = house.requests[0]?.lastUserBlocks.map(({ type }) => type) ?? [];
  expect(types.filter((one) => one === 'image')).toHaveLength(3);
});

test('one that is not what it says, or too large, is refused in words, and what was typed stays', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  await composer(page).fill('See the picture.');
  await chooser(page).setInputFiles([
    { name: 'liar.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x00, 0xff, 0xfe]) },
  ]);
  await seen(along(page, 'liar.png').getByText(/is not|isn't|neither|no /i));
  await composer(page).press('Enter');
  await seen(page.getByRole('alert').filter({ hasText: "liar.png can't be sent" }));
  expect(await composer(page).inputValue()).toBe('See the picture.');
  expect(await chat.messages()).toEqual([]);
  await page.getByRole('button', { name: 'Leave out liar.png' }).click();

  await bring(page, 'drop', { 'most.txt': MAX, 'more.txt': MAX + 1 });
  await seen(along(page, 'more.txt').getByText('at most 10 MiB'));
  await seen(along(page, 'most.txt').getByText(/^The file is a text of 10485760 characters: [^:]*$/));
  await page.getByRole('button', { name: 'Leave out more.txt' }).click();
  await page.getByRole('button', { name: 'Leave out most.txt' }).click();
  await composer(page).press('Enter');
  await seen(said(page, 'You', 'See the picture.'));
});
