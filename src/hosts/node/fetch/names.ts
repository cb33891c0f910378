/** Owns how a host's name becomes addresses, all of them, asked once. Checks none, and opens no connection. */
import { lookup } from 'node:dns/promises';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}
/** All addresses of a name. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>;

export const systemLookup: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });
