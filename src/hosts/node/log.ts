/** What the gateway writes down for its operator: structured lines on standard error, secrets never among them. */
import pino from 'pino';
import type { RuntimeLog } from '../../runtime/runtime.ts';

export type Log = pino.Logger;

/** @param level the least level that is written; `silent` writes nothing */
export function makeLog(level: 'silent' | 'warn' | 'info' | 'debug'): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.token', '*.apiKey', '*.authToken', '*.authorization', '*.headers'],
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** What the runtime has to say, as lines of the log. */
export function runtimeLog(log: Log): RuntimeLog {
  return {
    retried: (session, failure, attempt) =>
      log.info(
        { session, why: failure.why, attempt, retryAfterMs: failure.retryAfterMs },
        'model call is tried again',
      ),
    gaveUp: (session, to, refusal) =>
      log.error({ session, to, why: refusal.kind }, `mail was given up: ${refusal.message}`),
    unreached: (session, to, error) =>
      log.error({ session, to, err: error }, 'mail was not taken; it is sent again'),
    broken: (session, effect, error) =>
      log.error({ session, effect: effect.key, err: error }, 'an effect failed'),
    removed: (chat, { whole, sessions, kept, left }) =>
      log.info(
        { chat, sessions, kept, left },
        whole ? 'a chat was deleted' : 'subagents that ended long ago were forgotten',
      ),
    retentionFailed: (error) => log.error({ err: error }, 'what is over could not be cleared away'),
  };
}
