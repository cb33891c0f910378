/** JSON from outside, with its type. Owns reading it; what it means is its reader's business. */
import type { Json } from '../core/ports.ts';

export type JsonObject = { readonly [key: string]: Json };

/** The value of a JSON text; undefined if it isn't one. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
