/**
 * Errors as programs and people read them: RFC 9457 problem details, one kind for each thing that can be
 * wrong. Owns their statuses and shape. Never carries a stack or anything of the gateway's inside.
 */
import { z } from 'zod';
import type { Refusal } from '../core/commands.ts';
import { asSentence, type Fault, inWords } from '../core/faults.ts';

export const problemKinds = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'broken-body': { status: 400, title: 'The body broke off' },
  'bad-cursor': { status: 400, title: 'The cursor is not one of this feed' },
  'no-token': { status: 401, title: 'A token is needed' },
  'wrong-token': { status: 401, title: 'The token is not valid' },
  'bad-code': { status: 401, title: 'The link does not sign in' },
  'foreign-host': { status: 403, title: 'The gateway does not answer under this name' },
  'foreign-origin': { status: 403, title: 'Pages of this origin may not call the gateway' },
  'not-allowed': { status: 403, title: 'This is not allowed' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'wrong-method': { status: 405, title: 'This path has no such method' },
  ambiguous: { status: 409, title: 'More than one subagent is meant' },
  'id-reused': { status: 409, title: 'The request id was used with another body' },
  conflict: { status: 409, title: 'The state does not allow this' },
  'too-large': { status: 413, title: 'The body is too large' },
  'bad-ticket': { status: 403, title: 'The ticket does not let in' },
  'not-a-socket': { status: 426, title: 'This path is for WebSockets' },
  'not-json': { status: 415, title: 'The body must be JSON' },
  invalid: { status: 422, title: 'A field is wrong' },
  limit: { status: 429, title: 'A limit is reached' },
  'too-many-attempts': { status: 429, title: 'Too many attempts with a wrong token' },
  internal: { status: 500, title: 'The gateway failed' },
  full: { status: 507, title: 'There is no room for more' },
  unavailable: { status: 503, title: 'The gateway is not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof problemKinds;

export interface Problem {
  readonly reply: 'problem';
  readonly kind: ProblemKind;
  /** What was wrong and what would be right. */
  readonly detail: string;
  readonly errors?: readonly Fault[];
  /** Files that are in the way. */
  readonly files?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export const problemSchema = z.object({
  type: z.string().describe('A stable name of the kind, as a link into the documentation.'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  files: z.array(z.string()).optional().describe('Files that are in the way, where files are.'),
});

/** The greatest number of faults that one answer names. */
const MAX_FAULTS = 50;

export function problem(
  kind: ProblemKind,
  detail: string,
  more: Pick<Problem, 'errors' | 'files' | 'headers'> = {},
): Problem {
  return { reply: 'problem', kind, detail, ...more };
}

/** Something that the gateway needs doesn't answer for now. Its message is a sentence for whoever asked. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export function unreachable({ message }: Unreachable): Problem {
  return problem('unavailable', message, { headers: { 'retry-after': '1' } });
}

/** Bad input, field by field. */
export function invalid(errors: readonly Fault[]): Problem {
  const named = errors.slice(0, MAX_FAULTS);
  return problem('invalid', inWords(named, nameOf), { errors: named });
}

/** @param hide takes out of a text what nobody may read */
export function problemResponse(what: Problem, requestId: string, hide: (text: string) => string): Response {
  const { status, title } = problemKinds[what.kind];
  const body: z.infer<typeof problemSchema> = {
    type: `/docs#${what.kind}`,
    title,
    status,
    detail: what.detail,
    requestId,
    ...(what.files ? { files: [...what.files] } : {}),
    ...(what.errors ? { errors: what.errors.map(({ path, message }) => ({ path, message })) } : {}),
  };
  return new Response(hide(JSON.stringify(body)), {
    status,
    headers: { 'content-type': 'application/problem+json', ...what.headers },
  });
}

/** A refusal of the core at this door. */
export function refused(refusal: Refusal): Problem {
  const { path } = refusal;
  const message = sentence(refusal.message);
  return problem(kindOf(refusal), message, path === undefined ? {} : { errors: [{ path, message }] });
}

function kindOf({ kind }: Refusal): ProblemKind {
  switch (kind) {
    case 'not_found':
      return 'not-found';
    case 'ambiguous':
      return 'ambiguous';
    case 'limit':
      return 'limit';
    case 'exists':
    case 'conflict':
      return 'conflict';
    case 'not_allowed':
      return 'not-allowed';
    case 'invalid':
      return 'invalid';
  }
}

/** A refusal's words begin with a word, never with a name that isn't quoted: that would be changed into another. */
function sentence(words: string): string {
  return asSentence(`${words.charAt(0).toUpperCase()}${words.slice(1)}`);
}

function nameOf(path: string): string {
  return path === '' ? 'the body' : path;
}
