/** Owns what of a session decides which tools it has and how far it may go with them; read off its state. */
import type { Rules } from '../core/commands.ts';
import * as policy from '../core/policy.ts';
import type { Session } from '../core/session.ts';
import type { ToolCaller } from './toolset.ts';

export function callerOf(session: Session, rules: Rules): ToolCaller {
  const { spec } = session;
  const resultSchema = spec?.doneWhen?.resultSchema;
  return {
    kind: session.kind,
    role: spec?.role ?? 'worker',
    mayDelegate: policy.mayDelegate(policy.depthOf(session), rules),
    trust: policy.trustOf(session, rules),
    plans: spec?.trust === 'plan',
    submits: resultSchema !== undefined,
    ...(resultSchema ? { resultSchema } : {}),
  };
}
