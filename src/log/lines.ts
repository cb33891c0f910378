/** What the parts have to say, as lines of the log: each with its level, words and fields. Writes nothing itself. */
import type { HttpLog } from '../http/ports.ts';
import type { RuntimeLog } from '../runtime/runtime.ts';
import type { Log } from './log.ts';

const SAME_TIME_MS = 5_000;

/**
 * What the runtime has to say, as lines of the log.
 * @param chatOf the chat that a session belongs to
 */
export function runtimeLog(log: Log, chatOf: (session: string) => string | undefined): RuntimeLog {
  /** The last time that was told: many calls that are under way bring nearly the same one. */
  let toldUntil = 0;
  const of = (session: string) => ({ chat: chatOf(session), session });
  return {
    retried: (session, failure, attempt) =>
      log.info(
        {
          ...of(session),
          why: failure.why,
          attempt,
          retryAfterMs: failure.retryAfterMs,
          detail: failure.message,
        },
        'model call is tried again',
      ),
    held({ why, notBefore }) {
      if (notBefore === undefined) return log.warn({ why }, 'no model call starts for now');
      if (Math.abs(notBefore - toldUntil) < SAME_TIME_MS) return;
      toldUntil = notBefore;
      log.warn({ why, notBefore: new Date(notBefore).toISOString() }, 'no model call starts for now');
    },
    gaveUp: (session, to, refusal) =>
      log.error({ ...of(session), to, why: refusal.kind }, `mail was given up: ${refusal.message}`),
    unreached: (session, to, error) =>
      log.error({ ...of(session), to, err: error }, 'mail was not taken; it is sent again'),
    broken: (session, effect, error) =>
      log.error({ ...of(session), effect: effect.key, err: error }, 'an effect failed'),
    removed: (chat, { whole, sessions, kept, left }) =>
      log.info(
        { chat, sessions, kept, left },
        whole ? 'a chat was deleted' : 'subagents that ended long ago were forgotten',
      ),
    retentionFailed: (error) => log.error({ err: error }, 'what is over could not be cleared away'),
  };
}

/** Routes that are asked by machines, again and again. */
const watched: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** What the HTTP door has to say. */
export function httpLog(log: Log): HttpLog {
  return {
    answered(request) {
      const level = request.status >= 500 ? 'warn' : watched.has(request.path) ? 'debug' : 'info';
      log[level]({ ...request, path: request.path.slice(0, 300), ms: Math.round(request.ms) }, 'answered');
    },
    failed: (request, error) => log.error({ ...request, err: error }, 'a request failed'),
  };
}
