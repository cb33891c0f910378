/** A gateway behind its door on a socket, with a way to it that can fail, and a client that goes this way. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import { makeClient } from '../../src/client/index.ts';
import { type Door, HOST, type Listening, listen, openDoor, TOKEN } from '../http/door.ts';
import { openProxy, type UncertainWay } from './proxy.ts';

export interface Setting {
  readonly door: Door;
  readonly proxy: UncertainWay;
  readonly client: Client;
  /** The token that the gateway knows; set anew, the old one is revoked. */
  token: string;
}

/** One for all tests of a file; the way is open again for each. */
export function shareSetting(): Setting {
  let door: Door | undefined;
  let listening: Listening | undefined;
  let proxy: UncertainWay | undefined;
  const there = <One>(one: One | undefined): One => {
    if (one === undefined) throw new Error('the setting is there once the tests run');
    return one;
  };
  const setting: Setting = {
    token: TOKEN,
    get door() {
      return there(door);
    },
    get proxy() {
      return there(proxy);
    },
    get client() {
      return makeClient({ url: there(proxy).url, token: TOKEN });
    },
  };
  beforeAll(async () => {
    const way = await openProxy(() => listening?.port ?? 0);
    proxy = way;
    door = openDoor({
      ports: {
        token: () => setting.token,
        allowed: () => ({ hosts: [way.host, HOST, 'localhost:8787'], origins: [] }),
      },
    });
    listening = await listen(door.app);
  });
  afterEach(() => {
    setting.token = TOKEN;
    if (proxy) proxy.way = 'open';
  });
  afterAll(async () => {
    await proxy?.close();
    await listening?.close();
  });
  return setting;
}
