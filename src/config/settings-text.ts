/**
 * A JSON text as an object of settings, with the place of each. Knows nothing of where the text comes from, and
 * never checks a setting.
 */
import { readJson } from './json.ts';

/** Settings that were written down together, other than as variables. */
export interface Written {
  readonly values: Readonly<Record<string, unknown>>;
  /** How a line names a setting of them: `models.quick.id (/chat/tidings.config.json, line 7)`. */
  readonly subject: (path: readonly PropertyKey[]) => string;
}

/** @param place what a line calls the text: a file's path, a variable */
export function readSettingsText(
  text: string,
  place: string,
): ({ readonly ok: true } & Written) | { readonly ok: false; readonly problem: string } {
  const reading = readJson(text);
  if (!reading.ok) {
    const { line, column, message } = reading;
    return { ok: false, problem: `${place} is broken at line ${line}, column ${column}: ${message}.` };
  }
  const { value, lineOf } = reading;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    return {
      ok: false,
      problem: `${place} holds ${what}; it must hold one object of settings, such as {"port": 8787}.`,
    };
  }
  return {
    ok: true,
    values: { ...value },
    subject: (at) => `${at.join('.')} (${placeOf(at, place, lineOf)})`,
  };
}

/** What is said of settings where nothing is written down. */
export function nothingWritten(place: string): Written {
  return { values: {}, subject: (at) => `${at.join('.')} (${place})` };
}

/** A missing value stands nowhere: then the line is that of the nearest thing around it. */
function placeOf(
  at: readonly PropertyKey[],
  place: string,
  lineOf: (at: readonly PropertyKey[]) => number | undefined,
): string {
  for (let length = at.length; length > 0; length--) {
    const line = lineOf(at.slice(0, length));
    if (line !== undefined) return `${place}, line ${line}`;
  }
  return place;
}
