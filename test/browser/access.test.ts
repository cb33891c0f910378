/**
 * The page for those who can't see it, have no mouse, or want nothing to move: axe-core finds nothing in its main
 * states, everything is done by keyboard, the focus stays where it is, and nothing lies beside a narrow screen.
 */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, bash, cast, spawn } from '../e2e/cast.ts';
import { type House, openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { composer, gone, openAt, row, said, seen, soon, talk, type } from './person.ts';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe-core has against the page as it stands: each rule, and where. */
async function faults(page: Page, runOnly: readonly string[] = rules): Promise<string[]> {
  // By the browser's own door, which no policy of the page closes.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (only) => {
    const { violations } = await Reflect.get(window, 'axe').run(document, {
      runOnly: only,
      resultTypes: ['violations'],
    });
    return violations.flatMap((rule: { id: string; nodes: { target: string[]; failureSummary: string }[] }) =>
      rule.nodes.map(({ target, failureSummary }) => `${rule.id} at ${target.join(' ')}: ${failureSummary}`),
    );
  }, runOnly);
}

/** A house in which much stands: done, at work, asking, waiting to be allowed, with Markdown and tools. */
async function livelyHouse(): Promise<House> {
  return openHouse({
    config: { trust: { ask: ['bash(touch *)'] } },
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin.')) {
          return {
            text: 'I **hand** it on.',
            toolCalls: ['worker', 'asker', 'marker', 'done'].map((label) => spawn(`Be ${label}.`, { label })),
          };
        }
        // The first ending may come along with what became of the handing on.
        if (request.answers > 1 && request.lastUserText.includes('<subagent-announcement'))
          return { toolCalls: [{ name: 'stay_silent' }] };
        return {
          text: '# All are on it\n\n### In short\n\n| who | what |\n|---|---|\n| worker | works |\n\n```ts\nconst a = 1;\n```\n\n- [x] begun\n- [ ] done\n\n> Said [elsewhere](https://example.com/).',
        };
      },
      'Be worker': [
        { toolCalls: [bash('echo one')] },
        { text: 'On.', gate: { name: 'work', afterEvent: 2 } },
        { text: 'Told.' },
      ],
      'Be asker': [{ toolCalls: [ask('Red or blue?')] }, { text: 'Well.' }],
      // The one that asks waits first, whatever is slow.
      'Be marker': [{ toolCalls: [bash('touch mark')], gate: 'marker' }, { text: 'Well.' }],
      'Be done': { text: 'It is **done**.' },
    }),
  });
}

/** Resolves when all that begins by itself stands where it stays. */
async function begun(house: House, page: Page): Promise<void> {
  await seen(row(page, 'asker', 'needs an answer'));
  house.simulator.open('marker');
  await seen(row(page, 'marker', 'needs an answer'));
  await seen(row(page, 'done', 'done'));
  await house.simulator.until(() => house.simulator.waiting('work') === 1);
  await seen(said(page, 'Assistant', 'All are on it'));
}

test('axe-core finds nothing in any of its states, light and dark, wide and narrow', async () => {
  const house = await livelyHouse();
  const found: string[] = [];
  /** In the dark only the colours are others. */
  const check = async (page: Page, state: string): Promise<void> => {
    for (const [colorScheme, run] of [
      ['light', rules],
      ['dark', ['color-contrast']],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await faults(page, run)).map((one) => `${state}, ${colorScheme}: ${one}`));
    }
  };
  const out = await openPage(house, { signedIn: false });
  await seen(out.getByRole('textbox', { name: 'Token' }));
  await check(out, 'sign-in');

  const page = await openPage(house);
  await seen(page.getByText('What shall be done?'));
  await check(page, 'empty');
  await type(page, 'Begin.');
  await begun(house, page);
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await page.getByRole('button', { name: /^What to do with/ }).click();
  await page.getByLabel('Menu', { exact: true }).click();
  await seen(page.getByRole('region', { name: 'Waiting for your answer' }).getByLabel('asker asks'));
  await seen(page.getByRole('button', { name: 'Archive' }));
  await seen(page.getByText('Signed in as'));
  await check(page, 'answering, with both menus');
  await page.getByLabel('Menu', { exact: true }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('searchbox').fill('hand');
  await seen(page.getByRole('list', { name: 'Found' }).getByRole('listitem'));
  await page.getByRole('button', { name: 'Timeline' }).click();
  await check(page, 'found, with the timeline');
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Tree' }).click();
  await row(page, 'worker', 'at work').click();
  await seen(page.getByRole('dialog', { name: 'worker' }).getByText('tool call').first());
  await check(page, 'drawer');
  await page.getByRole('tab', { name: 'Changes' }).click();
  await seen(page.getByText('It has no branch of its own.'));
  await check(page, 'changes');
  await page.keyboard.press('Escape');
  await gone(page.getByRole('dialog'));
  await page.setViewportSize({ width: 360, height: 740 });
  await check(page, 'narrow');
  await page.getByRole('button', { name: /^Team/ }).click();
  await check(page, 'narrow, team');
  await row(page, 'worker', 'at work').click();
  await seen(page.getByRole('dialog', { name: 'worker' }));
  await check(page, 'narrow, drawer');
  await page.keyboard.press('Escape');
  await gone(page.getByRole('dialog'));
  await page.getByRole('button', { name: 'Chats' }).click();
  await check(page, 'narrow, chats');
  expect(found).toEqual([]);

  // It holds less than it seems if it would not have found this.
  await page.evaluate(() => {
    const button = document.createElement('button');
    document.body.append(button);
  });
  expect((await faults(page)).join('\n')).toContain('button-name');
}, 120_000);

