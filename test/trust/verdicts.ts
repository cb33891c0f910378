/** How the tests of trust ask: one call, a few rules, a verdict. */
import type { TrustLevel } from '../../src/core/card.ts';
import { makeJudge, type Verdict } from '../../src/trust/judge.ts';

interface Rules {
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
}

export function judge(
  { allow = [], ask = [], deny = [] }: Rules,
  name: string,
  input: { readonly [key: string]: string },
  level: TrustLevel = 'ask',
  workspace?: string,
): Verdict {
  const readOnly = ['read', 'glob', 'grep', 'web_fetch'].includes(name);
  const call = { name, input, readOnly, ...(workspace === undefined ? {} : { workspace }) };
  return makeJudge({ allow: [...allow], ask: [...ask], deny: [...deny] })(call, level);
}

/** What becomes of a command where only what these rules allow runs. */
export function allowed(command: string, ...allow: readonly string[]): Verdict['is'] {
  return judge({ allow: allow.map(rule) }, 'bash', { command }).is;
}

/** What becomes of a command where all runs but what these rules deny. */
export function denied(command: string, ...deny: readonly string[]): Verdict['is'] {
  return judge({ deny: deny.map(rule) }, 'bash', { command }, 'auto').is;
}

const rule = (pattern: string): string => (/^[a-z_]+\(/.test(pattern) ? pattern : `bash(${pattern})`);
