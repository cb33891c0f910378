/**
 * How much more a session's object can hold: the platform gives each a fixed room. Owns how much of it is kept for what
 * is under way, so that new words are refused while there is still room to end what was begun.
 */

export interface Room {
  /** Why nothing more is taken in for now, as a sentence; undefined: there is room. */
  full(): string | undefined;
}

/** Kept for what is under way: an answer, its tools' results and a summary take far less. */
const KEPT = 1 / 50;

/** @param bytes what an object may hold in all */
export function roomIn(sql: { readonly databaseSize: number }, bytes: number): Room {
  return {
    full() {
      if (sql.databaseSize < bytes * (1 - KEPT)) return undefined;
      return `This chat has filled the room of its object (${megabytes(sql.databaseSize)} of ${megabytes(bytes)} MB), so nothing more is taken in; nothing of it is lost. Export it, and go on in a new chat.`;
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
