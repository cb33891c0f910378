/** Whoever tries wrong tokens on the Worker is made to wait, and nobody else is. */
import { expect, test } from 'vitest';
import { bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const from = (address: string) => ({ 'cf-connecting-ip': address });

test('wrong tokens from one address shut out nobody at another', async () => {
  const house = await openWorkerHouse(() => ({ text: 'Well.' }));
  const ada = bearer(await giveToken(house, 'ada', ['read']));
  const statuses: number[] = [];
  for (let n = 1; n <= 40; n += 1) {
    const guess = { ...bearer(`a-wrong-token-${n}`), ...from('203.0.113.1') };
    statuses.push((await house.get('/v1/chats', guess)).status);
  }
  expect(statuses).toEqual([...Array(30).fill(401), ...Array(10).fill(429)]);
  expect(await house.get('/v1/chats', from('203.0.113.1'))).toMatchObject({
    status: 429,
    body: { type: '/docs#too-many-attempts' },
  });
  for (const address of ['203.0.113.2', '2001:db8::1']) {
    expect((await house.get('/v1/chats', from(address))).status, address).toBe(200);
    expect((await house.get('/v1/chats', { ...ada, ...from(address) })).status, address).toBe(200);
  }
});