/** Presses Tab until what has the focus is it; says where the focus came by if it never is. */
async function tabTo(page: Page, name: string | RegExp, back = false): Promise<void> {
  const by: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    const here = await focused(page);
    if (typeof name === 'string' ? here === name : name.test(here)) {
      expect(await isMarked(page), `the focus on ${here} can be seen`).toBe(true);
      return;
    }
    by.push(here);
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  expect.fail(`Tab never came to ${name}, but to: ${by.join(', ')}`);
}

/** What has the focus, by its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return 'nothing';
    const named = element.getAttribute('aria-labelledby');
    return (
      element.getAttribute('aria-label') ??
      (named === null ? undefined : document.getElementById(named)?.textContent) ??
      element.closest('label')?.textContent ??
      element.textContent ??
      ''
    )
      .replaceAll(/\s+/g, ' ')
      .trim();
  });
}

function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
  });
}

/** The row of one of those that are in it. */
const inTeam = /^(worker|asker|marker|done) /;

test('from the address to the last answer everything is done without a mouse', async () => {
  const house = await livelyHouse();
  const page = await openPage(house, { signedIn: false });
  await seen(page.getByRole('textbox', { name: 'Token' }));
  await tabTo(page, /^Token/);
  await page.keyboard.insertText(house.token);
  await page.keyboard.press('Enter');
  await seen(composer(page));
  await soon(() => focused(page)).toBe('Message to the assistant');
  await page.keyboard.insertText('Begin.');
  await page.keyboard.press('Enter');
  await begun(house, page);
  // All that came meanwhile has taken the focus from nobody.
  expect(await focused(page)).toBe('Message to the assistant');

  // The team: to the row by its first letter, and into its drawer.
  await page.keyboard.press('Alt+t');
  await soon(() => focused(page)).toMatch(inTeam);
  await page.keyboard.press('w');
  await soon(() => focused(page)).toMatch(/^worker/);
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: 'worker' });
  await seen(drawer);
  await soon(() => focused(page)).toBe('worker');
  await tabTo(page, 'Message to worker');
  await page.keyboard.insertText('Be quick.');
  await page.keyboard.press('Enter');
  await seen(drawer.getByText('not read yet').or(drawer.getByText('unread')));
  expect(await focused(page)).toBe('Message to worker');
  await page.keyboard.press('Escape');
  await soon(() => focused(page)).toMatch(/^worker/);

  // What is asked: the bar above where one writes, or the card.
  await page.keyboard.press('Alt+m');
  await soon(() => focused(page)).toBe('Message to the assistant');
  await tabTo(page, 'Answer', true);
  await page.keyboard.press('Enter');
  await tabTo(page, 'Your answer');
  await page.keyboard.insertText('Blue.');
  await page.keyboard.press('Control+Enter');
  await seen(row(page, 'asker', 'done'));
  await soon(() => focused(page)).not.toBe('nothing');
  await page.keyboard.press('Alt+t');
  await soon(() => focused(page)).toMatch(inTeam);
  await page.keyboard.press('m');
  await soon(() => focused(page)).toMatch(/^marker/);
  await page.keyboard.press('Enter');
  await seen(page.getByRole('dialog', { name: 'marker' }));
  await tabTo(page, 'Allow');
  await page.keyboard.press('Enter');
  await seen(page.getByRole('dialog', { name: 'marker' }).getByText('done').first());
  await soon(() => focused(page)).not.toBe('nothing');
  await page.keyboard.press('Escape');
  await soon(() => focused(page)).toMatch(/^marker/);

  // One is ended, from its drawer; it asks once more, with the focus on what does no harm.
  await page.keyboard.press('w');
  await soon(() => focused(page)).toMatch(/^worker/);
  await page.keyboard.press('Enter');
  await seen(drawer);
  await tabTo(page, 'Kill');
  await page.keyboard.press('Enter');
  await soon(() => focused(page)).toBe('Leave it');
  await page.keyboard.press('Shift+Tab');
  await soon(() => focused(page)).toBe('Kill it');
  await page.keyboard.press('Enter');
  await seen(row(page, 'worker', 'killed'));
  await soon(() => focused(page)).not.toBe('nothing');
  await page.keyboard.press('Escape');
  await soon(() => focused(page)).toMatch(/^worker/);
}, 120_000);

