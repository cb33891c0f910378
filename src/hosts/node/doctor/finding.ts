/** What a look at one part of the installation found. Owns the shape, and that no secret gets out in it. */

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** `problem`: the gateway can't do its work as it is. `warning`: it can, with a drawback. */
  readonly status: 'ok' | 'warning' | 'problem';
  /** What was found. */
  readonly found: string;
  /** What to do about it; always there unless all is well. */
  readonly todo?: string;
}

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found };
}

export function warning(check: string, found: string, todo: string): Finding {
  return { check, status: 'warning', found, todo };
}

export function problem(check: string, found: string, todo: string): Finding {
  return { check, status: 'problem', found, todo };
}

/** The finding fit for a terminal: one line each, and `(hidden)` wherever one of the secrets stood. */
export function clean(finding: Finding, secrets: readonly string[]): Finding {
  const text = (words: string): string =>
    secrets
      .filter((secret) => secret.length >= 4)
      .sort((a, b) => b.length - a.length)
      .reduce((kept, secret) => kept.replaceAll(secret, '(hidden)'), words)
      .replace(/\s+/g, ' ')
      .replace(/\p{Cc}/gu, '?')
      .trim();
  return {
    ...finding,
    found: text(finding.found),
    ...(finding.todo === undefined ? {} : { todo: text(finding.todo) }),
  };
}
