/** No token and no key is printed, whatever is logged: looked for in all that a real gateway says at its loudest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addToken } from '../../src/hosts/node/tokens/issue.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { tidings } from '../cli/tidings.ts';
import { freshFolder } from '../e2e/harness.ts';
import { apiKey, environmentOf } from '../e2e/house-environment.ts';
import { sseReader } from '../http/sse.ts';
import { bearer, chatIn } from './desk.ts';

const admin = 'the-admin-token-of-these-tests';

async function loudGateway() {
  const folder = freshFolder();
  const data = join(folder, 'data');
  // A key that the API refuses: what is wrong with it is logged, and it must not be.
  const simulator = await startSimulator({ script: () => ({ text: 'Well.' }), apiKey: 'another key' });
  const env = environmentOf(simulator, data, { TIDINGS_TOKEN: admin });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'loud-gateway-process.ts')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const closed = once(child, 'close');
  const listens = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const url = /listens on (\S+)/.exec(printed)?.[1];
        if (url) resolve(url);
      });
    }
    void closed.then(() => reject(new Error(`it ended: ${printed}`)));
  });
  const end = async () => {
    child.kill('SIGTERM');
    await closed;
    return printed;
  };
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
    await simulator.close();
  });
  return { folder, data, env, url: await listens, end };
}

test('requests that carry tokens in every place leave none of them in the log, nor in what is kept', async () => {
  const { folder, data, env, url, end } = await loudGateway();
  const { token: ada } = addToken(data, { name: 'ada', scopes: ['chat'] }, 0);
  const { token: lost } = addToken(data, { name: 'lost', scopes: ['read'] }, 0);
  await tidings(['token', 'revoke', 'lost'], { cwd: folder, env });
  const guess = `tid_${'g'.repeat(32)}`;
  const tokens = [admin, ada, lost, guess];
  const secrets = [...tokens, apiKey];
  const json = { 'content-type': 'application/json' };

  const made = await fetch(`${url}/v1/chats`, {
    method: 'POST',
    headers: { ...bearer(ada), ...json },
    body: '{}',
  });
  const chat = chatIn(await made.json()).id;
  const feed = await fetch(`${url}/v1/chats/${chat}/events?after=0`, { headers: bearer(ada) });
  const reader = sseReader(feed);
  await fetch(`${url}/v1/chats/${chat}/messages`, {
    method: 'POST',
    headers: { ...bearer(ada), ...json },
    body: '{"text":"Hello"}',
  });
  // The refusal of the key has been told.
  await reader.until(() => reader.events.some(({ event }) => event === 'turn.ended'));
  const answers = [JSON.stringify(reader.events)];
  for (const token of tokens) {
    for (const headers of [
      bearer(token),
      { authorization: `Basic ${token}` },
      { 'x-api-key': token },
      { cookie: `token=${token}` },
      { ...bearer(admin), 'last-event-id': token },
      { ...bearer(admin), 'x-request-id': token },
      { ...bearer(admin), 'user-agent': token },
      { ...bearer(admin), origin: `http://${token}` },
    ]) {
      for (const path of [
        '/v1/chats',
        `/v1/chats?token=${token}`,
        `/v1/chats?before=${token}`,
        `/v1/chats/${token}`,
        `/v1/chats/${chat}/events?after=${token}`,
        `/v1/chats/${chat}/subagents/${token}`,
        `/${token}`,
      ]) {
        const response = await fetch(`${url}${path}`, { headers });
        if (response.headers.get('content-type') === 'text/event-stream') await response.body?.cancel();
        else answers.push(await response.text());
      }
      const post = await fetch(`${url}/v1/chats/${chat}/messages`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: JSON.stringify({ [token]: 1 }),
      });
      answers.push(await post.text());
    }
  }
  await reader.leave();
  const config = await tidings(['config'], { cwd: folder, env });
  const list = await tidings(['token', 'list'], { cwd: folder, env });
  const printed = await end();
  expect(printed).toMatch(/"level":"(?:info|debug)".*"path":"\/v1\/chats".*answered/);
  expect(printed.match(/answered/g)?.length).toBeGreaterThan(100);
  for (const secret of secrets) {
    const where = secret.slice(0, 8);
    expect(printed.includes(secret), `the log holds ${where}`).toBe(false);
    expect(
      answers.some((text) => text.includes(secret)),
      `an answer holds ${where}`,
    ).toBe(false);
    for (const { printed: shown, complained } of [config, list]) {
      expect(shown.includes(secret) || complained.includes(secret), `a command shows ${where}`).toBe(false);
    }
    for (const file of filesIn(data)) {
      expect(readFileSync(file).includes(secret), `${file} holds ${where}`).toBe(false);
    }
  }
});

test('what lies in the data folder is for its user only', async () => {
  const { data, env, folder, url, end } = await loudGateway();
  await tidings(['token', 'add', 'ada', '--scopes', 'read'], { cwd: folder, env });
  await fetch(`${url}/v1/chats`, {
    method: 'POST',
    headers: { ...bearer(admin), 'content-type': 'application/json' },
    body: '{}',
  });
  const running = modesIn(data);
  await end();
  for (const modes of [running, modesIn(data)]) {
    expect(Object.keys(modes).length).toBeGreaterThan(3);
    for (const [path, mode] of Object.entries(modes)) expect(mode & 0o077, path).toBe(0);
  }
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}

/** By path, the folder itself among them. What is below a folder that is shut is shut. */
function modesIn(folder: string): Record<string, number> {
  const top = readdirSync(folder).map((name) => join(folder, name));
  return Object.fromEntries([folder, ...top].map((path) => [path, statSync(path).mode & 0o777]));
}