test('words that stream in, and news, leave the focus on what has it', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) =>
        request.lastUserText.includes('Begin.')
          ? {
              text: 'One [first](https://example.com/1).',
              toolCalls: [spawn('Be worker.', { label: 'worker' })],
            }
          : {
              text: `Two [second](https://example.com/2). ${'And on. '.repeat(60)}`,
              chunk: 20,
              gate: { name: 'words', afterEvent: 8 },
            },
      'Be worker': [{ toolCalls: [bash('echo one')], gate: 'work' }, { text: 'Done.' }],
    }),
  });
  const page = await openAt(house, await house.client.newChat());
  await type(page, 'Begin.');
  await house.simulator.until(
    () => house.simulator.waiting('work') === 1 && house.simulator.waiting('words') === 1,
  );
  const link = talk(page).getByRole('link', { name: 'first' });
  await link.focus();
  const speaking = page.getByRole('article', { name: 'The assistant is speaking' });
  await seen(speaking.getByText('And on.'));
  expect(await focused(page)).toBe('first');
  await speaking.getByRole('link', { name: 'second' }).focus();
  await speaking.getByText('And on.').selectText();
  house.simulator.open('words');
  await seen(said(page, 'Assistant', 'Two'));
  await gone(speaking);
  expect(await focused(page)).toBe('second');
  expect(await page.evaluate(() => getSelection()?.toString())).toMatch(/^Two second\. And on\./);
  await row(page, 'worker', 'at work').focus();
  house.simulator.open('work');
  await seen(row(page, 'worker', 'done'));
  expect(await focused(page)).toMatch(/^worker/);
});

test('nothing moves for those who want nothing to move', async () => {
  const house = await livelyHouse();
  const page = await openPage(house, { reducedMotion: 'reduce' });
  await type(page, 'Begin.');
  await begun(house, page);
  const running = () => page.evaluate(() => document.getAnimations().length);
  expect(await running()).toBe(0);
  await row(page, 'worker', 'at work').click();
  await seen(page.getByRole('dialog', { name: 'worker' }));
  expect(await running()).toBe(0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await soon(running).toBeGreaterThan(0);
});

test('nothing lies beside the screen, from the narrowest to the widest', async () => {
  const house = await livelyHouse();
  const page = await openPage(house);
  await type(page, 'Begin.');
  await begun(house, page);
  await type(
    page,
    `A long word: ${'w'.repeat(400)} and a long address https://example.com/${'a'.repeat(300)}`,
  );
  await seen(said(page, 'You', 'A long word'));
  const beside = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const out = [
        ...document.querySelectorAll('.topbar, .composer, .talk, .waiting, .team-header, .drawer'),
      ].filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        return width > 0 && (left < -1 || right > innerWidth + 1);
      });
      return { over: scrollWidth - clientWidth, out: out.map(({ className }) => className) };
    });
  const nothing = { over: 0, out: [] };
  for (const width of [320, 360, 768, 1024, 1400, 2560]) {
    await page.setViewportSize({ width, height: 700 });
    expect(await beside(), `at ${width}`).toEqual(nothing);
    const team = page.getByRole('button', { name: /^Team/ });
    if (await team.isVisible()) await team.click();
    expect(await beside(), `the team at ${width}`).toEqual(nothing);
    await row(page, 'marker', 'needs an answer').click();
    await seen(page.getByRole('dialog', { name: 'marker' }));
    expect(await beside(), `the drawer at ${width}`).toEqual(nothing);
    await page.keyboard.press('Escape');
    await gone(page.getByRole('dialog'));
    if ((await team.isVisible()) && (await team.getAttribute('aria-expanded')) === 'true') await team.click();
  }
});
