/** The protocol's conformance suite against /mcp, on any host: it passes for all that the server offers. */
import { expect, test } from 'vitest';
import { conformance, revisions } from '../mcp/conformance.ts';
import { tokenProxy } from '../mcp/token-proxy.ts';
import { openHouse } from './harness.ts';

test('what the server offers is as each revision of the protocol requires it', async () => {
  const house = await openHouse();
  const proxy = await tokenProxy(house.url, house.token);
  const verdicts = await Promise.all(revisions.map((revision) => conformance(`${proxy}/mcp`, revision)));
  for (const { code, summary } of verdicts) expect(code, summary).toBe(0);
});
