/** What a test may do to the alarms of sessions' objects through the door in `bell-worker.ts`. */
import { z } from 'zod';

export const bellPath = '/__bell';

const session = z.string();

export const bellSchema = z.discriminatedUnion('what', [
  /** What becomes of every alarm that goes off from now on. */
  z.object({ what: z.literal('alarms'), are: z.enum(['heard', 'lost', 'heard twice']) }),
  /** The object is reset in the middle of what it does, and its alarm is gone. */
  z.object({ what: z.literal('lose'), session }),
  /** The object is reset; its alarm stays. */
  z.object({ what: z.literal('reset'), session }),
  /** The same for one of those that serve all sessions. */
  z.object({ what: z.literal('reset-shared'), which: z.enum(['LANES', 'DIRECTORY']) }),
  /** Its alarm goes off, so often at once. */
  z.object({ what: z.literal('ring'), session, times: z.number().int() }),
  /** Its alarm is to go off at once by itself. */
  z.object({ what: z.literal('hurry'), session }),
  /** When it is to go off, in how many milliseconds; `null` for never. */
  z.object({ what: z.literal('due'), session }),
  /** What another object does that looks after it. */
  z.object({ what: z.literal('nudge'), session }),
  /** What the session above does with one that is to be forgotten. */
  z.object({ what: z.literal('remove'), session }),
  /** Mail of another session, as text; how much of it was accepted. */
  z.object({ what: z.literal('mail'), session, message: z.string() }),
  /** All objects believe that it is so much later from now on; timers and alarms stay as they are. */
  z.object({ what: z.literal('later'), ms: z.number() }),
  /** How often alarms went off so far, whatever became of them. */
  z.object({ what: z.literal('count') }),
]);
export type BellWish = z.input<typeof bellSchema>;

export const bellAnswer = z.union([
  z.object({ value: z.number().nullable() }),
  z.object({ error: z.string() }),
]);
