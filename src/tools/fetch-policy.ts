/**
 * Owns which addresses of the web may be asked: of a URL by its looks, of an address that its name led to by what
 * kind of address it is. Needs no host: never resolves a name and never opens a connection.
 */
import ipaddr from 'ipaddr.js';

/**
 * Exceptions. An entry is a host name (`docs.example.org`), all names below one (`*.example.org`), an IP address or
 * a range of them (`10.1.0.0/16`). What is refused is refused even if it is allowed as well.
 */
export interface FetchRules {
  readonly allow: readonly string[];
  readonly refuse: readonly string[];
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly message: string };
export type CheckedUrl =
  | { readonly ok: true; readonly url: URL /** Without brackets and final dot. */; readonly host: string }
  | { readonly ok: false; readonly message: string };

export interface FetchPolicy {
  /** Whether a URL may be asked, as far as that shows without its addresses. `base`: what it is relative to. */
  url(text: string, base?: URL): CheckedUrl;
  /** Whether an address may be connected to, given the host whose address it is. */
  address(host: string, address: string): Verdict;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Entry =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'below'; readonly suffix: string }
  | { readonly kind: 'range'; readonly range: [Address, number] };

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Whether a text can stand in a list of exceptions. */
export function isFetchRule(text: string): boolean {
  return entryOf(text) !== undefined;
}

function entryOf(text: string): Entry | undefined {
  const entry = text.toLowerCase();
  if (ipaddr.isValidCIDR(entry)) {
    const [address, bits] = ipaddr.parseCIDR(entry);
    // A range of mapped addresses is the range of what they stand for.
    if (address.kind() === 'ipv6' && isMapped(address) && bits >= 96)
      return { kind: 'range', range: [plain(address), bits - 96] };
    return { kind: 'range', range: [address, bits] };
  }
  const bare = entry.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.IPv6.isValid(bare) || ipaddr.IPv4.isValidFourPartDecimal(bare)) {
    const address = plain(ipaddr.parse(bare));
    return { kind: 'range', range: [address, address.kind() === 'ipv4' ? 32 : 128] };
  }
  if (entry.startsWith('*.')) {
    return hostName.test(entry.slice(2)) ? { kind: 'below', suffix: entry.slice(1) } : undefined;
  }
  // What ends in a number would be read as an address in a URL.
  return hostName.test(entry) && !/(^|\.)(0x[0-9a-f]*|\d+)$/.test(entry)
    ? { kind: 'host', host: entry }
    : undefined;
}

/** Names that lead to the machine itself, its network or its cloud's secrets, whatever they resolve to. */
const innerNames = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain)$/;
/** A service of a cloud at an address that looks public. */
const innerAddresses: [Address, number][] = [ipaddr.parseCIDR('168.63.129.16/32')];
const globalIpv6 = ipaddr.parseCIDR('2000::/3');
const nat64 = ipaddr.parseCIDR('64:ff9b::/96');

/** @throws when an entry isn't one: a host checks its configuration before. */
export function makeFetchPolicy(rules: FetchRules): FetchPolicy {
  const [allow, refuse] = [entriesOf(rules.allow), entriesOf(rules.refuse)];

  function address(host: string, text: string): Verdict {
    if (!ipaddr.isValid(text)) return no(`${text} is not an address`);
    const found = plain(ipaddr.parse(text));
    const shown = host === text || `[${text}]` === host ? text : `${host} (${text})`;
    if (hasHost(refuse, host) || hasAddress(refuse, found))
      return no(`${shown} is refused by the configuration`);
    if (hasAddress(allow, found)) return { ok: true };
    const kind = kindOf(found);
    if (kind === undefined) return { ok: true };
    // A name that was allowed must not open the machine's own network links and what clouds keep there.
    if (hasHost(allow, host) && kind !== 'linkLocal') return { ok: true };
    return no(
      `${shown} is not an address of the public internet (${kind}). A person can allow it in the configuration: fetch.allow`,
    );
  }

  return {
    address,
    url(text, base) {
      const url = URL.parse(text, base);
      if (url === null) return no(`${JSON.stringify(text.slice(0, 200))} is not an address of the web`);
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        return no(`only http and https are fetched, not ${url.protocol}`);
      if (url.username !== '' || url.password !== '')
        return no('an address with a user name or password is not fetched');
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
      if (host === '') return no('the address names no host');
      url.hash = '';
      if (hasHost(refuse, host)) return no(`${host} is refused by the configuration`);
      if (ipaddr.isValid(host)) {
        const verdict = address(host, host);
        if (!verdict.ok) return verdict;
        if (hasAddress(allow, plain(ipaddr.parse(host)))) return { ok: true, url, host };
      } else if (hasHost(allow, host)) {
        return { ok: true, url, host };
      } else if (!host.includes('.') || innerNames.test(host)) {
        return no(
          `${host} is a name of a private network. A person can allow it in the configuration: fetch.allow`,
        );
      }
      const port = url.port === '' ? undefined : Number(url.port);
      if (port !== undefined && port < 1024 && port !== 80 && port !== 443) {
        return no(`port ${port} is not one of the web (80, 443, and those from 1024 up)`);
      }
      return { ok: true, url, host };
    },
  };
}

function entriesOf(texts: readonly string[]): Entry[] {
  return texts.map((text) => {
    const entry = entryOf(text);
    if (entry === undefined)
      throw new Error(`${JSON.stringify(text)} is neither a host, an address nor a range.`);
    return entry;
  });
}

function hasHost(entries: readonly Entry[], host: string): boolean {
  return entries.some(
    (entry) =>
      (entry.kind === 'host' && entry.host === host) ||
      (entry.kind === 'below' && host.endsWith(entry.suffix)),
  );
}

function hasAddress(entries: readonly Entry[], address: Address): boolean {
  return entries.some((entry) => entry.kind === 'range' && isWithin(address, entry.range));
}

function isWithin(address: Address, [start, bits]: [Address, number]): boolean {
  return address.kind() === start.kind() && address.match([start, bits]);
}

/** What kind of special address it is; undefined for one of the public internet. */
function kindOf(address: Address): string | undefined {
  if (innerAddresses.some((range) => isWithin(address, range))) return 'linkLocal';
  if (address.kind() === 'ipv6') {
    // Networks without IPv4 reach the rest of the internet through such addresses.
    if (isWithin(address, nat64)) return kindOf(embedded(address));
    if (!isWithin(address, globalIpv6) && address.range() === 'unicast') return 'reserved';
  }
  const range: string = address.range();
  return range === 'unicast' ? undefined : range;
}

/** The IPv4 address that a mapped one stands for; any other as it is. */
function plain(address: Address): Address {
  return address.kind() === 'ipv6' && isMapped(address) ? embedded(address) : address;
}

function isMapped(address: Address): boolean {
  const bytes = address.toByteArray();
  return (
    bytes.length === 16 &&
    bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255
  );
}

function embedded(address: Address): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function no(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
