/**
 * The routes by which a browser is signed in and out: a token, or the code of a one-use link, for a cookie. Owns what
 * is asked and answered there; who has which token is the gate's to say.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { sessionAnswer } from './answers.ts';
import type { Attempts } from './attempts.ts';
import type { Caller } from './callers.ts';
import { noQuery } from './fields.ts';
import { noToken, type SignedIn, type TokenGate } from './guards.ts';
import { isProblem } from './lookup.ts';
import { unsaidOrigin } from './origins.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { get, json, post, type Route, remove } from './route.ts';
import type { SessionCookie } from './session-cookie.ts';
import { digestOf } from './tokens.ts';

/** Bytes that a token or a code takes at most, with room: nobody has shown either before this body is read. */
const MAX_BYTES = 4_096;

const credential = z.string().trim().min(1, 'must not be blank').max(1_000, 'is longer than there are any');

const signInBody = z
  .strictObject({
    token: credential.optional(),
    code: credential.optional().describe('Of a link that signs in once, instead of `token`.'),
  })
  .superRefine(({ token, code }, context) => {
    if (token !== undefined && code !== undefined) {
      const message = 'can not stand beside token: send one of them';
      context.addIssue({ code: 'custom', path: ['code'], message });
    }
    if (token === undefined && code === undefined) {
      const message = 'is missing: send a token, or the code of a link';
      context.addIssue({ code: 'custom', path: ['token'], message });
    }
  });

export function sessionRoutes(
  ports: Pick<AppPorts, 'clientOf' | 'links'>,
  { gate, cookie, attempts }: { gate: TokenGate; cookie: SessionCookie; attempts: Attempts },
): Route[] {
  const clientOf = (c: Context): string | undefined => ports.clientOf?.(c.env);

  /** Whom a link signs in, which is used up by it. */
  async function linked(
    code: string,
    client: string | undefined,
  ): Promise<{ caller: Caller; digest: string } | Problem> {
    const refusal = attempts.refusal(client);
    if (refusal) return refusal;
    const { links } = ports;
    if (!links) return problem('bad-code', 'This gateway gives no links that sign in: sign in with a token.');
    const digest = links.take(code);
    if (digest === undefined) {
      attempts.failed(client);
      return problem(
        'bad-code',
        'This link was used already, is more than an hour old, or is none of this gateway since its start. On its machine, tidings link (in a checkout npm run tidings -- link) prints another.',
      );
    }
    const caller = await gate.known(digest);
    return isProblem(caller) ? caller : { caller, digest };
  }

  async function withToken(
    token: string,
    client: string | undefined,
  ): Promise<{ caller: Caller; digest: string } | Problem> {
    const caller = await gate.holder(token, client);
    return isProblem(caller) ? caller : { caller, digest: digestOf(token) };
  }

  const signIn = post({
    name: 'signIn',
    path: '/session',
    scope: 'open',
    summary: 'Signs a browser in: for a token, or for the code of a one-use link, it gets a cookie.',
    details:
      'The cookie then stands in place of the token at every route, for thirty days, unless the token is revoked or the admin token is changed. It holds no token. A request that changes something by it must have an `Origin` of this gateway, as browsers send it.',
    query: noQuery,
    body: signInBody,
    maxBytes: MAX_BYTES,
    answers: { 200: { description: 'Who is signed in now.', schema: sessionAnswer } },
    problems: ['invalid', 'wrong-token', 'bad-code', 'too-many-attempts'],
    async handle({ c, body: { token, code = '' } }) {
      const client = clientOf(c);
      const who = await (token === undefined ? linked(code, client) : withToken(token, client));
      if (isProblem(who)) return who;
      const opened = await cookie.signIn(c.req.raw, who.digest);
      return json(sessionAnswer, 200, shown({ ...who, ...opened }), { 'set-cookie': opened.cookie });
    },
  });

  const session = get({
    name: 'session',
    path: '/session',
    scope: 'open',
    summary: 'Says who asks: who is signed in by the cookie of this request, or whose token it has.',
    query: noQuery,
    answers: { 200: { description: 'Who it is.', schema: sessionAnswer } },
    problems: ['invalid', 'no-token', 'wrong-token', 'too-many-attempts'],
    async handle({ c }) {
      const client = clientOf(c);
      if (/^bearer\b/i.test(c.req.header('authorization') ?? '')) {
        const caller = await gate.admit(c.req.raw, client);
        return isProblem(caller) ? caller : json(sessionAnswer, 200, shown({ caller }));
      }
      const signedIn = await gate.signedIn(c.req.raw, client);
      if (signedIn === undefined) {
        return noToken('Nobody is signed in here: POST /session takes a token.');
      }
      return isProblem(signedIn) ? signedIn : json(sessionAnswer, 200, shown(signedIn));
    },
  });

  const signOut = remove({
    name: 'signOut',
    path: '/session',
    scope: 'open',
    summary: 'Signs a browser out: its cookie is taken away. Signed in or not, it is signed out then.',
    query: noQuery,
    answers: { 204: { description: 'Signed out.' } },
    problems: ['invalid'],
    async handle({ c }) {
      const request = c.req.raw;
      // Its name is told to whoever has it already, and to nobody else.
      if ((await cookie.read(request)).kind === 'nothing') return new Response(null, { status: 204 });
      const unsaid = unsaidOrigin(request);
      if (unsaid) return unsaid;
      // Pictures that were sent along may be kept by the browser for long.
      const headers = { 'set-cookie': await cookie.signOut(request), 'clear-site-data': '"cache"' };
      return new Response(null, { status: 204, headers });
    },
  });

  return [signIn, session, signOut];
}

function shown({
  caller: { token, owner, scopes },
  expiresAt,
}: Pick<SignedIn, 'caller'> & Partial<SignedIn>): z.output<typeof sessionAnswer> {
  const who = { token, owner, scopes: [...scopes] };
  return { session: expiresAt === undefined ? who : { ...who, expiresAt } };
}
