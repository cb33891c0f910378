/** What a test may ask of the door in `debug-worker.ts`. */
import { z } from 'zod';

export const debugPath = '/__debug';

export const debugSchema = z.discriminatedUnion('what', [
  /** Calls a method of an object, as another object would. */
  z.object({
    what: z.literal('call'),
    binding: z.enum(['SESSIONS', 'DIRECTORY', 'LANES']),
    name: z.string(),
    method: z.string(),
    given: z.array(z.unknown()),
  }),
  /** From now on the session's object is of an older release than whoever sends it mail. */
  z.object({ what: z.literal('behind'), session: z.string() }),
  /** How often mail came since. */
  z.object({ what: z.literal('came'), session: z.string() }),
  /** It is of the same release again; tells how often mail came until then. */
  z.object({ what: z.literal('mend'), session: z.string() }),
  /** Lines that were written to the console. */
  z.object({ what: z.literal('printed') }),
]);
export type DebugWish = z.input<typeof debugSchema>;

export const debugAnswerSchema = z.union([z.object({ value: z.unknown() }), z.object({ error: z.string() })]);
