/**
 * What a metered Worker has counted, as it tells whoever asks. Owns the figures' shape and the paths under which they
 * are asked for; counts nothing by itself.
 */
import { z } from 'zod';

/** Where `metered-worker.ts` answers for itself. */
export const meterPath = '/__meter';

const count = z.number().int();

const objectFigures = z.object({
  /** Times that it came into memory. */
  lives: count,
  /** Requests to it by what was called: `fetch`, `alarm`, a method. */
  calls: z.record(z.string(), count),
  alarmsSet: count,
  statements: count,
  rowsRead: count,
  rowsWritten: count,
  /** Of one statement. */
  mostParameters: count,
  /** UTF-8 bytes of what was bound to one statement that writes. */
  largestRow: count,
  /** Bytes of its database. */
  bytes: count,
  /** Alarm handlers that run now, and the most that ever ran at once. */
  alarms: z.object({ running: count, most: count }),
  /** Characters of mail in all that it was sent, and in the largest call. */
  mail: z.object({ chars: count, most: count }),
});
export type ObjectFigures = z.infer<typeof objectFigures>;

export const figuresSchema = z.object({
  /** Requests to the Worker. */
  front: count,
  /** Requests out of it that wait for headers now, and the most that ever did at once. */
  headers: z.object({ now: count, most: count }),
  /** By class, then by name. */
  objects: z.record(z.string(), z.record(z.string(), objectFigures)),
});
export type Figures = z.infer<typeof figuresSchema>;

export function noFigures(): ObjectFigures {
  return {
    lives: 0,
    calls: {},
    alarmsSet: 0,
    statements: 0,
    rowsRead: 0,
    rowsWritten: 0,
    mostParameters: 0,
    largestRow: 0,
    bytes: 0,
    alarms: { running: 0, most: 0 },
    mail: { chars: 0, most: 0 },
  };
}

export interface Meter {
  figures(): Promise<Figures>;
  /** Lets the object's alarm go off now. */
  ring(session: string): Promise<void>;
  /** Mail to it finds no answer until `found`; what was asked meanwhile fails then. */
  lose(session: string): Promise<void>;
  find(session: string): Promise<void>;
}

export function meterAt(url: () => string): Meter {
  const ask = async (what: string): Promise<unknown> => {
    const address = `${url()}${meterPath}/${what}`;
    // The local runtime may close a connection that was idle in the moment in which it is used again.
    const response = await fetch(address).catch(() => fetch(address));
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${what}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    figures: async () => figuresSchema.parse(await ask('figures')),
    ring: async (session) => void (await ask(`ring?session=${session}`)),
    lose: async (session) => void (await ask(`lose?session=${session}`)),
    find: async (session) => void (await ask(`find?session=${session}`)),
  };
}
