/** Where the log goes on Node. Owns nothing of what is in it. */
import pino from 'pino';
import { type Log, type LogDestination, type LogLevel, makeLog as makeLogTo } from '../../log/log.ts';

/** @param out where whole lines go; standard error by default */
export function makeLog(level: LogLevel, out: LogDestination = pino.destination({ fd: 2, sync: true })): Log {
  return makeLogTo(level, out);
}
