/** More tabs than a browser allows connections to one place: each of them is live. */
import { expect, test } from 'vitest';
import { ask, cast, resultOf, spawn } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { composer, gone, openAt, said, seen, talk, type } from './person.ts';

const TABS = 8;

test('eight tabs of one browser show the same at once, and what is answered in one is settled in all', async () => {
  const house = await openHouse({
    script: cast({
      main: ({ lastUserText }) => {
        if (lastUserText.includes('Paint it.')) return { toolCalls: [spawn('Paint.', { label: 'painter' })] };
        return { text: lastUserText.includes('last tab') ? 'Heard you in the last.' : 'Well.' };
      },
      Paint: [
        { toolCalls: [ask('Which colour?')] },
        (request) => ({ text: `Painted ${/Blue/.exec(resultOf(request, 'report'))?.[0]}.` }),
      ],
    }),
  });
  const chat = await house.client.newChat();
  const first = await openAt(house, chat);
  const tabs = [first];
  while (tabs.length < TABS) {
    const tab = await first.context().newPage();
    await tab.goto(first.url());
    await seen(composer(tab));
    tabs.push(tab);
  }
  const last = tabs.at(-1) ?? first;
  await type(last, 'Do you hear the last tab?');
  for (const tab of tabs) await seen(said(tab, 'Assistant', 'Heard you in the last.'));

  await type(first, 'Paint it.');
  for (const tab of tabs) await seen(talk(tab).getByLabel('painter asks'));
  const question = talk(last).getByLabel('painter asks');
  await question.getByRole('textbox').fill('Blue');
  await question.getByRole('button', { name: 'Send' }).click();
  for (const tab of tabs) {
    await gone(talk(tab).getByLabel('painter asks'));
    await seen(talk(tab).getByText('Painted Blue.'));
    await gone(tab.getByRole('region', { name: 'Waiting for your answer' }));
  }
  expect((await chat.subagent('painter')).status).toBe('completed');
});
