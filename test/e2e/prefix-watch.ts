/**
 * Watches a simulator's requests for the one thing that no single request shows: that each begins with the one
 * before it of the same session, cache marks aside. Judges nothing else.
 */
import { createHash } from 'node:crypto';
import type { ParsedRequest } from '../../src/simulator/request.ts';

export interface PrefixWatch {
  /** To be called with each request, in the order of their arrival. */
  see(request: ParsedRequest): void;
  /** What was wrong, in words; empty is right. */
  readonly breaches: readonly string[];
  /** How many sessions were told apart. */
  readonly sessions: number;
}

/** How the gateway asks for a summary, and what stands in the place of words that the API refused. */
const aside = 'This conversation is getting long for your window.';
const leftOut = 'was left out: the model API refused it twice';

/** A session is known by its system prompt, its tools and its first message: tests give each its own words. */
export function makePrefixWatch(): PrefixWatch {
  const latest = new Map<string, { index: number; messages: readonly string[] }>();
  const breaches: string[] = [];
  return {
    breaches,
    get sessions() {
      return latest.size;
    },
    see({ index, body, lastUserText }) {
      // A summary is asked for beside the conversation, which goes on as it was.
      if (lastUserText.includes(aside)) return;
      // How long an answer may be changes with the money there is.
      const { messages, stream: _, max_tokens: __, ...rest } = body;
      const hashes = Array.isArray(messages) ? messages.map(digest) : [];
      const session = digest([rest, hashes[0]]);
      const before = latest.get(session);
      latest.set(session, { index, messages: hashes });
      if (!before) return;
      const changed = before.messages.findIndex((hash, at) => hashes[at] !== hash);
      if (changed < 0 || JSON.stringify(messages).includes(leftOut)) return;
      breaches.push(
        `request ${index} differs from request ${before.index} of the same session at message ${changed}`,
      );
    },
  };
}

function digest(value: unknown): string {
  const text = JSON.stringify(value, (key, part: unknown) => (key === 'cache_control' ? undefined : part));
  return createHash('sha256').update(text).digest('base64');
}
