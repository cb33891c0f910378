/** What a planted bug is: one or more places of the real source, changed while it is loaded. */

export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly put: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** It shows only where each session is kept by itself. */
  readonly apart?: true;
}

/** @param edits each in a file below `src/`: what stands there exactly once, and what is put in its place */
export function bug(
  name: string,
  ...edits: readonly (readonly [file: string, find: string, put: string])[]
): PlantedBug {
  return { name, edits: edits.map(([file, find, put]) => ({ file, find, put })) };
}
