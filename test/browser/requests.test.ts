/** What waits for an answer: how a person is called to it, what they see of it, and the places where they answer. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask, bash, cast, resultOf, spawn } from '../e2e/cast.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';
import { composer, gone, openAt, row, said, seen, soon, talk, type } from './person.ts';

/** Writes down what the page asks of the browser to call people with, which a test can't see otherwise. */
function listen(): void {
  const calls = {
    hidden: false,
    notes: [] as { title: string; body: string; note: Notification }[],
    badges: [] as number[],
  };
  const Real = Notification;
  Object.assign(globalThis, { calls });
  class Noted extends Real {
    constructor(title: string, options: NotificationOptions = {}) {
      super(title, options);
      calls.notes.push({ title, body: options.body ?? '', note: this });
    }
  }
  Object.assign(globalThis, { Notification: Noted });
  Object.assign(navigator, {
    setAppBadge: async (count: number) => {
      calls.badges.push(count);
    },
  });
  // A browser without a screen never hides a page.
  Object.defineProperty(Document.prototype, 'visibilityState', {
    get: () => (calls.hidden ? 'hidden' : 'visible'),
  });
}

const heard = z.object({
  notes: z.array(z.object({ title: z.string(), body: z.string() })),
  badges: z.array(z.number()),
});
const calls = async (page: Page) => heard.parse(await page.evaluate('globalThis.calls'));

const bar = (page: Page) => page.getByRole('region', { name: 'Waiting for your answer' });
const card = (page: Page) => talk(page).getByLabel('marker asks for permission');

test('a waiting request calls in every way there is, shows the whole command, and is answered in each place', async () => {
  const folder = freshFolder();
  const marks = ['bar', 'card', 'drawer', 'elsewhere'].map((name) => join(folder, name));
  const long = (mark: string) =>
    `touch ${mark} && : ${'that is a long command '.repeat(100)} && echo the very end`;
  const house = await openHouse({
    config: { trust: { ask: ['bash(touch *)'] } },
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Make them.'))
          return { toolCalls: [spawn('Make the marks.', { label: 'marker' })] };
        return { text: 'I see.' };
      },
      'Make the marks': [
        ...marks.map((mark) => ({ toolCalls: [bash(long(mark))] })),
        (request) => ({ text: `At last: ${resultOf(request, 'bash')}` }),
      ],
    }),
  });
  const chat = await house.client.newChat({ title: 'Marks' });
  const page = await openAt(house, chat, { permissions: ['notifications'] });
  await page.context().addInitScript(listen);
  await page.reload();
  await seen(composer(page));
  await page.evaluate('globalThis.calls.hidden = true');
  await type(page, 'Make them.');

  // Called.
  await seen(bar(page).getByText('One waits for you'));
  await soon(() => page.title()).toBe('(1) Marks · Tidings');
  const { notes, badges } = await calls(page);
  expect(notes).toMatchObject([
    { title: 'marker needs an answer', body: expect.stringContaining('bash: touch') },
  ]);
  expect(badges.at(-1)).toBe(1);
  await page.evaluate('globalThis.calls.notes[0].note.onclick()');
  await seen(page.getByRole('dialog', { name: 'marker' }));
  await page.getByRole('dialog', { name: 'marker' }).getByRole('button', { name: 'Close' }).click();
  await page.evaluate('globalThis.calls.hidden = false');

  // Whole, wherever it is shown.
  await bar(page).getByRole('button', { name: 'Answer' }).click();
  for (const place of [bar(page), card(page)]) {
    const command = place.getByLabel('What is to be allowed');
    await soon(() => command.textContent()).toContain('the very end');
    expect(await command.textContent()).toContain(long(marks[0] ?? ''));
  }
  expect(marks.some((mark) => existsSync(mark))).toBe(false);

  const settled = (outcome: string) => talk(page).locator('details', { hasText: `— ${outcome}` });
  await bar(page).getByRole('button', { name: 'Allow' }).click();
  await soon(() => settled('allowed').count()).toBe(1);
  await soon(() => existsSync(marks[0] ?? '')).toBe(true);

  await soon(() => card(page).textContent()).toContain(marks[1]);
  await card(page).getByRole('textbox').fill('Not that one.');
  await card(page).getByRole('button', { name: 'Deny' }).click();
  await soon(() => settled('denied').count()).toBe(1);

  await soon(() => card(page).textContent()).toContain(marks[2]);
  await row(page, 'marker', 'needs an answer').click();
  const drawer = page.getByRole('dialog', { name: 'marker' });
  await drawer
    .getByLabel('marker asks for permission')
    .getByRole('button', { name: 'Allow' })
    .first()
    .click();
  await soon(() => settled('allowed').count()).toBe(2);
  await drawer.getByRole('button', { name: 'Close' }).click();

  // Somebody else is a moment faster: what counts is their answer, and that is what is shown.
  await soon(() => card(page).textContent()).toContain(marks[3]);
  const { inputRequest } = await chat.subagent('marker');
  await page.route('**/answer', async (route) => {
    const elsewhere = { request: inputRequest?.id, decision: 'deny', text: 'No more of them.' };
    expect((await house.client.post(chat.path('/subagents/marker/answer'), elsewhere)).status).toBe(200);
    await route.continue();
  });
  await card(page).getByRole('button', { name: 'Allow' }).click();
  await soon(() => settled('denied').count()).toBe(2);
  await gone(card(page));
  await gone(bar(page));
  await seen(talk(page).getByText('At last: Not run: denied'));
  expect(marks.map((mark) => existsSync(mark))).toEqual([true, false, true, false]);
  await soon(() => page.title()).toBe('Marks · Tidings');
  await soon(async () => (await calls(page)).badges.at(-1)).toBe(0);
  // While somebody looks at the page nothing pops up over it.
  expect((await calls(page)).notes).toHaveLength(1);
  await seen(said(page, 'Assistant', 'I see.'));
});

