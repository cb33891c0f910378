/** The timeline's words: each is whole, in one line and within the pane, whatever time it is and however wide that is. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { cast } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { openAt, row, seen, soon } from './person.ts';

/** Words that are broken, or reach beyond the pane. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const box = document.querySelector('.timeline');
    if (!box) return ['there is no timeline'];
    const { left, right } = box.getBoundingClientRect();
    const words = [...box.querySelectorAll('.tick, .ending')];
    const wrong = words.filter((one) => {
      const place = one.getBoundingClientRect();
      const line = Number.parseFloat(getComputedStyle(one).lineHeight);
      return place.height > line * 1.5 || place.left < left || place.right > right;
    });
    return [
      ...wrong.map(({ textContent }) => textContent ?? ''),
      ...(box.scrollWidth > box.clientWidth ? ['it scrolls sideways'] : []),
      ...(words.some(({ className }) => className === 'tick') ? [] : ['no time is told']),
    ];
  });
}

test('no time and no ending is cut off, while time goes on and at each width', async () => {
  const house = await openHouse({
    script: cast({
      'Be quick': { text: 'Done.' },
      'Be slow': { text: 'Done.', gate: 'slow' },
      'Be late': { text: 'Done.', gate: 'late' },
    }),
  });
  const chat = await house.client.newChat();
  await chat.spawn({ task: 'Be quick.', label: 'quick' });
  await chat.spawn({ task: 'Be slow.', label: 'slow' });
  await chat.spawn({ task: 'Be late.', label: 'late' });
  const page = await openAt(house, chat);
  await seen(row(page, 'quick', 'done'));
  await page.clock.install();
  await page.reload();
  await page.getByRole('button', { name: 'Timeline' }).click();
  await seen(page.getByRole('list', { name: 'Who worked when' }).getByRole('listitem'));
  // Times move to the left as the present goes on: in this time one of them has come by each place at the right edge.
  for (let step = 0; step < 12; step++) {
    await page.clock.runFor(1_000);
    expect(await cutOff(page), `${step} seconds on`).toEqual([]);
  }
  await chat.kill('slow');
  await seen(page.locator('.ending[title=killed]'));
  for (const width of [1920, 1400, 1150, 1024, 820]) {
    await page.setViewportSize({ width, height: 700 });
    // What fits is reckoned anew once the pane has its new size.
    await soon(() => cutOff(page)).toEqual([]);
  }
});
