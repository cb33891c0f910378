/**
 * Who can reach the gateway under which names: loopback or not, and the Host and Origin values that requests
 * may carry. Never opens a socket and never looks a name up.
 */
import { ipVersion } from './ip.ts';

interface Address {
  readonly host: string;
  readonly publicUrl?: string;
}

/** Whether only this machine can reach a listener on `host`. A name other than `localhost` is never trusted. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  if (ipVersion(host) === 4) return host.startsWith('127.');
  // The WHATWG form is canonical: 0:0:0:0:0:0:0:1 becomes ::1, ::ffff:127.0.0.1 becomes ::ffff:7f00:1.
  if (ipVersion(host) !== 6) return false;
  const canonical = new URL(`http://[${host}]`).hostname;
  return canonical === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(canonical);
}

/** Whether a listener on `host` takes connections on every address of the machine. */
export function isWildcard(host: string): boolean {
  if (ipVersion(host) === 4) return host === '0.0.0.0';
  return ipVersion(host) === 6 && new URL(`http://[${host}]`).hostname === '[::]';
}

/** The values of the `Host` and `Origin` headers that are let in, in lower case. */
export interface AllowLists {
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
}

/** The names that only this machine reaches, as they stand in a URL. */
export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * What is let in where the gateway listens by itself: loopback names and the bound host, with the port that is
 * listened on (the real one, where 0 was asked for), and the public URL's.
 */
export function allowLists({ host, publicUrl }: Address, port: number): AllowLists {
  const names = new Set(loopbackNames);
  if (!isWildcard(host)) names.add(inUrl(host));
  const addresses = [...names].map((name) => `http://${name}:${port}`);
  return listsOf(publicUrl === undefined ? addresses : [...addresses, publicUrl]);
}

/** What requests may carry that come to one of these addresses (`https://chat.example.org`). */
export function listsOf(addresses: readonly string[]): AllowLists {
  const hosts = new Set<string>();
  const origins = new Set<string>();
  for (const address of addresses) {
    const url = new URL(address);
    origins.add(url.origin);
    hosts.add(url.host);
    // Browsers leave a scheme's own port out, other clients may write it.
    if (url.port === '') hosts.add(`${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`);
  }
  return { hosts: [...hosts], origins: [...origins] };
}

/** Where people find the gateway: its public URL, else the address it listens on. */
export function gatewayUrl({ host, publicUrl }: Address, port: number): string {
  if (publicUrl !== undefined) return publicUrl;
  return new URL(`http://${isWildcard(host) ? '127.0.0.1' : inUrl(host)}:${port}`).origin;
}

function inUrl(host: string): string {
  return ipVersion(host) === 6 ? `[${host}]` : host;
}
