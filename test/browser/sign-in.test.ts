/** Signing in and out, as it is seen and as it is left behind: links that are used once, tokens, the cookie. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type House, openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { composer, gone, said, seen, soon, type } from './person.ts';

async function link(house: House): Promise<string> {
  const { body } = await house.client.post('/v1/links');
  const { path } = z.object({ link: z.object({ path: z.string() }) }).parse(body).link;
  return path.slice(1);
}

/** Everything that the page leaves where a script, or whoever sits down at it, could read it. */
function leavings(page: Page): Promise<string> {
  return page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll('input')].map(({ value }) => value),
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
      document.cookie,
      location.href,
      JSON.stringify(history.state),
    ].join('\n'),
  );
}

const form = (page: Page) => page.getByRole('textbox', { name: 'Token' });

test('the link signs in once and stays neither in the address nor in the history', async () => {
  const house = await openHouse();
  const path = await link(house);
  const code = path.replace('#code=', '');
  const page = await openPage(house, { signedIn: false, path });
  await seen(composer(page));
  await soon(() => new URL(page.url()).hash).toMatch(/^#\/chat_/);
  expect(await leavings(page)).not.toContain(code);
  await page.reload();
  await seen(composer(page));
  await page.goto(`${house.url}/docs`);
  await page.goBack();
  await seen(composer(page));
  await soon(() => new URL(page.url()).hash).toMatch(/^#\/chat_/);

  // Whoever is signed in already just gets in by it again; anybody else is told, and can give a token.
  await page.goto('about:blank');
  await page.goto(`/${path}`);
  await seen(composer(page));
  await soon(() => new URL(page.url()).hash).toMatch(/^#\/chat_/);
  const other = await openPage(house, { signedIn: false, path });
  await seen(form(other));
  await seen(other.getByRole('alert').filter({ hasText: /link .*(used|old)/ }));
  await soon(() => new URL(other.url()).hash).toBe('');
  expect(await composer(other).count()).toBe(0);
});

test('the link signs in also where the page is open already, and leaves whoever is signed in where they are', async () => {
  const house = await openHouse();
  const page = await openPage(house, { signedIn: false });
  await seen(form(page));
  const follow = (path: string) =>
    page.evaluate((to) => {
      location.hash = to;
    }, path);
  await follow('#code=used-long-ago');
  await seen(page.getByRole('alert').filter({ hasText: /link/ }));
  const path = await link(house);
  await follow(path);
  await seen(composer(page));
  await gone(page.getByRole('alert').filter({ hasText: /link/ }));
  await soon(() => new URL(page.url()).hash).toMatch(/^#\/chat_/);
  const { hash } = new URL(page.url());
  await follow(await link(house));
  await soon(() => new URL(page.url()).hash).toBe(hash);
  expect(await leavings(page)).not.toContain(path.replace('#code=', ''));
});

test('a token that is none is refused in the gateway’s words; one with a name signs in, and out again', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const { body } = await house.client.post('/v1/tokens', { name: 'phone', scopes: ['chat'], owner: 'ada' });
  const { secret } = z.object({ secret: z.string() }).parse(body);
  const page = await openPage(house, { signedIn: false });
  await form(page).fill('no-such-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const answer = await fetch(`${house.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify({ token: 'no-such-token' }),
  });
  const { detail } = z.object({ detail: z.string() }).parse(await answer.json());
  await seen(page.getByRole('alert').filter({ hasText: detail }));

  await form(page).fill(` ${secret} `);
  await form(page).press('Enter');
  await type(page, 'Hello.');
  await seen(said(page, 'Assistant', 'Well.'));
  await page.getByLabel('Menu').click();
  await seen(page.getByText('Signed in as ada (phone)'));
  await page.keyboard.press('Escape');
  await gone(page.getByText('Signed in as ada (phone)'));
  await page.keyboard.press('Enter');
  await seen(page.getByText('Signed in as ada (phone)'));

  const [cookie, ...more] = await page.context().cookies();
  expect(more).toEqual([]);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain: '127.0.0.1', path: '/' });
  expect(cookie?.value).not.toContain(secret);
  const left = await leavings(page);
  for (const one of [secret, cookie?.value ?? '', house.token]) expect(left).not.toContain(one);

  // A session that has run out meanwhile is told of when somebody writes, and what they wrote goes out after it.
  await page.context().clearCookies();
  await type(page, 'Late.');
  await seen(page.getByRole('alert').filter({ hasText: 'You were signed out' }));
  await form(page).fill(secret);
  await form(page).press('Enter');
  await soon(() => said(page, 'You', 'Late.').count()).toBe(1);
  await soon(() => said(page, 'Assistant', 'Well.').count()).toBe(2);
  await page.getByLabel('Menu').click();

  // Whoever can't be signed out goes on as before.
  await page.route('**/session', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign out' }).click();
  await seen(page.getByRole('alert').filter({ hasText: 'No answer came' }));
  await page.unroute('**/session');
  await type(page, 'Still here.');
  await seen(said(page, 'You', 'Still here.'));
  await soon(() => said(page, 'Assistant', 'Well.').count()).toBe(3);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await seen(said(other, 'You', 'Still here.'));

  // Words that can't be sent would go with it: that is asked about.
  await page.route('**/messages', (route) => route.abort());
  await composer(page).fill('Never sent.');
  await page.keyboard.press('Enter');
  await seen(page.getByText('Never sent.'));
  await page.getByLabel('Menu').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await seen(page.getByText('A message is not sent yet and would be lost.'));
  await page.getByRole('button', { name: 'Sign out all the same' }).click();
  await seen(form(page));
  await seen(form(other));
  // The tabs begin anew, which takes a moment: what was there before is gone with it.
  await soon(() => other.textContent('body')).not.toContain('Still here.');
  await soon(() => leavings(page)).not.toMatch(/Never sent\.|Hello\./);
  await soon(() => page.context().cookies()).toEqual([]);
  await page.reload();
  await seen(form(page));
  expect(await composer(page).count()).toBe(0);
});

test('where a simulator answers, the page says so, and how to have a model', async () => {
  const house = await openHouse({ script: () => ({ text: 'Well.' }) });
  const page = await openPage(house);
  await seen(composer(page));
  const banner = page.getByText('A simulator answers here, not a model: set ANTHROPIC_API_KEY');
  let simulator = true;
  await page.route(`${house.url}/`, async (route) => {
    if (route.request().isNavigationRequest()) return route.continue();
    const answer = await route.fetch({ maxRetries: 3 });
    await route.fulfill({ response: answer, json: { ...(await answer.json()), simulator } });
  });
  await page.reload();
  await seen(banner);
  // Where none does, it is there for nobody.
  simulator = false;
  const told = page.waitForResponse(
    (answer) => answer.url() === `${house.url}/` && !answer.request().isNavigationRequest(),
  );
  await page.reload();
  await (await told).finished();
  await type(page, 'Hello.');
  await seen(said(page, 'Assistant', 'Well.'));
  expect(await banner.count()).toBe(0);
});
