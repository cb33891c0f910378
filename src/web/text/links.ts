/** Where a link of a text may lead: to pages and mail addresses, and nowhere that runs something. */

const allowed: ReadonlySet<string> = new Set(['https:', 'http:', 'mailto:']);

/**
 * The address that a link may have; undefined: none. What has no scheme is refused too, since on this page it would
 * lead to the gateway itself.
 */
export function safeHref(href: string): string | undefined {
  let url: URL;
  try {
    // Reads it as the browser will: control characters and white space inside a scheme are gone before it is looked at.
    url = new URL(href.trim());
  } catch {
    return undefined;
  }
  if (!allowed.has(url.protocol)) return undefined;
  // Names before an @ make an address look like another one's.
  if (url.username !== '' || url.password !== '') return undefined;
  return url.href;
}
