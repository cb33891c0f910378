/** Whoever tries wrong tokens on the Worker is made to wait, and nobody else is. */
import { expect, test } from 'vitest';
import { bearer, giveToken, openWorkerHouse } from './worker-house.ts';

const from = (address: string) => ({ 'cf-connecting-ip': address });

test('wrong tokens from one address shut out nobody at another', async () => {
  const house = await openWorkerHouse(() => ({ text: 'Well.' }));
  const ada = bearer(await giveToken(house, 'ada', ['read']));
  const guess = async () => {
    const wrong = { ...bearer('a-wrong-token-of-these-tests'), ...from('203.0.113.1') };
    return (await house.get('/v1/chats', wrong)).status;
  };
  const began = performance.now();
  expect(await Promise.all(Array.from({ length: 30 }, guess))).toEqual(Array(30).fill(401));
  // One more may come with each second that passes.
  let more = 0;
  while ((await guess()) === 401) more += 1;
  expect(more).toBeLessThanOrEqual((performance.now() - began) / 1_000);
  const right = async () => {
    while ((await guess()) !== 429);
    return house.get('/v1/chats', from('203.0.113.1'));
  };
  await expect.poll(right).toMatchObject({ status: 429, body: { type: '/docs#too-many-attempts' } });
  for (const address of ['203.0.113.2', '2001:db8::1']) {
    expect((await house.get('/v1/chats', from(address))).status, address).toBe(200);
    expect((await house.get('/v1/chats', { ...ada, ...from(address) })).status, address).toBe(200);
  }
});
