/**
 * Texts made to attack, in every place where the page shows what others wrote: nothing of them runs, loads or leads
 * anywhere it may not, and all of them stay to be read.
 */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, bash, cast, spawn } from '../e2e/cast.ts';
import { type House, openHouse } from '../e2e/harness.ts';
import { controls, heavy, payloads, swallowing } from './attack-corpus.ts';
import { openPage } from './browser.ts';
import { composer, openAt, row, said, seen, soon, talk, type } from './person.ts';

const all = payloads.join('\n\n');
/** What each payload that stands alone has in front, to be waited for. */
const words = payloads.map((one) => one.split(' ', 1)[0] ?? '');

/** What of the page is not as it may be; empty: nothing. */
function breaches(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    if ('ran' in window) wrong.push('a script ran');
    const forbidden = new Set(
      'script iframe frame object embed base link meta style template video audio source picture portal math marquee noscript foreignobject animate use image title'.split(
        ' ',
      ),
    );
    const addresses = new Set([
      'href',
      'src',
      'xlink:href',
      'action',
      'formaction',
      'srcset',
      'poster',
      'data',
      'srcdoc',
      'ping',
      'background',
    ]);
    const ours = new Set(['card', 'composer', 'answer-form', 'steer', '']);
    for (const element of document.querySelectorAll('#app, #app *')) {
      const name = element.localName;
      const where = element.outerHTML.slice(0, 120);
      if (forbidden.has(name) || name.includes('-') || element.shadowRoot) wrong.push(where);
      if (name === 'svg' && !element.closest('.timeline')) wrong.push(where);
      if (name === 'form' && !ours.has(element.className)) wrong.push(where);
      for (const { name: attribute, value } of element.attributes) {
        if (attribute.startsWith('on') || attribute === 'name') wrong.push(where);
        if (!addresses.has(attribute)) continue;
        const url = new URL(value, location.href);
        const inside = url.origin === location.origin;
        const isAllowed =
          name === 'a'
            ? /^(https?|mailto):$/.test(url.protocol) && (!inside || /^\/(v1\/|docs$)/.test(url.pathname))
            : name === 'img' && inside && url.pathname.startsWith('/v1/');
        if (!isAllowed || url.username !== '') wrong.push(`${attribute}: ${where}`);
      }
    }
    if (document.body.querySelectorAll(':scope > :not(#app, noscript)').length > 0)
      wrong.push('something beside #app');
    return wrong;
  });
}

/** Waits for the words, and holds what is shown against what may be; nothing has opened or led away meanwhile. */
async function holds(page: Page, house: House): Promise<void> {
  expect(await breaches(page)).toEqual([]);
  expect(new URL(page.url()).origin).toBe(house.url);
  expect(page.context().pages()).toEqual([page]);
}

/** A page that has each thing unfolded which somebody may unfold. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll<HTMLDetailsElement>('.transcript details, .drawer details'))
      one.open = true;
  });
}

async function shownText(page: Page, of: string): Promise<string> {
  return (await page.locator(of).allTextContents()).join('\n');
}

/** The payloads of which not a letter is missing. */
function missing(text: string, sent: readonly string[]): string[] {
  return sent.filter((one) => !text.includes(one));
}

