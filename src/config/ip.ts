/** What counts as an IP address where a host is written. Never parses one for its value. */
import ipaddr from 'ipaddr.js';

/**
 * The version of the IP address that a text is, 0 if it is none. One with a zone (`fe80::1%eth0`) is none here:
 * it can't stand in a URL.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return 4;
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return 0;
  // The IPv4 address that one may end in is written as strictly as one that stands alone.
  const end = text.slice(text.lastIndexOf(':') + 1);
  return !end.includes('.') || ipaddr.IPv4.isValidFourPartDecimal(end) ? 6 : 0;
}
