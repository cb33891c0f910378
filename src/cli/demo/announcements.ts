/** Reads the fenced notes that the gateway puts into a request. Never makes one. */

export interface Announcement {
  readonly nonce: string;
  readonly label: string;
  readonly status: string;
  /** Branch, commits and files in words; absent without a repository. */
  readonly workspace?: string;
  /** What was checked before it was believed; absent if nothing was. */
  readonly verified?: string;
}

const opening = /<subagent-announcement ([^>]*)>/g;
const steers = /<steer from="[^"]*">\n([\s\S]*?)\n<\/steer>/g;

/** The announcements whose opening tags stand in a text, in order. */
export function announcementsIn(text: string): Announcement[] {
  return [...text.matchAll(opening)].map(([, attributes = '']) => {
    const read = (name: string): string | undefined =>
      new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
    const workspace = read('workspace');
    const verified = read('verified');
    return {
      nonce: read('nonce') ?? '',
      label: read('label') ?? '',
      status: read('status') ?? '',
      ...(workspace === undefined ? {} : { workspace }),
      ...(verified === undefined ? {} : { verified }),
    };
  });
}

/** The words of the steers in a text, in order. */
export function steersIn(text: string): string[] {
  return [...text.matchAll(steers)].map(([, words = '']) => words);
}
