/**
 * A real browser for tests of the page: one for all files of a test process, a profile of its own for each page. Whatever a page
 * complains about, an error, a breach of its policy, a request to anywhere else, fails the test that opened it.
 */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { House } from '../e2e/harness.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** How long one thing is waited for, as what else is waited for. */
const PATIENCE_MS = 30_000;

let browser: Promise<Browser> | undefined;

/** It ends with this process, as all that Playwright launches. */
function launched(): Promise<Browser> {
  const found = [process.env.TIDINGS_TEST_CHROMIUM ?? '', ...places].find(
    (path) => path !== '' && existsSync(path),
  );
  if (found === undefined) {
    throw new Error(
      `There is no browser at ${places.join(' or ')}: apt-get install chromium, or set TIDINGS_TEST_CHROMIUM.`,
    );
  }
  browser ??= chromium.launch({
    executablePath: found,
    // As root, in a container, there are no name spaces for a sandbox of its own.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return browser;
}

const refusedByNetwork = /^Failed to load resource|^WebSocket connection to '[^']*' failed/;

export interface OpenOptions
  extends Pick<
    BrowserContextOptions,
    'colorScheme' | 'viewport' | 'reducedMotion' | 'hasTouch' | 'permissions'
  > {
  /** Whether it signs in first, as whoever has the admin token; absent: yes. */
  readonly signedIn?: boolean;
  /** What is behind the slash; absent: nothing. */
  readonly path?: string;
  /** Complaints that the test brings about. */
  readonly expected?: RegExp;
}

/** Opens the page of a house in a profile of its own. */
export async function openPage(
  house: Pick<House, 'url' | 'token'>,
  options: OpenOptions = {},
): Promise<Page> {
  const { signedIn = true, path = '', expected, ...looks } = options;
  const context = await (await launched()).newContext({
    viewport: { width: 1400, height: 900 },
    baseURL: house.url,
    ...looks,
  });
  // Of all its tabs.
  context.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(house.url).origin)
      complaints.push(`asked ${request.url()}`);
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    // What the network refused is told of by the browser too; what comes of it is for the test to see.
    const wrong = complaints.filter((one) => !refusedByNetwork.test(one) && !expected?.test(one));
    expect(wrong, 'complaints of the page').toEqual([]);
  });
  if (signedIn) {
    const answer = await context.request.post('/session', { data: { token: house.token } });
    expect(answer.status()).toBe(200);
  }
  const page = await context.newPage();
  await page.goto(`/${path}`);
  return page;
}
