/**
 * What a session asks of those above it, and waits for: a request stands with the call that made it until it is
 * answered or withdrawn. Owns the asker's side; who may answer, and how, is the business of `input-answers.ts`.
 */
import type { InputNews, InputRequest } from './card.ts';
import type { Refusal } from './commands.ts';
import { cardOf, tellParent } from './delegation.ts';
import type { Draft } from './draft.ts';
import { requestId } from './ids.ts';
import { awaitsPermission, type Call, openRequests } from './session.ts';

/** Characters of a question: all of it is shown to whoever may answer. */
export const QUESTION_CHARS = 4_000;

/** Requests that one step may leave open: more of them would be a form to fill in, not a question. */
export const MAX_OPEN_REQUESTS = 4;

/** Asks, and leaves the call open until there is an answer. */
export function requestInput(d: Draft, call: string, asked: Omit<InputRequest, 'id'>): Refusal | undefined {
  const { state } = d;
  if (openRequests(state).length >= MAX_OPEN_REQUESTS) {
    return {
      kind: 'limit',
      message: `${MAX_OPEN_REQUESTS} of your questions are open already; put what belongs together into one`,
    };
  }
  const request: InputRequest = { id: requestId(state.id, state.asked + 1), ...asked };
  d.add({ type: 'input.requested', call, request });
  tell(d, 'asked', { request });
  if (!state.spec) tellPeople(d, 'The assistant', request);
  return undefined;
}

/** Asks for what the step's calls must be allowed, in their order and as many at a time as may be open. */
export function askPermissions(d: Draft): void {
  for (const call of d.state.step?.calls ?? []) {
    if (!awaitsPermission(call) || call.request || !call.permission) continue;
    if (requestInput(d, call.key, { kind: 'permission', ...call.permission })) return;
  }
}

const asksFor: Record<InputRequest['kind'], string> = {
  permission: 'asks for permission',
  question: 'asks',
  plan: 'hands in its plan for approval',
};

/** People read at once, without a model's help, that somebody waits for them. */
export function tellPeople(d: Draft, who: string, { id, kind, title }: InputRequest): void {
  const how = kind === 'question' ? 'an answer' : 'allow or deny';
  const text = `${who} ${asksFor[kind]}: ${title}\nIt waits for ${how} (request ${id}).`;
  d.add({ type: 'notice', level: 'info', text });
}

/** A call that ends without its answer no longer asks. */
export function withdraw(d: Draft, { key, request }: Call): void {
  if (!request) return;
  d.add({ type: 'input.withdrawn', call: key, request });
  tell(d, 'answered', { request, outcome: 'withdrawn' });
}

/** Tells all above what became of a request. How the session stands since then is told by itself. */
export function tell(d: Draft, change: 'asked' | 'answered', input: InputNews): void {
  if (d.state.spec) tellParent(d, change, cardOf(d.state), { input });
}
