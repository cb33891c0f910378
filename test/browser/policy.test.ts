/**
 * What stands behind the page, should it ever err: its policy, tried with code that breaks it, and what a browser is told
 * of files that are pages in disguise.
 */
import { expect, test } from 'vitest';
import { openHouse } from '../e2e/harness.ts';
import { openPage } from './browser.ts';
import { soon } from './person.ts';

test('should the page ever err, its policy stands behind it: no script, no HTML, nothing from elsewhere', async () => {
  const house = await openHouse();
  // All of this is complained of, as it should be.
  const page = await openPage(house, { signedIn: false, expected: /./ });
  const threw = await page.evaluate(async () => {
    const directives = new Set<string>();
    Object.assign(window, { directives });
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      directives.add(effectiveDirective),
    );
    const threw: string[] = [];
    const attempt = (name: string, job: () => unknown): void => {
      try {
        job();
      } catch (error) {
        threw.push(`${name}: ${error instanceof Error ? error.name : ''}`);
      }
    };
    const add = (element: HTMLElement): void => void document.body.append(element);
    attempt('innerHTML', () => {
      document.body.innerHTML = '<img src=x onerror=window.ran=1>';
    });
    attempt('insertAdjacentHTML', () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'));
    attempt('script text', () => {
      document.createElement('script').textContent = 'window.ran=1';
    });
    attempt('script address', () => {
      document.createElement('script').src = '/assets/x.js';
    });
    // In a task of its own: what the test's own connection runs may do this.
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        attempt('eval', () => Reflect.get(window, 'eval')('window.ran=1'));
        resolve();
      }),
    );
    attempt('policy', () => Reflect.get(window, 'trustedTypes').createPolicy('mine', {}));
    attempt('text in a script', () => {
      const script = document.createElement('script');
      script.append('window.ran=1');
      add(script);
    });
    attempt('style', () => {
      const style = document.createElement('style');
      style.append('body{display:none}');
      add(style);
    });
    attempt('frame', () => {
      const frame = document.createElement('iframe');
      frame.src = 'data:text/html,x';
      add(frame);
    });
    attempt('object', () => {
      const object = document.createElement('object');
      object.data = 'data:text/html,x';
      add(object);
    });
    attempt('base', () => {
      const base = document.createElement('base');
      base.href = 'http://attacker.invalid/';
      document.head.append(base);
    });
    attempt('picture', () => {
      new Image().src = 'http://attacker.invalid/p.png';
    });
    attempt('form', () => {
      const form = document.createElement('form');
      form.action = 'http://attacker.invalid/';
      add(form);
      form.submit();
    });
    await fetch('http://attacker.invalid/').catch(() => undefined);
    return threw;
  });
  for (const name of ['innerHTML', 'insertAdjacentHTML', 'script text', 'script address', 'policy']) {
    expect(threw).toContain(`${name}: TypeError`);
  }
  expect(threw.find((one) => one.startsWith('eval'))).toBeDefined();
  // Some of it is told a moment later.
  await soon(() => page.evaluate(() => [...Reflect.get(window, 'directives')])).toEqual(
    expect.arrayContaining([
      'base-uri',
      'connect-src',
      'form-action',
      'frame-src',
      'img-src',
      'style-src-elem',
    ]),
  );
  const left = await page.evaluate(() => ({
    ran: 'ran' in window,
    base: document.baseURI,
    isHidden: getComputedStyle(document.body).display === 'none',
  }));
  expect(left).toEqual({ ran: false, base: `${house.url}/`, isHidden: false });
  // Nobody can lay it under a page of their own.
  expect(
    (await fetch(house.url, { headers: { accept: 'text/html' } })).headers.get('content-security-policy'),
  ).toContain("frame-ancestors 'none'");
});

test('a file that is a page in disguise runs nowhere, not even when it is opened itself', async () => {
  const house = await openHouse();
  const chat = await house.client.newChat();
  const html = '<!doctype html><script>window.ran=1;fetch("/v1/chats")</script>';
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><script>window.ran=1</script></svg>';
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP8z8DAwMDAxAADAA8EAQHS+zWxAAAAAElFTkSuQmCC',
    'base64',
  );
  const send = (name: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`${house.url}${chat.path('/files')}?name=${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${house.token}`, 'content-type': type },
      body,
    });
  for (const [name, type, body] of [
    ['x.png', 'image/png', html],
    ['x.png', 'image/svg+xml', svg],
    ['x.pdf', 'application/pdf', html],
  ] as const) {
    expect((await send(name, type, body)).status, `${name}, ${type}`).toBe(422);
  }
  // Chromium's own page around a picture has a style that the policy refuses.
  const page = await openPage(house, { expected: /Applying inline style|agent cluster/ });
  const both = Uint8Array.from(Buffer.concat([png, Buffer.from(html)]));
  for (const [name, type, body] of [
    ['x.html', 'text/html', html],
    ['x.svg', 'image/svg+xml', svg],
    ['x.xhtml', 'application/xhtml+xml', html],
    ['x.html', 'text/html', both],
  ] as const) {
    const sent = await send(name, type, body);
    // Refused, or kept as what its bytes are.
    if (sent.status !== 201) {
      expect(sent.status).toBe(422);
      continue;
    }
    const { file } = JSON.parse(await sent.text());
    const got = await page.context().request.get(chat.path(`/files/${file.id}`));
    expect(got.headers()).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': body === both ? 'image/png' : 'text/plain; charset=utf-8',
    });
    const isShown = body === both;
    expect(got.headers()['content-disposition']).toMatch(isShown ? /^inline/ : /^attachment/);
    const other = await page.context().newPage();
    const opening = other.goto(chat.path(`/files/${file.id}`));
    if (isShown) expect((await opening)?.ok()).toBe(true);
    else await expect(opening).rejects.toThrow('Download');
    expect(await other.evaluate(() => 'ran' in window)).toBe(false);
    await other.close();
  }
});
