/**
 * What the gateway writes down for its operator: structured lines, secrets never among them. Where they go is the
 * host's affair.
 */
// Elsewhere than on Node the bare name is a build for browsers, which leaves out much of an error.
import pino from 'pino/pino.js';
import { makeRedactor } from './redact.ts';

/** The least that is written; `silent` writes nothing. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Takes whole lines, each with its line break. */
export interface LogDestination {
  write(line: string): void;
}

export interface Log extends pino.Logger {
  /** These values are in no line from now on, wherever they would stand. */
  hide(...secrets: readonly (string | undefined)[]): void;
}

/** A log that writes to `out`. */
export function makeLog(level: LogLevel, out: LogDestination): Log {
  const { hide, clean } = makeRedactor();
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void out.write(clean(line)) },
  );
  return Object.assign(log, { hide });
}
