/**
 * Owns how bytes that a command or a file holds become text that a model may read and the API accepts. Never
 * decides how much is shown.
 */
import { harmless } from '../../../tools/harmless.ts';

/** UTF-8 with a replacement character for what isn't, and nothing left that a terminal or a parser would act on. */
export function shownText(bytes: Uint8Array): string {
  return harmless(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}
