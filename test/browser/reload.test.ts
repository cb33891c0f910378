/** A page that is loaded anew while somebody waits: what stood there stands there again, and its buttons do what they say. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, bash, cast, resultOf, spawn } from '../e2e/cast.ts';
import { freshFolder, openHouse } from '../e2e/harness.ts';
import { composer, gone, openAt, row, said, seen, soon, talk, type } from './person.ts';

test('answers, kill and stop hold after a reload while subagents wait, and what was settled stays so', async () => {
  const folder = freshFolder();
  const mark = (name: string): string => join(folder, name);
  const house = await openHouse({
    config: { trust: { ask: ['bash(touch *)'] } },
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Begin.')) {
          return {
            toolCalls: [
              spawn('Be marker.', { label: 'marker' }),
              spawn('Be asker.', { label: 'asker' }),
              spawn('Be doomed.', { label: 'doomed' }),
            ],
          };
        }
        if (lastUserText.includes('Talk.'))
          return { text: 'I talk on and on and', chunk: 5, gate: { name: 'talk', afterEvent: 4 } };
        return { text: 'Well.' };
      },
      'Be marker': [
        { toolCalls: [bash(`touch ${mark('allowed')}`)] },
        { toolCalls: [bash(`touch ${mark('denied')}`)] },
        (request) => ({ text: `It said ${resultOf(request, 'bash')}` }),
      ],
      'Be asker': [
        { toolCalls: [ask('Which colour?')] },
        (request) => ({ text: `It shall be ${resultOf(request, 'report')}` }),
      ],
      'Be doomed': { toolCalls: [bash(`touch ${mark('doomed')}`)] },
    }),
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  const labels = ['marker', 'asker', 'doomed'];
  await type(page, 'Begin.');
  for (const label of labels) await seen(row(page, label, 'needs an answer'));
  await seen(said(page, 'Assistant', 'Well.'));
  await type(page, 'Talk.');
  const speaking = page.getByRole('article', { name: 'The assistant is speaking' });
  await seen(speaking);

  await page.reload();
  await seen(composer(page));
  for (const label of labels) await seen(row(page, label, 'needs an answer'));
  const bar = page.getByRole('region', { name: 'Waiting for your answer' });
  await seen(bar.getByText('3 wait for you'));

  // The turn that goes on is ended, and nobody below with it.
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await seen(talk(page).getByText('Stopped.', { exact: true }));
  await gone(page.getByRole('button', { name: 'Stop', exact: true }));
  for (const label of labels) await seen(row(page, label, 'needs an answer'));

  // What is allowed is what stands there, and of it alone.
  const card = (label: string) => talk(page).getByLabel(new RegExp(`^${label} asks`));
  await soon(() => card('marker').textContent()).toContain(mark('allowed'));
  await card('marker').getByRole('button', { name: 'Allow' }).click();
  await soon(() => existsSync(mark('allowed'))).toBe(true);
  await soon(() => card('marker').textContent()).toContain(mark('denied'));

  await page.reload();
  await seen(composer(page));
  await soon(() => card('marker').textContent()).toContain(mark('denied'));
  await soon(() => talk(page).getByText('— allowed').count()).toBe(1);
  await card('marker').getByRole('textbox').fill('Once is enough.');
  await card('marker').getByRole('button', { name: 'Deny' }).click();
  await seen(row(page, 'marker', 'done'));
  expect((await chat.subagent('marker')).result).toContain('Once is enough.');

  await card('asker').getByRole('textbox', { name: 'Your answer' }).fill('Blue.');
  await card('asker').getByRole('button', { name: 'Send' }).click();
  await seen(row(page, 'asker', 'done'));
  expect((await chat.subagent('asker')).result).toContain('Blue.');

  await row(page, 'doomed', 'needs an answer').click();
  const drawer = page.getByRole('dialog', { name: 'doomed' });
  await drawer.getByRole('button', { name: 'Kill' }).click();
  await drawer.getByRole('button', { name: 'Kill it' }).click();
  await seen(row(page, 'doomed', 'killed'));
  await gone(bar);

  // Nothing of it asks again.
  await page.reload();
  await seen(row(page, 'doomed', 'killed'));
  await seen(talk(page).getByText('— denied'));
  expect(await bar.count()).toBe(0);
  expect(await talk(page).getByRole('button', { name: 'Allow' }).count()).toBe(0);
  expect(['allowed', 'denied', 'doomed'].map((name) => existsSync(mark(name)))).toEqual([true, false, false]);
});