test('a request of another chat is seen from the one that is open, and calls', async () => {
  const house = await openHouse({
    config: { trust: { main: 'ask' } },
    script: cast({
      main: ({ lastUserText }) =>
        lastUserText.includes('Go on.') ? { toolCalls: [bash('touch mark')] } : { text: 'Done.' },
      Paint: [{ toolCalls: [ask('Which colour?')] }, { text: 'Painted.' }],
    }),
  });
  const asking = await house.client.newChat({ title: 'The asking one' });
  const feed = asking.feed();
  await asking.say('Go on.');
  await feed.first('input.requested');
  const quiet = await house.client.newChat({ title: 'The quiet one' });
  const page = await openAt(house, quiet);
  await soon(() => page.title()).toBe('(1) The quiet one · Tidings');
  await bar(page).getByRole('button', { name: 'The asking one' }).click();
  const request = talk(page).getByLabel('The assistant asks for permission');
  await request.getByRole('button', { name: 'Allow' }).click();
  await seen(said(page, 'Assistant', 'Done.'));
  await soon(() => page.title()).toBe('The asking one · Tidings');

  // A subagent's, while nobody looks at the page.
  await page.context().grantPermissions(['notifications']);
  await page.context().addInitScript(listen);
  await page.clock.install();
  await page.reload();
  await seen(composer(page));
  await page.evaluate('globalThis.calls.hidden = true');
  await quiet.spawn({ task: 'Paint.', label: 'painter' });
  await soon(async () => (await quiet.subagent('painter')).status).toBe('input_required');
  await page.clock.fastForward(61_000);
  await soon(() => page.title()).toBe('(1) The asking one · Tidings');
  await soon(async () => (await calls(page)).notes).toMatchObject([
    { title: 'The quiet one needs an answer' },
  ]);
  await page.evaluate('globalThis.calls.notes[0].note.onclick()');
  await seen(talk(page).getByLabel('painter asks'));
});
