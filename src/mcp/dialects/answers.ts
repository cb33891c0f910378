/**
 * What a text that a client sends to a session comes to: the answer to what the session asks, or words that its next
 * step reads. Owns how yes and no are read. A text that says neither allows nothing and changes nothing.
 */
import { type Client, isEnded, ProblemError, type Subagent, UnreachableError } from '../../client/index.ts';

const yes = new Set([
  '1',
  '2',
  'y',
  'yes',
  'ok',
  'okay',
  'allow',
  'approve',
  'approved',
  'accept',
  'proceed',
]);
const no = new Set(['3', 'n', 'no', 'deny', 'denied', 'reject', 'rejected', 'refuse', 'cancel']);

export interface Decision {
  readonly decision: 'allow' | 'deny';
  /** What was said with it. */
  readonly text?: string;
}

/** What the first word of a text decides; undefined: nothing. The rest goes along as the reason. */
export function decisionIn(text: string): Decision | undefined {
  const { word = '', rest = '' } =
    /^\s*(?<word>[\p{L}\p{N}]+)(?:[\p{P}\s]+(?<rest>[\s\S]*))?$/u.exec(text)?.groups ?? {};
  const first = word.toLowerCase();
  const decision = yes.has(first) ? 'allow' : no.has(first) ? 'deny' : undefined;
  if (decision === undefined) return undefined;
  const reason = rest.trim();
  return reason === '' ? { decision } : { decision, text: reason };
}

/** What became of a text, or why nothing did. */
export type Told =
  | { readonly ok: true; readonly did: 'answered' | 'steered' | 'resumed' }
  | { readonly ok: false; readonly error: string };

/**
 * Gives a session what was said to it.
 * @throws ProblemError when the gateway refuses it, such as when somebody else has answered meanwhile
 */
export async function tell(client: Client, chat: string, session: Subagent, text: string): Promise<Told> {
  const { inputRequest: asked } = session;
  if (!asked) {
    await client.steer(chat, session.id, { message: text });
    return { ok: true, did: isEnded(session) ? 'resumed' : 'steered' };
  }
  if (asked.kind === 'question') {
    await client.answerSubagent(chat, session.id, { request: asked.id, text });
    return { ok: true, did: 'answered' };
  }
  const decided = decisionIn(text);
  if (!decided) {
    const what = asked.kind === 'plan' ? 'approval of its plan' : `permission (${asked.title})`;
    return {
      ok: false,
      error: `${session.label} waits for ${what}, and this says neither yes nor no: begin with one of them; what follows is told as the reason. Nothing was sent.`,
    };
  }
  await client.answerSubagent(chat, session.id, { request: asked.id, ...decided });
  return { ok: true, did: 'answered' };
}

/** What the gateway said to a request that it refused, or that it did not answer; anything else is a fault of ours. */
export function refusalOf(error: unknown): ProblemError | UnreachableError {
  if (error instanceof ProblemError || error instanceof UnreachableError) return error;
  throw error;
}

/** Whether what was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 404;
}
