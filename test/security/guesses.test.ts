/** Who guesses tokens is slowed down before anything is compared, and takes nothing from those who have one. */
import { describe, expect, test } from 'vitest';
import type { AppPorts } from '../../src/http/ports.ts';
import { HOST, TOKEN } from '../http/door.ts';
import { bearer, openDeskDoor } from './desk.ts';

const clientOf: NonNullable<AppPorts['clientOf']> = (env) =>
  typeof env === 'object' && env !== null && 'client' in env ? String(env.client) : undefined;

function flooded() {
  const door = openDeskDoor({ ports: { clientOf } });
  const from = async (client: string, token: string, headers: Record<string, string> = {}) =>
    (
      await door.app.request(
        new Request('http://x/v1/chats', { headers: { host: HOST, ...bearer(token), ...headers } }),
        undefined,
        { client },
      )
    ).status;
  return { door, from };
}

describe('a flood of wrong tokens', () => {
  test('is no longer compared after thirty, not even with a right one among them', async () => {
    const { door, from } = flooded();
    const token = door.desk.give('ada', ['read']);
    const statuses = [];
    for (let n = 0; n < 1_000; n++) statuses.push(await from('mallory', `tid_${n}`));
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(401));
    expect(new Set(statuses.slice(30))).toEqual(new Set([429]));
    expect(await from('mallory', token)).toBe(429);
    expect(await from('mallory', TOKEN)).toBe(429);
    expect(await from('ada', token)).toBe(200);
    door.clock.advance(1_000);
    expect(await from('mallory', token)).toBe(200);
  });

  test('from a thousand addresses keeps no more than is needed to slow each down', async () => {
    const { door, from } = flooded();
    const token = door.desk.give('ada', ['read']);
    for (let n = 0; n < 3_000; n++) expect(await from(`bot${n}`, 'guess')).toBe(401);
    for (let n = 0; n < 31; n++) await from('last', 'guess');
    expect(await from('last', token)).toBe(429);
    expect(await from('ada', token)).toBe(200);
  });

  test('cannot change its address by a header', async () => {
    const { from } = flooded();
    const statuses = [];
    for (let n = 0; n < 40; n++) {
      const address = `10.0.0.${n}`;
      statuses.push(
        await from('mallory', 'guess', {
          'x-forwarded-for': address,
          'x-real-ip': address,
          'cf-connecting-ip': address,
          forwarded: `for=${address}`,
        }),
      );
    }
    expect(statuses.slice(30)).toEqual(Array(10).fill(429));
  });
});

describe('a token that was revoked', () => {
  test('is no guess: many who lost theirs shut out nobody beside them', async () => {
    const { door, from } = flooded();
    const lost = door.desk.give('lost', ['read']);
    door.desk.revoke('lost');
    for (let n = 0; n < 200; n++) expect(await from('office', lost)).toBe(401);
    expect(await from('office', TOKEN)).toBe(200);
  });
});

describe('tokens that the host cannot read', () => {
  test('are refused, and neither the admin token nor the count of guesses suffers', async () => {
    const { door, from } = flooded();
    const token = door.desk.give('ada', ['chat']);
    door.desk.damage();
    for (let n = 0; n < 100; n++) expect(await from('office', token)).toBe(503);
    expect(await door.get('/v1/chats', bearer(token))).toMatchObject({
      status: 503,
      body: { type: '/docs#unavailable', detail: expect.stringContaining('named tokens') },
    });
    expect(await from('office', TOKEN)).toBe(200);
    // Anything else is a guess, as ever.
    for (let n = 0; n < 31; n++) await from('mallory', 'guess');
    expect(await from('mallory', TOKEN)).toBe(429);
  });
});
