/**
 * Whether a tool call may run: the rules of the configuration, put to all that the call is going to do. Owns which
 * rule wins and the words for it. Never runs anything, and never knows who answers when somebody is to be asked.
 */
import type { TrustLevel } from '../core/card.ts';
import { type Deed, deedsOf, type JudgedCall } from './deeds.ts';
import { type Matcher, matcherOf } from './matcher.ts';
import { ruleOf, sessionTools, type TrustSettings } from './rules.ts';

export type { JudgedCall } from './deeds.ts';

/** `because` completes a sentence for models and people; `person`: only a person may allow it. */
export type Verdict =
  | { readonly is: 'run' }
  | { readonly is: 'ask'; readonly because: string; readonly person: boolean }
  | { readonly is: 'deny'; readonly because: string };

export type Judge = (call: JudgedCall, level: TrustLevel) => Verdict;

/**
 * At the level `auto` what no rule denies or asks about runs; at `ask` and `plan` only what the rules allow, and what
 * reads in the session's own places.
 *
 * @throws when a rule isn't one: the schema checks the configuration before.
 */
export function makeJudge(settings: Pick<TrustSettings, 'allow' | 'ask' | 'deny'>): Judge {
  const allow = settings.allow.map(ready);
  const ask = settings.ask.map(ready);
  const deny = settings.deny.map(ready);

  /** What the rules that deny and ask make of it; undefined: nothing. */
  function guarded(call: JudgedCall, deeds: readonly Deed[]): Verdict | undefined {
    const denied = caught('deny', deny, call, deeds);
    if (denied?.sure) return { is: 'deny', because: denied.because };
    const asked = caught('ask', ask, call, deeds);
    const because = (asked?.sure ? asked : (denied ?? asked))?.because;
    return because === undefined ? undefined : { is: 'ask', because, person: true };
  }

  function allowed(call: JudgedCall, deed: Deed): boolean {
    // What passes hands on to a deed that is judged by itself.
    if (deed.is === 'command' && deed.passes) return true;
    return allow.some((matcher) => isWhole(matcher, call) || matcher.allows(deed));
  }

  return (call, level) => {
    if (sessionTools.has(call.name)) return { is: 'run' };
    if (level === 'auto' && ask.length === 0 && deny.length === 0) return { is: 'run' };
    const deeds = deedsOf(call);
    const guard = guarded(call, deeds);
    if (guard !== undefined) return guard;
    // Reading in the session's own places needs nobody's permission; the web is not one of them.
    if (level === 'auto' || (call.readOnly && call.name !== 'web_fetch')) return { is: 'run' };
    const open = deeds.find((deed) => !allowed(call, deed));
    return open === undefined ? { is: 'run' } : { is: 'ask', because: whyNot(open), person: false };
  };
}

const ready = (text: string): Matcher => matcherOf(ruleOf(text));

/** Whether a rule speaks of the whole call, whatever it does. */
function isWhole({ rule }: Matcher, call: JudgedCall): boolean {
  return rule.pattern === undefined && rule.tool === call.name;
}

/** The first rule of a list that means the call, or a deed of it; a sure one before one that only may. */
function caught(
  list: 'deny' | 'ask',
  matchers: readonly Matcher[],
  call: JudgedCall,
  deeds: readonly Deed[],
): { readonly sure: boolean; readonly because: string } | undefined {
  let perhaps: string | undefined;
  for (const matcher of matchers) {
    const name = `the rule ${list}: ${matcher.rule.text}`;
    if (isWhole(matcher, call)) return { sure: true, because: `${name} matches every call of ${call.name}` };
    for (const deed of deeds) {
      if (deed.is === 'opaque') {
        const near = matcher.rule.tool === 'bash' || matcher.rule.tool === 'write';
        if (near) perhaps ??= `${deed.because}, and ${name} may match it`;
        continue;
      }
      const matches = matcher.catches(deed);
      if (matches === 'yes') return { sure: true, because: `${name} matches ${deed.shown}` };
      if (matches === 'maybe') perhaps ??= `${name} may match ${deed.shown}`;
    }
  }
  return perhaps === undefined ? undefined : { sure: false, because: perhaps };
}

/** Why a deed is not allowed. */
function whyNot(deed: Deed): string {
  switch (deed.is) {
    case 'opaque':
      return deed.because;
    case 'setting':
      return `${deed.shown} may change what the other commands do, so no rule can allow it`;
    case 'command':
      return deed.redefined
        ? `the command itself gives the name in ${deed.shown} another meaning, so no rule can allow it`
        : `no rule allows ${deed.shown}`;
    case 'file':
    case 'page':
    case 'worktrees':
    case 'other':
      return `no rule allows ${deed.shown}`;
    default: {
      const never: never = deed;
      throw new TypeError(`No such deed: ${JSON.stringify(never)}`);
    }
  }
}
