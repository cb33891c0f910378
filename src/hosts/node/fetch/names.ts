/** Owns how a host's name becomes addresses: asked once, all of them checked. Opens no connection. */
import { lookup } from 'node:dns/promises';
import type { FetchPolicy } from '../../../tools/fetch-policy.ts';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}
/** All addresses of a name. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>;

export const systemLookup: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });

export type Resolved =
  | { readonly ok: true; readonly addresses: readonly HostAddress[] }
  | { readonly ok: false; readonly message: string };

/** The addresses that may be connected to. One that may not is enough to refuse the name. */
export async function resolve(policy: FetchPolicy, host: string, look: Lookup): Promise<Resolved> {
  let addresses: readonly HostAddress[];
  try {
    addresses = await look(host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { ok: false, message: `the name ${host} leads nowhere${code}` };
  }
  if (addresses.length === 0) return { ok: false, message: `the name ${host} leads nowhere` };
  for (const { address } of addresses) {
    const verdict = policy.address(host, address);
    if (!verdict.ok) return verdict;
  }
  return { ok: true, addresses };
}
