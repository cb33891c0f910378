/** The protocol's conformance suite against /mcp, on any host: it passes for all that the server offers. */
import { expect, test } from 'vitest';
import { conformance, revisions } from '../mcp/conformance.ts';
import { tokenProxy } from '../mcp/token-proxy.ts';
import { openHouse } from './harness.ts';

test('what the server offers is as each revision of the protocol requires it', async () => {
  const house = await openHouse();
  const proxy = await tokenProxy(house.url, house.token);
  // One after the other: the suite has patience of its own, for some answers less than a second.
  for (const revision of revisions) {
    const { code, summary } = await conformance(`${proxy}/mcp`, revision);
    expect(code, summary).toBe(0);
  }
});
