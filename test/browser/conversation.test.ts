/** Talking with the assistant: words as they stream, what is typed meanwhile, stopping, interrupting, the draft. */
import { describe, expect, test } from 'vitest';
import { bash, cast, resultOf } from '../e2e/cast.ts';
import { openHouse } from '../e2e/harness.ts';
import { composer, gone, hasFocus, openAt, said, seen, soon, talk, type } from './person.ts';

const code = "const greeting = '<b>hello</b>';\nconsole.log(greeting);";
const plan = [
  '# The plan',
  '',
  'First **think**, then [look it up](https://example.org/docs).',
  '',
  '- one',
  '- two',
  '',
  '```ts',
  code,
  '```',
  '',
  '![a cat](https://pictures.example/cat.png) <img src="https://pictures.example/dog.png"> and that is all.',
].join('\n');

describe('what the assistant says', () => {
  test('appears while it is spoken, as Markdown, and what is typed meanwhile is shown at once and read next', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { text: plan, chunk: 30, gate: { name: 'rest', afterEvent: 6 } },
          (request) => ({ text: `You asked: ${/And after that\?/.exec(request.lastUserText)?.[0]}` }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat, { permissions: ['clipboard-read', 'clipboard-write'] });
    await type(page, 'What will you do?');
    await seen(said(page, 'You', 'What will you do?'));
    await soon(() => composer(page).inputValue()).toBe('');
    const speaking = page.getByRole('article', { name: 'The assistant is speaking' });
    await seen(speaking.getByRole('heading', { name: 'The plan' }));
    await seen(speaking.locator('strong', { hasText: 'think' }));
    expect(await speaking.textContent()).not.toContain('that is all');

    await type(page, 'And after that?');
    await seen(said(page, 'You', 'And after that?'));
    await seen(speaking);
    house.simulator.open('rest');
    const whole = said(page, 'Assistant', 'that is all');
    await seen(whole);
    await gone(speaking);
    await seen(said(page, 'Assistant', 'You asked: And after that?'));
    expect(house.requests).toHaveLength(2);

    expect(await whole.getByRole('listitem').allInnerTexts()).toEqual(['one', 'two']);
    expect(await whole.locator('code').textContent()).toBe(code);
    // A picture from elsewhere is somewhere to go to, and tells nobody who reads; openPage fails on any request.
    expect(await talk(page).locator('img').count()).toBe(0);
    expect(await whole.getByRole('link', { name: 'a cat' }).getAttribute('href')).toBe(
      'https://pictures.example/cat.png',
    );
    expect(await whole.textContent()).toContain('<img src="https://pictures.example/dog.png">');
    // It says so for a moment only.
    await Promise.all([
      seen(whole.getByRole('button', { name: 'Copied code' })),
      whole.getByRole('button', { name: 'Copy code' }).click(),
    ]);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  });

  test('stays in sight while it grows, for whoever reads the end', async () => {
    const lines = Array.from({ length: 120 }, (_, n) => `Line ${n}.`).join('\n\n');
    const house = await openHouse({
      script: () => ({ text: lines, chunk: 100, gate: { name: 'rest', afterEvent: 12 } }),
    });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat);
    await type(page, 'Tell me at length.');
    const speaking = page.getByRole('article', { name: 'The assistant is speaking' });
    await seen(speaking.getByText('Line 70.'));
    const box = page.getByRole('region', { name: 'Conversation' });
    const fromTheEnd = () =>
      box.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
    await soon(() =>
      box.evaluate(({ scrollHeight, clientHeight }) => scrollHeight / clientHeight),
    ).toBeGreaterThan(2);
    await soon(fromTheEnd).toBeLessThan(5);
    house.simulator.open('rest');
    await seen(said(page, 'Assistant', 'Line 119.'));
    await soon(fromTheEnd).toBeLessThan(5);
  });

  test('ends with Stop, or gives way to what is said now; the words that were given up stay, and look it', async () => {
    const begun = (words: string) => ({
      text: `${words}${' and so on'.repeat(20)}.`,
      chunk: 30,
      gate: { name: 'never', afterEvent: 5 },
    });
    const house = await openHouse({
      script: cast({
        main: ({ lastUserText }) => {
          if (lastUserText.includes('Just the ending.')) return { text: 'Heard: Just the ending.' };
          return begun(lastUserText.includes('story') ? 'Long ago there was a king' : 'I will count');
        },
      }),
    });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat);
    const stop = page.getByRole('button', { name: 'Stop', exact: true });
    const now = page.getByRole('button', { name: 'Say it now' });
    expect(await stop.count()).toBe(0);
    await type(page, 'Count.');
    await seen(talk(page).getByText('I will count'));
    await stop.click();
    await seen(talk(page).getByText('Stopped.', { exact: true }));
    await gone(stop);
    await seen(page.getByRole('navigation', { name: 'Chats' }).getByText('stopped'));
    await seen(talk(page).getByText('These words were given up'));
    await seen(talk(page).getByText('I will count'));

    await type(page, 'Tell me a story.');
    await seen(talk(page).getByText('Long ago there was a king'));
    await composer(page).fill('Just the ending.');
    await now.click();
    await seen(said(page, 'Assistant', 'Heard: Just the ending.'));
    const given = talk(page).getByText('Long ago there was a king');
    await seen(given);
    expect(await talk(page).getByText('These words were given up').count()).toBe(2);
    const colour = (of: typeof given) => of.first().evaluate((one) => getComputedStyle(one).color);
    expect(await colour(given)).not.toBe(await colour(talk(page).getByText('Heard: Just the ending.')));
    await gone(now);
  });

  test('says why nothing comes when the chat is parked, and is asked again when that is mended', async () => {
    const house = await openHouse({
      script: () => ({ faults: [{ status: 402, message: 'No credit left' }] }),
    });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat);
    await type(page, 'Hello?');
    await seen(talk(page).getByText(/No credit left/));
    await seen(talk(page).getByText(/billing page/));
    await page.reload();
    await seen(talk(page).getByText(/No credit left/));
    await seen(page.getByRole('navigation', { name: 'Chats' }).getByText('parked'));
    house.simulator.follow(cast({ main: { text: 'Hello to you.' } }));
    await page.getByRole('button', { name: 'Try again' }).click();
    await seen(said(page, 'Assistant', 'Hello to you.'));
    await gone(page.getByRole('button', { name: 'Try again' }));
  });

  test('tools are folded away, and show what went in and came out to whoever unfolds them', async () => {
    const house = await openHouse({
      script: cast({
        main: [
          { text: 'I look.', toolCalls: [bash('echo marmalade | rev'), bash('cat /no/such/file')] },
          (request) => ({
            text: `I saw ${resultOf(request, 'bash').includes('edalamram') ? 'it' : 'nothing'}.`,
          }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat);
    await type(page, 'Look.');
    await seen(said(page, 'Assistant', 'I saw it.'));
    const tools = talk(page).getByText('2 tool calls');
    await seen(tools);
    await seen(talk(page).getByText('one failed'));
    expect(await talk(page).getByText('edalamram').isVisible()).toBe(false);
    await tools.click();
    await talk(page).locator('summary', { hasText: 'marmalade' }).last().click();
    await seen(talk(page).locator('pre', { hasText: '"command": "echo marmalade | rev"' }));
    await seen(talk(page).locator('pre', { hasText: 'edalamram' }));
    await talk(page).locator('summary', { hasText: '/no/such/file' }).last().click();
    await seen(talk(page).locator('pre', { hasText: 'No such file' }));
  });
});

describe('where people write', () => {
  test('Enter sends, Shift+Enter makes a line, neither while a word is composed, and the draft outlives a reload', async () => {
    const house = await openHouse({ script: () => ({ text: 'Well.' }) });
    const chat = await house.client.newChat();
    const page = await openAt(house, chat);
    const box = composer(page);
    await hasFocus(box);
    await page.keyboard.type('One');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    expect(await box.inputValue()).toBe('One\ntwo');

    // With the pointer on it the button is read as well as without.
    const button = page.getByRole('button', { name: 'Send' });
    const ground = () => button.evaluate((one) => getComputedStyle(one).backgroundColor);
    const before = await ground();
    await button.hover();
    expect(await ground()).toBe(before);

    // The Enter that picks a word of an input method belongs to that, in each of the ways in which browsers tell it.
    const enter = (more: { isComposing?: true; keyCode?: 229 }) =>
      box.evaluate(
        (one, init) =>
          one.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }),
          ),
        more,
      );
    await enter({ isComposing: true });
    await enter({ keyCode: 229 });
    expect(await box.inputValue()).toBe('One\ntwo');

    await page.reload();
    await soon(() => box.inputValue()).toBe('One\ntwo');
    await box.press('Enter');
    await seen(said(page, 'You', /One\s+two/));
    await soon(() => box.inputValue()).toBe('');
    // Nothing but white space is nothing to send.
    await type(page, '  ');
    await seen(said(page, 'Assistant', 'Well.'));
    expect((await chat.messages()).filter(({ role }) => role === 'user').map(({ text }) => text)).toEqual([
      'One\ntwo',
    ]);
    await page.reload();
    await seen(said(page, 'Assistant', 'Well.'));
    expect((await box.inputValue()).trim()).toBe('');
  });
});
