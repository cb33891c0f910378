/**
 * `npm run screenshots`: plays the story on a real gateway and takes the pictures of docs/pictures, light and dark, wide
 * and on a phone. The page must have been built. Changes nothing else.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { type Stage, setStage } from './screenshots/stage.ts';
import { said } from './screenshots/story.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'pictures');
/** Larger ones would weigh on everybody who clones. */
const MOST_BYTES = 250_000;

const schemes = ['light', 'dark'] as const;
const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

mkdirSync(folder, { recursive: true });
const stage = await setStage();
try {
  const chat = await play(stage);
  for (const scheme of schemes) {
    await signIn(stage, scheme);
    await desk(stage, scheme, chat);
    await pocket(stage, scheme, chat);
  }
} finally {
  await stage.close();
}

/** Says what is said in the chat, and waits until all stand where the pictures show them. Returns the chat's id. */
async function play({ browser, url, token }: Stage): Promise<string> {
  const context = await browser.newContext({ baseURL: url, viewport: wide });
  await context.request.post('/session', { data: { token } });
  const page = await context.newPage();
  await page.goto('/');
  const box = page.getByRole('textbox', { name: 'Message to the assistant' });
  await box.fill(said.plan);
  await box.press('Enter');
  // So many at once are a person's to allow.
  const request = page.getByRole('log').getByLabel('The assistant asks for permission');
  await request.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('treeitem', { name: /^publish,? needs an answer/ }).waitFor({ timeout: 120_000 });
  await page.getByRole('treeitem', { name: /^load-test,? failed/ }).waitFor({ timeout: 120_000 });
  await box.fill(said.ask);
  await box.press('Enter');
  await page.getByText('its tests are being written now').first().waitFor({ timeout: 60_000 });
  await page.getByRole('treeitem', { name: /^clock,? done/ }).waitFor({ timeout: 120_000 });
  const id = /chat_[\w-]+/.exec(page.url())?.[0];
  if (id === undefined) throw new Error(`the address names no chat: ${page.url()}`);
  await context.request.patch(`/v1/chats/${id}`, {
    data: { title: 'Release 2.4' },
    headers: { origin: url },
  });
  for (const title of ['Search is slow on Mondays', 'Reading list', 'Move to the new region']) {
    const made = await context.request.post('/v1/chats', { data: { title }, headers: { origin: url } });
    if (!made.ok()) throw new Error(await made.text());
  }
  await context.close();
  return id;
}

async function signIn({ browser, url }: Stage, scheme: (typeof schemes)[number]): Promise<void> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 900, height: 640 },
    deviceScaleFactor: 2,
    colorScheme: scheme,
  });
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await picture(page, `sign-in-${scheme}`);
  await context.close();
}

async function desk(stage: Stage, scheme: (typeof schemes)[number], chat: string): Promise<void> {
  const { context, page } = await opened(stage, chat, { viewport: wide, colorScheme: scheme });
  await page.getByRole('treeitem', { name: /^publish/ }).waitFor();
  await page.getByText('its tests are being written now').first().waitFor();
  await picture(page, `conversation-${scheme}`);
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await picture(page, `permission-${scheme}`);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('button', { name: 'Timeline' }).click();
  await picture(page, `timeline-${scheme}`);
  await page.getByRole('button', { name: 'Tree' }).click();
  await page.getByRole('treeitem', { name: /^webhook-retry/ }).click();
  await page.getByText('The pauses stand').first().waitFor();
  await picture(page, `subagent-${scheme}`);
  await page.getByRole('tab', { name: 'Changes' }).click();
  await page.locator('.diff').getByText('isRefused').first().waitFor();
  await picture(page, `changes-${scheme}`);
  await context.close();
}

async function pocket(stage: Stage, scheme: (typeof schemes)[number], chat: string): Promise<void> {
  const { context, page } = await opened(stage, chat, {
    viewport: phone,
    colorScheme: scheme,
    isMobile: true,
    hasTouch: true,
  });
  await page.getByText('its tests are being written now').first().waitFor();
  await picture(page, `phone-${scheme}`);
  await page.getByRole('button', { name: /^Team/ }).click();
  await page.getByRole('treeitem', { name: /^publish/ }).waitFor();
  await picture(page, `phone-team-${scheme}`);
  await context.close();
}

async function opened(
  { browser, url, token }: Stage,
  chat: string,
  looks: NonNullable<Parameters<Stage['browser']['newContext']>[0]>,
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: url, deviceScaleFactor: 2, ...looks });
  await context.request.post('/session', { data: { token } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`/#/${chat}`);
  return { context, page };
}

/** A picture of what is to be seen, once nothing moves. */
async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(400);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  const file = join(folder, `${name}.webp`);
  writeFileSync(file, Buffer.from(data, 'base64'));
  const { size } = statSync(file);
  process.stdout.write(`docs/pictures/${name}.webp  ${Math.round(size / 1000)} kB\n`);
  if (size > MOST_BYTES) throw new Error(`${name} has ${size} bytes; ${MOST_BYTES} is the most.`);
}
