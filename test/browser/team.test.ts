/** The team beside the conversation: the tree, the timeline, sums and budget, and one subagent opened in its drawer. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { makeClient } from '../../src/client/index.ts';
import { bash, cast, resultOf, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { git, repository } from '../workshop/setup.ts';
import { gone, openAt, row, said, seen, soon, talk, type } from './person.ts';

const drawer = (page: Page, label: string) => page.getByRole('dialog', { name: label });
const sums = (page: Page) => page.getByRole('list', { name: 'Sums of the chat' });

test('the tree, the timeline and the sums tell who is at what, and cards stand where it happened', async () => {
  const house = await openHouse({
    config: { chatBudgetUsd: 10 },
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Begin.'))
          return { text: 'I begin.', toolCalls: [spawn('Lead it.', { label: 'boss' })] };
        return { text: lastUserText.includes('<subagent-announcement') ? 'It is done.' : 'Well.' };
      },
      'Lead it': (request) => {
        if (request.answers === 0) return { toolCalls: [spawn('Carry the **stones**.', { label: 'pawn' })] };
        if (request.lastUserText.includes('<subagent-announcement'))
          return { text: 'Carried: **all** of it.' };
        return { text: 'I wait.' };
      },
      'Carry the': [{ toolCalls: [bash('echo carrying')] }, { text: 'Carried.', gate: 'pawn' }],
    }),
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  await seen(page.getByText('Nobody yet.'));
  await type(page, 'Begin.');
  await seen(row(page, 'boss', 'waits for its own'));
  const pawn = row(page, 'pawn', 'at work');
  await seen(pawn);
  expect(await pawn.getAttribute('aria-level')).toBe('2');
  await soon(() => pawn.textContent()).toMatch(/\d+s/);
  await soon(() => pawn.textContent()).toContain('1 step');
  await soon(() => pawn.textContent()).toContain('thinking');
  await soon(() => pawn.textContent()).toMatch(/[1-9][\d.]*k? tok(ens)?\s*(<?\$\d)/);
  await seen(sums(page).getByText('2 at work'));
  await seen(sums(page).getByText('0 ended'));
  const meter = page.getByRole('meter', { name: 'Budget' });
  await soon(() => meter.getAttribute('aria-valuetext')).toMatch(
    /spent, .* set aside, .* free of \$10\.00 today/,
  );

  await chat.steer('pawn', 'Mind your back.');
  await soon(() => pawn.textContent()).toContain('1 steer unread');
  await seen(talk(page).getByText('Told boss/pawn something; not read yet.'));
  house.simulator.open('pawn');
  const boss = row(page, 'boss', 'done');
  await seen(boss);
  // Those who have ended take no more room than their parent until somebody looks.
  await gone(row(page, 'pawn', 'done'));
  await boss.press('ArrowRight');
  await seen(row(page, 'pawn', 'done'));
  await seen(said(page, 'Assistant', 'It is done.'));
  await seen(talk(page).getByText('Told boss/pawn something; it has read it.'));
  await seen(sums(page).getByText('2 ended'));
  const { usage } = await chat.view();
  await soon(() => sums(page).textContent()).toContain(`$${usage.usd.toFixed(2)}`);

  await page.getByRole('button', { name: 'Timeline' }).click();
  const lines = page.getByRole('list', { name: 'Who worked when' }).getByRole('listitem');
  await soon(() => lines.getByRole('button').allTextContents()).toEqual(['boss', 'pawn']);
  await soon(() => lines.first().textContent()).toMatch(
    /at work for \d+s, then waits for its own for \d+s, .*then done/,
  );
  await lines.getByRole('button', { name: 'pawn' }).click();
  await seen(drawer(page, 'pawn'));
  await page.keyboard.press('Escape');
  await gone(drawer(page, 'pawn'));

  // Cards stand where it happened, also for whoever comes later.
  await page.reload();
  await seen(said(page, 'Assistant', 'It is done.'));
  const cards = talk(page).locator('[data-seq] article');
  const names = await cards.evaluateAll((all) =>
    all.map((one) => (one.getAttribute('aria-label') ?? '').replace(/, .*/, '')),
  );
  const main = names.filter((name) => !name.startsWith('boss/'));
  expect(main).toEqual([
    'You',
    'Assistant',
    'boss was given work',
    'Assistant',
    'boss has ended',
    'Assistant',
  ]);
  const ending = talk(page).getByLabel('boss has ended');
  await seen(ending.locator('strong', { hasText: 'all' }));
  await seen(ending.getByText('read', { exact: false }));
});

