/** The page's main job on each host: signed in, work handed over, a question answered, the news there, and after a reload. */
import { expect, test } from 'vitest';
import { ask, cast, resultOf, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { row, said, seen, talk, type } from './person.ts';

test('a person signs in, hands work over, answers what is asked, hears how it ended, and finds it all again', async () => {
  const house = await openHouse({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Paint the wall')) {
          return { text: 'I hand it over.', toolCalls: [spawn('Paint the wall.', { label: 'painter' })] };
        }
        if (request.lastUserText.includes('<subagent-announcement')) return { text: 'The wall is painted.' };
        return { text: 'It is under way.' };
      },
      'Paint the wall': [
        { text: 'I prime it.', toolCalls: [ask('Which colour?\nRed or blue.')], gate: 'prime' },
        (request) => ({ text: `Painted: ${/Blue, please\./.exec(resultOf(request, 'report'))?.[0]}` }),
      ],
    }),
  });
  const page = await openPage(house, { signedIn: false });
  await page.getByRole('textbox', { name: 'Token' }).fill(house.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await type(page, 'Paint the wall, please.');
  await seen(talk(page).getByRole('article', { name: 'painter was given work' }));
  await seen(said(page, 'Assistant', 'It is under way.'));
  house.simulator.open('prime');
  await seen(row(page, 'painter', 'needs an answer'));

  const question = talk(page).getByLabel('painter asks');
  await question.getByRole('textbox', { name: 'Your answer' }).fill('Blue, please.');
  await question.getByRole('button', { name: 'Send' }).click();
  const ending = talk(page).getByRole('article', { name: 'painter has ended' });
  await seen(ending.getByText('Painted: Blue, please.'));
  await seen(said(page, 'Assistant', 'The wall is painted.'));
  await seen(row(page, 'painter', 'done'));

  await page.reload();
  await seen(said(page, 'Assistant', 'The wall is painted.'));
  const all = (await talk(page).textContent()) ?? '';
  const places = [
    'Paint the wall, please.',
    'I hand it over.',
    'painterdone',
    'It is under way.',
    'Which colour?',
    'Painted: Blue, please.',
    'The wall is painted.',
  ].map((words) => all.indexOf(words));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});
