/** A chat of ten thousand messages: opened at its end, read backwards without a jump, found again by its words. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { cast, subagents } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { lengthen } from './long-chat.ts';
import { openAt, said, seen, soon, talk } from './person.ts';

const TURNS = 5_000;

const box = (page: Page) => page.getByRole('region', { name: 'Conversation' });

/** The first thing that is seen, and how far below the upper edge it begins. */
function top(page: Page): Promise<{ seq: string; y: number }> {
  return box(page).evaluate((element) => {
    const edge = element.getBoundingClientRect().top;
    for (const one of element.querySelectorAll('[data-seq]')) {
      const { top: begin, bottom } = one.getBoundingClientRect();
      if (bottom > edge + 4) return { seq: one.getAttribute('data-seq') ?? '', y: begin - edge };
    }
    throw new Error('nothing is seen');
  });
}

/** Turns the wheel upwards; resolves, once that has come to rest, with how far what was seen first has moved down. */
async function wheel(page: Page, pixels: number): Promise<{ seq: string; moved: number }> {
  const at = await top(page);
  await page.mouse.wheel(0, -pixels);
  const moved = await box(page).evaluate(async (element, { seq, y }) => {
    for (let still = 0, before = y; ; ) {
      await new Promise((done) => requestAnimationFrame(done));
      const found = element.querySelector(`[data-seq="${seq}"]`);
      if (!found) throw new Error(`it is gone: ${seq}`);
      const now = found.getBoundingClientRect().top - element.getBoundingClientRect().top;
      still = now === before && now !== y ? still + 1 : 0;
      if (still === 4) return now - y;
      before = now;
    }
  }, at);
  return { seq: at.seq, moved };
}

/** Resolves when nothing has moved for some frames. */
const atRest = (page: Page) =>
  box(page).evaluate(async (element) => {
    for (let still = 0, before = -1; still < 4; still++) {
      await new Promise((done) => requestAnimationFrame(done));
      if (element.scrollTop !== before) still = 0;
      before = element.scrollTop;
    }
  });

test('ten thousand messages open at the end, load above while somebody reads, and are found from the first on', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Who works?'))
          return { text: 'I look.', toolCalls: [subagents('list')] };
        return { text: `Well. ${'More is to be said of that. '.repeat(6)}` };
      },
    }),
  });
  const chat = await house.client.newChat({ title: 'Long' });
  const feed = chat.feed();
  for (const words of ['The xylophone of the beginning.', 'How are you?', 'Who works?']) {
    const before = feed.all('turn.ended').length;
    await chat.say(words);
    await feed.until(() => feed.all('turn.ended').length > before);
  }
  await feed.close();
  await house.stop();
  lengthen(
    house.data,
    chat.id,
    TURNS,
    (n) => `Turn ${n}.${n % 7 === 0 ? '\nAnd a second line.'.repeat(9) : ''}`,
  );
  await house.start();

  const page = await openAt(house, chat);
  await seen(said(page, 'You', `Turn ${TURNS}.`));
  const fromEnd = () => box(page).evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
  await soon(fromEnd).toBeLessThan(5);
  expect(await talk(page).getByText('Turn 1.', { exact: true }).count()).toBe(0);

  // Something that is unfolded, and stays so however much is read above it.
  const tools = talk(page).locator('details', { hasText: 'One tool call' }).last();
  await tools.locator('summary').first().click();
  const seq = await talk(page)
    .locator('[data-seq]', { has: page.locator('details[open]') })
    .getAttribute('data-seq');

  // Up by the wheel, page after page: whatever is loaded above or drawn for the first time moves nothing by itself.
  const loaded = () => talk(page).locator('article').count();
  const before = await loaded();
  await box(page).hover();
  const jumps: string[] = [];
  let scrolled = 0;
  while ((await loaded()) < before + 200) {
    // Nobody comes further than to where it begins, however slowly more of it comes.
    await soon(() => box(page).evaluate((one) => one.scrollTop)).toBeGreaterThan(700);
    const { seq: at, moved } = await wheel(page, 600);
    if (Math.abs(moved - 600) > 8) jumps.push(`${at}: ${moved}`);
    scrolled += 600;
    if (scrolled > 150_000) throw new Error('nothing is loaded above');
  }
  expect(jumps).toEqual([]);
  // At the very beginning of what is loaded, too.
  const half = await loaded();
  await soon(async () => {
    const now = await loaded();
    // What is drawn for the first time on the way up can end the way before the beginning: then it is pressed again.
    const isFar = await box(page).evaluate((one) => one.scrollTop > 1_500);
    if (now === half && isFar) await box(page).press('Home');
    return now;
  }).toBeGreaterThan(half);
  await atRest(page);
  const there = await top(page);
  expect(Number(there.seq)).toBeGreaterThan(
    Number(await talk(page).locator('[data-seq]').first().getAttribute('data-seq')),
  );

  const unfolded = talk(page).locator(`[data-seq="${seq}"] details`).first();
  expect(await unfolded.evaluate((one) => one instanceof HTMLDetailsElement && one.open)).toBe(true);

  await page.getByRole('button', { name: 'To the latest' }).click();
  await soon(fromEnd).toBeLessThan(5);

  await page.getByRole('searchbox', { name: 'Search in all chats' }).fill('xylophone');
  await page.getByRole('list', { name: 'Found' }).getByRole('button').click();
  const first = talk(page).getByText('The xylophone of the beginning.', { exact: true });
  // All that lies between is read and drawn for it.
  await first.waitFor({ timeout: 90_000 });
  await soon(() =>
    first.evaluate((one) => {
      const { top: y, bottom } = one.getBoundingClientRect();
      return y > 0 && bottom < innerHeight;
    }),
  ).toBe(true);
}, 180_000);