test('the drawer shows the task, the work as it goes on, the result and the changes; it steers, interrupts and kills', async () => {
  const app = repository({ 'list.txt': 'one\n' });
  const house = await openHouse({
    config: { repositories: { app } },
    script: cast({
      main: ({ lastUserText }) => {
        if (!lastUserText.includes('Begin.')) return { text: 'Well.' };
        return {
          toolCalls: [
            spawn('Write the second line.\nThen stop.', { label: 'writer', repo: 'app' }),
            spawn('Sleep for ever.', { label: 'sleeper' }),
          ],
        };
      },
      'Write the second line': [
        { text: 'I append it.', toolCalls: [bash('echo two >> list.txt && echo appended')] },
        (request) => ({
          text: `It said ${resultOf(request, 'bash')}`,
          toolCalls: [bash('echo again')],
          gate: 'writer',
        }),
        (request) =>
          request.lastUserText.includes('At once!')
            ? { text: 'Written, **at once**.' }
            : {
                text: 'A long and winding explanation follows here and then',
                chunk: 20,
                gate: { name: 'never', afterEvent: 4 },
              },
      ],
      'Sleep for ever': { toolCalls: [bash('sleep 600')] },
    }),
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  await type(page, 'Begin.');
  await row(page, 'writer', 'at work').click();
  const it = drawer(page, 'writer');
  await it.getByText('Task', { exact: true }).click();
  await seen(it.getByText('Then stop.'));
  const work = it.getByRole('region', { name: 'Its work' });
  await seen(work.getByText('I append it.'));
  await work.locator('details', { hasText: 'One tool call' }).first().locator('summary').first().click();
  await work.locator('summary', { hasText: 'list.txt' }).last().click();
  await seen(work.locator('pre', { hasText: 'appended' }).last());

  // A steer waits for the next step; one that interrupts doesn't.
  await house.simulator.until(() => house.simulator.waiting('writer') === 1);
  const box = it.getByRole('textbox', { name: 'Message to writer' });
  await box.fill('Take your time.');
  await box.press('Enter');
  await seen(it.getByRole('list', { name: 'Not read yet' }).getByText('Take your time.'));
  house.simulator.open('writer');
  await seen(work.getByText('A long and winding'));
  expect(house.requests.some(({ lastUserText }) => lastUserText.includes('Take your time.'))).toBe(true);
  await box.fill('At once!');
  await it.getByRole('checkbox', { name: /Interrupt/ }).check();
  await it.getByRole('button', { name: 'Tell it' }).click();
  await seen(row(page, 'writer', 'done'));
  await gone(it.getByRole('list', { name: 'Not read yet' }));

  await it.getByRole('tab', { name: 'Result' }).click();
  await seen(it.getByRole('region', { name: 'Result' }).locator('strong', { hasText: 'at once' }));
  await it.getByRole('tab', { name: 'Changes' }).click();
  const changes = it.getByRole('region', { name: 'Changes' });
  await seen(changes.getByText('subagent/writer'));
  await seen(changes.locator('pre', { hasText: '+two' }));
  await changes.getByRole('button', { name: 'Land' }).click();
  await changes.getByRole('button', { name: 'Land it' }).click();
  await seen(changes.getByText('Landed on main as'));
  await seen(talk(page).getByText(/writer landed on main as \w+/));
  expect(git(app, 'show', 'main:list.txt')).toBe('one\ntwo');
  await changes.getByRole('button', { name: 'Remove' }).click();
  await changes.getByRole('button', { name: 'Remove it' }).click();
  await seen(changes.getByText('are removed'));
  expect(git(app, 'branch', '--list', 'subagent/*')).toBe('');
  await it.getByRole('button', { name: 'Close' }).click();

  await row(page, 'sleeper', 'at work').click();
  const sleeper = drawer(page, 'sleeper');
  await sleeper.getByRole('button', { name: 'Kill' }).click();
  await sleeper.getByRole('button', { name: 'Leave it' }).click();
  expect((await chat.subagent('sleeper')).status).toBe('running');
  await sleeper.getByRole('button', { name: 'Kill' }).click();
  await sleeper.getByRole('button', { name: 'Kill it' }).click();
  await seen(sleeper.getByText('Dead, with all that they had running: sleeper.'));
  await seen(row(page, 'sleeper', 'killed'));
  const ending = talk(page).getByLabel('sleeper has ended');
  await seen(ending.getByText('killed'));
  await seen(ending.getByText(/· read$/));

  // It goes on: that is not dead any more, and the assistant knows of the kill as before.
  await sleeper.getByRole('textbox', { name: 'Message to sleeper' }).fill('Sleep on.');
  await sleeper.getByRole('button', { name: 'Resume' }).click();
  await seen(row(page, 'sleeper', 'at work'));
  await gone(sleeper.getByText('Dead, with all that they had running: sleeper.'));
  await seen(ending.getByText(/· read$/));
}, 120_000);

test('a chat that a program leads says so, and a subagent that waits for others shows for whom', async () => {
  const house = await openHouse({
    script: cast({ 'First this': { text: 'Done.', gate: 'first' }, 'Then that': { text: 'Done, too.' } }),
  });
  const led = makeClient({ url: house.url, token: house.token });
  const chat = await led.createChat({ lead: 'program', title: 'A script' });
  await led.spawn(chat.id, { task: 'First this.', label: 'first' });
  await led.spawn(chat.id, { task: 'Then that.', label: 'then', after: ['first'] });
  const page = await openAt(house, chat);
  const waiting = row(page, 'then', 'waits for others');
  await seen(waiting);
  await soon(() => waiting.textContent()).toContain('waits for first');
  const words = page.getByRole('textbox', { name: 'Message to the program that leads this chat' });
  await words.fill('How far are you?');
  await words.press('Enter');
  await seen(said(page, 'You', 'How far are you?'));
  house.simulator.open('first');
  await seen(row(page, 'then', 'done'));
  await soon(async () => (await led.news(chat.id)).news.map(({ kind }) => kind)).toEqual([
    'message',
    'announcement',
    'announcement',
  ]);
});
