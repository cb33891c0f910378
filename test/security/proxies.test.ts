/** Nearness is no right: neither a loopback connection nor a header of a proxy stands for a token. */
import { expect, test } from 'vitest';
import { openHouse } from '../e2e/harness.ts';
import { openDoor } from '../http/door.ts';
import { routeTable } from './desk.ts';

const near = ['127.0.0.1', '::1', 'localhost', '::ffff:127.0.0.1', 'unknown', '127.0.0.1, 203.0.113.9'];

test('a request from this machine, or that says so, needs a token like any other', async () => {
  const house = await openHouse();
  const guarded = (await routeTable(openDoor())).filter(({ scope }) => scope !== undefined);
  for (const { method, path } of guarded) {
    for (const address of near) {
      const response = await fetch(
        `${house.url}${path.replace('{chat}', 'chat_x').replace('{target}', 'a')}`,
        {
          method,
          headers: {
            'x-forwarded-for': address,
            'x-real-ip': address,
            'x-forwarded-host': 'localhost',
            'x-forwarded-user': 'admin',
            'x-remote-user': 'admin',
            'remote-user': 'admin',
            'tailscale-user-login': 'admin',
            forwarded: `for="${address}"`,
          },
        },
      );
      expect(response.status, `${method} ${path} as ${address}`).toBe(401);
      await response.body?.cancel();
    }
  }
});