test('what people, the assistant and its API say is shown as text, whatever it is', async () => {
  const house = await openHouse({
    script: (request) => {
      const order = /^say (\d+)$/m.exec(request.lastUserText)?.[1];
      if (request.lastUserText.includes('Fail.'))
        return { faults: [{ status: 400, message: payloads.slice(0, 40).join(' ') }] };
      if (order === undefined) return { text: all };
      return { text: `alone ${order}\n\n${swallowing[Number(order)] ?? controls.join('\n\n')}` };
    },
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  page.on('dialog', () => expect.fail('something opened a dialog'));
  await chat.say(all);
  await seen(said(page, 'Assistant', words.at(-1) ?? ''));
  expect(missing(await shownText(page, '.message[data-role=user]'), payloads)).toEqual([]);
  const spoken = await shownText(page, '.message[data-role=assistant]');
  expect(missing(spoken, words)).toEqual([]);
  // What looks like HTML is no Markdown: of it each letter is there.
  expect(
    missing(spoken, ['<script>window.ran=1</script>', '<img src=x onerror=window.ran=1>', '<base href=']),
  ).toEqual([]);
  // A picture from elsewhere is a link to it.
  const picture = said(page, 'Assistant', '')
    .getByRole('link', { name: /^x$/ })
    .and(page.locator('[href$="/p.png"]'));
  expect(await picture.first().getAttribute('rel')).toBe('noopener noreferrer nofollow');
  await holds(page, house);

  for (const at of [...swallowing.keys(), swallowing.length]) {
    await chat.say(`say ${at}`);
    await seen(said(page, 'Assistant', `alone ${at}`));
  }
  await chat.say('Fail.');
  const refusal = `The API said: 400 invalid_request_error: ${payloads.slice(0, 5).join(' ')}`;
  await seen(talk(page).locator('.notice').filter({ hasText: refusal }));
  await holds(page, house);
  for (const one of swallowing) {
    const sent = await house.client.post(chat.path('/messages'), { text: one });
    expect(sent.status).toBe(202);
  }
  // What the page was told once it shows again, and what it finds.
  await page.reload();
  await seen(talk(page).locator('.notice').filter({ hasText: refusal }));
  await page.getByRole('searchbox').fill('window.ran');
  await seen(page.getByRole('list', { name: 'Found' }).getByRole('listitem'));
  await holds(page, house);
  for (const one of controls) {
    expect((await house.client.post(chat.path('/messages'), { text: one })).status).toBe(422);
  }

  // It holds less than it seems if it would not have found these.
  await page.evaluate(() => {
    const link = document.createElement('a');
    link.href = 'javascript:0';
    const frame = document.createElement('iframe');
    const named = document.createElement('p');
    named.setAttribute('name', 'location');
    document.querySelector('.transcript')?.append(link, frame, named);
  });
  expect(await breaches(page)).toHaveLength(3);
}, 120_000);

test('tasks, results, questions, commands and what tools print are shown as text; no label can be one', async () => {
  const house = await openHouse({
    config: { trust: { ask: ['bash(echo *)'] } },
    script: cast({
      main: [
        {
          toolCalls: [
            spawn(`First task.\n\n${all}`, { label: 'teller' }),
            spawn(`Second task.\n\n${all}`, { label: 'asker' }),
            spawn(`Third task.\n\n${all}`, { label: 'runner' }),
          ],
        },
        { text: 'Under way.' },
      ],
      'First task': [{ text: all, toolCalls: [bash(`cat <<'END_OF_IT'\n${all}\nEND_OF_IT`)] }, { text: all }],
      'Second task': [{ toolCalls: [ask(all.slice(0, 3_900))] }, { text: 'Well.' }],
      'Third task': [{ toolCalls: [bash(`echo 1 <<'END_OF_IT'\n${all}\nEND_OF_IT`)] }, { text: 'Well.' }],
    }),
  });
  const chat = await house.client.newChat();
  const page = await openAt(house, chat);
  page.on('dialog', () => expect.fail('something opened a dialog'));
  await chat.say('Begin.');
  await seen(row(page, 'teller', 'done'));
  await seen(row(page, 'asker', 'needs an answer'));
  await seen(row(page, 'runner', 'needs an answer'));
  await unfold(page);
  await holds(page, house);
  const text = await shownText(page, '.transcript');
  expect(missing(text, words)).toEqual([]);
  // What is to be allowed names what an eye would miss; all else of it stands there as it is.
  const plain = payloads.filter((one) => !/[^\p{ASCII}]/u.test(one));
  expect(missing(await shownText(page, '.command'), plain)).toEqual([]);
  expect(missing(await shownText(page, '.asked'), plain.slice(0, 50))).toEqual([]);
  expect(await shownText(page, '.command')).toMatch(/u\{202e\}gnp/);
  expect(await shownText(page, '.command')).not.toContain('\u202e');

  for (const label of ['teller', 'asker', 'runner']) {
    await row(page, label, label === 'teller' ? 'done' : 'needs an answer').click();
    const drawer = page.getByRole('dialog', { name: label });
    await drawer.getByText('Task', { exact: true }).click();
    for (const tab of ['Work', 'Result']) {
      await drawer.getByRole('tab', { name: tab }).click();
      await seen(drawer.getByRole('tabpanel').getByRole('region'));
      if (label === 'teller') await seen(drawer.getByRole('tabpanel').getByText('p12').first());
      await unfold(page);
      await holds(page, house);
    }
    await soon(async () => missing((await drawer.textContent()) ?? '', plain.slice(0, 20))).toEqual([]);
    if (label === 'teller') {
      await drawer.getByRole('tab', { name: 'Work' }).click();
      await seen(drawer.getByText('tool call').first());
      await unfold(page);
      await unfold(page);
      await seen(drawer.locator('figure').filter({ hasText: 'output' }).getByText('p30').first());
      await holds(page, house);
    }
    await drawer.getByRole('button', { name: 'Close' }).click();
  }
  await page.getByRole('button', { name: 'Timeline' }).click();
  await holds(page, house);

  const refused = await Promise.all(
    payloads
      .map((one) => one.slice(one.indexOf(' ') + 1))
      .filter((one) => !/^[a-z0-9][a-z0-9_-]*$/i.test(one))
      .map(async (label) => (await house.client.post(chat.path('/subagents'), { task: 'x', label })).status),
  );
  expect(new Set(refused)).toEqual(new Set([422]));
  expect((await chat.subagents()).map(({ label }) => label).sort()).toEqual(['asker', 'runner', 'teller']);
}, 120_000);

test('titles and names of files are shown as text', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const chat = await house.client.newChat();
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP8z8DAwMDAxAADAA8EAQHS+zWxAAAAAElFTkSuQmCC',
    'base64',
  );
  const upload = async (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> => {
    const answer = await fetch(`${house.url}${chat.path('/files')}?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${house.token}` },
      body: bytes,
    });
    expect([201, 422]).toContain(answer.status);
    const body = JSON.parse(await answer.text());
    return answer.status === 201 ? body.file.id : undefined;
  };
  let kept = 0;
  for (let at = 0; at < payloads.length; at += 20) {
    const ids: string[] = [];
    for (const [n, one] of payloads.slice(at, at + 20).entries()) {
      const id =
        n % 2 === 0
          ? await upload(`${one}.png`, Uint8Array.from(png))
          : await upload(one, new TextEncoder().encode(one));
      if (id !== undefined) ids.push(id);
    }
    kept += ids.length;
    const parts = ids.map((id) => ({ type: 'file', id }));
    if (parts.length > 0)
      expect((await house.client.post(chat.path('/messages'), { parts })).status).toBe(202);
  }
  expect(kept).toBeGreaterThan(30);
  for (const title of payloads) await house.client.newChat({ title: title.slice(0, 200) });

  const page = await openAt(house, chat);
  const oldest = page.getByRole('navigation').getByText(payloads[0] ?? '', { exact: true });
  const older = page.getByRole('button', { name: 'Older chats' });
  await soon(async () => {
    if (await older.isVisible()) await older.click({ timeout: 1_000 }).catch(() => undefined);
    return oldest.isVisible();
  }).toBe(true);
  await soon(() => page.locator('.files li').count()).toBe(kept);
  await holds(page, house);
  // The one that is open names the page, too.
  await page
    .getByRole('navigation')
    .getByText(payloads[0] ?? '')
    .click();
  await soon(() => page.title()).toBe(`${payloads[0]} · Tidings`);
  await page.getByRole('searchbox').fill('script');
  await seen(page.getByRole('list', { name: 'Found' }).getByRole('listitem'));
  await holds(page, house);
}, 120_000);

test('a hundred thousand quotes, brackets or marks leave the page usable', async () => {
  const house = await openHouse({
    script: (request) => ({
      text: `Behold.\n\n${heavy[/heavy (.*)/.exec(request.lastUserText)?.[1] ?? ''] ?? ''}`,
    }),
  });
  const page = await openPage(house);
  // By then it has opened a chat of its own, and opens no other by itself.
  await seen(composer(page));
  for (const name of [
    'quotes',
    'lists',
    'brackets',
    'emphasis',
    'strong emphasis',
    'a line of spaces',
    'one line',
  ]) {
    const chat = await house.client.newChat({ title: name });
    await page.goto(`/#/${chat.id}`);
    await seen(page.getByRole('heading', { level: 1, name, exact: true }));
    await type(page, `heavy ${name}`);
    await seen(said(page, 'Assistant', 'Behold.'));
    expect((await said(page, 'Assistant', 'Behold.').textContent())?.length, name).toBeGreaterThan(20);
    // It still takes what is typed.
    await type(page, 'Still here.');
    await seen(said(page, 'You', 'Still here.'));
  }
  await holds(page, house);
}, 120_000);
