/** Named tokens of a real gateway: a file beside it that another process changes, damages, opens to others. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/hosts/node/clock.ts';
import { addToken, revokeToken } from '../../src/hosts/node/tokens/issue.ts';
import { namedTokens } from '../../src/hosts/node/tokens/named-tokens.ts';
import { tokenFilePath } from '../../src/hosts/node/tokens/token-file.ts';
import type { Scope } from '../../src/http/scopes.ts';
import { tidings } from '../cli/tidings.ts';
import { makeClient } from '../e2e/client.ts';
import { freshFolder, openHouse, openProcessHouse } from '../e2e/harness.ts';
import { environmentOf } from '../e2e/house-environment.ts';
import { sseReader } from '../http/sse.ts';
import { bearer } from './desk.ts';

function give(folder: string, name: string, scopes: Scope[], owner = name): string {
  return addToken(folder, { name, scopes, owner }, 0).token;
}

describe('beside a gateway that runs', () => {
  test('a token made by another process opens it at once, and revoked in mid-stream shuts its streams and no other', async () => {
    const house = await openProcessHouse({ script: () => ({ text: 'Well.' }) });
    const env = environmentOf(house.simulator, house.data);
    const run = (...args: string[]) => tidings(['token', ...args], { cwd: house.folder, env });
    const made = await run('add', 'phone', '--scopes', 'chat', '--owner', 'ada');
    expect(made).toMatchObject({ code: 0 });
    const phone = made.printed.trim();
    const client = makeClient({ url: () => house.url, token: () => phone });
    const chat = await client.newChat({ id: 'one' });
    expect(await chat.view()).toMatchObject({ owner: 'ada' });
    await chat.say('Hello.');
    await house.client.chat(chat.id).feed().first('turn.ended');
    const other = house.client.chat(chat.id).feed({ after: 'now' });
    const mine = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await fetch(`${house.url}${chat.path('/events?after=0')}`, {
          headers: bearer(phone),
        });
        const reader = sseReader(response);
        await reader.until(() => reader.events.length > 0);
        return reader;
      }),
    );
    // Each ends by itself: nothing happens in the chat that could.
    const ends = mine.map((reader) => reader.start().catch(() => {}));
    expect(await run('revoke', 'phone')).toMatchObject({ code: 0 });
    expect((await client.get('/v1/chats')).status).toBe(401);
    await Promise.all(ends);
    await house.client.chat(chat.id).say('Still there?');
    await other.first('turn.ended');
    expect(other.connections).toBe(1);
    expect(house.gateway.printed).not.toContain(phone);
  });

  test('tokens made and revoked while none runs count from its start, through restarts', async () => {
    const house = await openHouse();
    await house.stop();
    const ada = give(house.data, 'ada', ['read']);
    const bob = give(house.data, 'bob', ['read']);
    revokeToken(house.data, 'bob', 1);
    await house.start();
    const status = async (token: string) =>
      (await makeClient({ url: () => house.url, token: () => token }).get('/v1/chats')).status;
    expect(await status(ada)).toBe(200);
    expect(await status(bob)).toBe(401);
    await house.stop();
    await house.start();
    expect(await status(ada)).toBe(200);
    expect(await status(bob)).toBe(401);
  });
});

describe('a damaged file', () => {
  test('shuts out named tokens with a line in the log, stops nothing else, and is taken again when it is whole', async () => {
    const house = await openProcessHouse({ script: () => ({ text: 'Well.' }) });
    const ada = give(house.data, 'ada', ['chat']);
    const client = makeClient({ url: () => house.url, token: () => ada });
    const chat = await client.newChat();
    const path = tokenFilePath(house.data);
    const whole = readFileSync(path, 'utf8');
    for (const text of [
      whole.slice(0, -20),
      '',
      '\0'.repeat(100),
      '[]',
      whole.replace('"chat"', '"everything"'),
    ]) {
      writeFileSync(path, text);
      expect((await client.get(chat.path())).status).toBe(503);
      expect((await client.get(chat.path())).status).toBe(503);
      expect((await house.client.get(chat.path())).status).toBe(200);
    }
    await house.client.chat(chat.id).say('Go on.');
    const lines = house.gateway.printed.split('\n').filter((line) => line.includes('tokens.json'));
    expect(lines).toHaveLength(5);
    for (const line of lines)
      expect(line).toMatch(/"level":"error".*is damaged.*every named token is refused/);
    writeFileSync(`${path}.aside`, whole, { mode: 0o600 });
    renameSync(`${path}.aside`, path);
    expect((await client.get(chat.path())).status).toBe(200);
    rmSync(path);
    expect((await client.get(chat.path())).status).toBe(401);
    expect(house.gateway.printed).not.toContain(ada);
  });

  test('is told of once, and not again until it changes', () => {
    const folder = freshFolder();
    const told: string[] = [];
    writeFileSync(tokenFilePath(folder), '{', { mode: 0o600 });
    const tokens = namedTokens(folder, { clock: nodeClock, trouble: (words) => told.push(words) });
    expect(told).toHaveLength(1);
    for (let n = 0; n < 5; n++) expect(tokens.all()).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(/tokens\.json is damaged.*it is not JSON/)]);
    writeFileSync(tokenFilePath(folder), '{"version":1,"tokens":[]}');
    expect(tokens.all()).toEqual([]);
    expect(told).toHaveLength(1);
  });

  test('that cannot be read is as good as damaged', () => {
    const folder = freshFolder();
    const told: string[] = [];
    const tokens = namedTokens(folder, { clock: nodeClock, trouble: (words) => told.push(words) });
    expect(tokens.all()).toEqual([]);
    mkdirSync(tokenFilePath(folder), { mode: 0o700 });
    expect(tokens.all()).toBeUndefined();
    expect(told).toEqual([expect.stringContaining("can't be read")]);
  });
});

describe('the file', () => {
  test('belongs to whoever owns the folder, though root may have written it, and is never written through a link', () => {
    const folder = freshFolder();
    const elsewhere = join(freshFolder(), 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, `${tokenFilePath(folder)}.new`);
    if (process.getuid?.() === 0) chownSync(folder, 4321, 4321);
    give(folder, 'ada', ['read']);
    const { uid } = statSync(folder);
    for (const name of ['tokens.json', 'tokens.lock']) expect(statSync(join(folder, name)).uid).toBe(uid);
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect(lstatSync(tokenFilePath(folder)).isFile()).toBe(true);
  });
});

describe('a file that others could open', () => {
  test('is closed, and its user told to look at the list', () => {
    const folder = freshFolder();
    give(folder, 'ada', ['read']);
    const path = tokenFilePath(folder);
    chmodSync(path, 0o666);
    const told: string[] = [];
    const tokens = namedTokens(folder, { clock: nodeClock, trouble: (words) => told.push(words) });
    expect(tokens.all()).toMatchObject([{ name: 'ada' }]);
    expect(tokens.all()).toMatchObject([{ name: 'ada' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(told).toEqual([expect.stringMatching(/mode 0666\); it is 0600 now.*tidings token list/)]);
  });
});

test('whoever waits for a change is told of it without asking, and nothing is looked at once nobody waits', async () => {
  const folder = freshFolder();
  const armed = new Set<object>();
  const clock = {
    after(ms: number, fire: () => void) {
      const timer = {};
      armed.add(timer);
      const cancel = nodeClock.after(ms, () => {
        armed.delete(timer);
        fire();
      });
      return () => {
        armed.delete(timer);
        cancel();
      };
    },
  };
  const tokens = namedTokens(folder, { clock, trouble: () => {} });
  expect(tokens.all()).toEqual([]);
  expect(armed.size).toBe(0);
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    const stop = tokens.watch(() => {
      heard.push('first');
      stop();
      stop();
      resolve();
    });
    const other = tokens.watch(() => {
      heard.push('second');
      other();
    });
    expect(armed.size).toBe(1);
    give(folder, 'ada', ['read']);
  });
  expect(heard).toEqual(['first', 'second']);
  expect(armed.size).toBe(0);
});
