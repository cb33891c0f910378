/** What the gateway writes down for its operator: structured lines on standard error, secrets never among them. */
import pino from 'pino';
import type { HttpLog } from '../../http/ports.ts';
import type { RuntimeLog } from '../../runtime/runtime.ts';
import type { Settings } from './config/schema.ts';
import { makeRedactor } from './redact.ts';

const SAME_TIME_MS = 5_000;

export interface Log extends pino.Logger {
  /** These values are in no line from now on, wherever they would stand. */
  hide(...secrets: readonly (string | undefined)[]): void;
}

/**
 * @param level the least level that is written; `silent` writes nothing
 * @param out where whole lines go; standard error by default
 */
export function makeLog(level: Settings['log'], out?: { write(line: string): void }): Log {
  const { hide, clean } = makeRedactor();
  const destination = out ?? pino.destination({ fd: 2, sync: true });
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void destination.write(clean(line)) },
  );
  return Object.assign(log, { hide });
}

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
