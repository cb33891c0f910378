import { expect, onTestFinished, test } from 'vitest';
import { startGatewayProcess } from '../e2e/gateway-child.ts';
import { freshFolder } from '../e2e/harness.ts';
import { tidings } from './tidings.ts';

const linkPattern = /^(http:\/\/127\.0\.0\.1:\d+)\/#code=([A-Za-z0-9_-]{32})$/;

async function signIn(url: string, code: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ code }),
  });
  return { status: response.status, text: await response.text() };
}

test('a start prints first of all a link that signs in once, and tidings link prints another', async () => {
  const cwd = freshFolder();
  const env = { TIDINGS_DATA: 'data', TIDINGS_SANDBOX: 'off' };
  const gateway = startGatewayProcess({
    cwd,
    env: { ...env, PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', PORT: '0' },
  });
  onTestFinished(async () => void (await gateway.end('SIGTERM')));
  const { url, token } = await gateway.ready();
  const [first = ''] = gateway.printed.split('\n');
  expect(first).toMatch(/^Open \S+ in a browser: it signs you in, once, within the hour\.$/);
  const [, at, code = ''] = linkPattern.exec(first.split(' ')[1] ?? '') ?? [];
  expect(at).toBe(url);
  expect((await signIn(url, code)).status).toBe(200);
  const again = await signIn(url, code);
  expect(again).toMatchObject({ status: 401, text: expect.stringContaining('tidings link') });

  const PORT = new URL(url).port;
  const another = await tidings(['link'], { cwd, env: { ...env, PORT } });
  expect(another).toMatchObject({ code: 0, complained: expect.stringContaining('once, within the hour') });
  expect(another.printed).not.toContain(token);
  const [, , next = ''] = linkPattern.exec(another.printed.trim()) ?? [];
  expect(next).not.toBe(code);
  expect(await signIn(url, next)).toMatchObject({ status: 200, text: expect.stringContaining('"admin"') });

  const behind = { ...env, PORT, TIDINGS_PUBLIC_URL: 'https://chat.example.org' };
  expect((await tidings(['link'], { cwd, env: behind })).printed).toMatch(
    /^https:\/\/chat\.example\.org\/#code=\S{32}\n$/,
  );

  const stranger = { ...env, PORT, TIDINGS_TOKEN: 'another-admin-token-of-the-tests' };
  expect(await tidings(['link'], { cwd, env: stranger })).toMatchObject({
    code: 1,
    printed: '',
    complained: expect.stringMatching(/another admin token .* another data folder/),
  });
  await gateway.end('SIGTERM');
  expect(await tidings(['link'], { cwd, env: { ...env, PORT } })).toMatchObject({
    code: 1,
    printed: '',
    complained: `No gateway answers at ${url}. Start one with tidings start, which prints a link, too; if one runs elsewhere, set PORT and TIDINGS_HOST as for that one.\n`,
  });
  expect(await tidings(['link'], { cwd, env: { TIDINGS_DATA: 'nothing' } })).toMatchObject({
    code: 1,
    complained: expect.stringMatching(/There is no admin token in .*nothing, so no gateway was ever started/),
  });
});
