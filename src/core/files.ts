/**
 * Files that people send along with their words: what is known of one, and who keeps its bytes. Owns the kinds that
 * there are and the bounds that the Messages API sets them. Holds no bytes and reads none.
 */
import { z } from 'zod';
import { plural } from './plural.ts';

export const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
export type ImageType = (typeof imageTypes)[number];
export const documentTypes = ['application/pdf', 'text/plain'] as const;

/** An image has `width` and `height`, in pixels. */
export const fileSchema = z.object({
  id: z.string(),
  name: z.string(),
  mediaType: z.enum([...imageTypes, ...documentTypes]),
  bytes: z.int(),
  width: z.int().optional(),
  height: z.int().optional(),
});

/** A file as it is kept, of a PDF with what can be counted: `pages` that it has at most, and for certain. */
export const keptFileSchema = fileSchema.extend({
  pages: z.int().optional(),
  certainPages: z.int().optional(),
});
export type KeptFile = z.infer<typeof keptFileSchema>;

/** A message's files, in its parts. */
export const filePartSchema = z.object({ type: z.literal('file'), ...fileSchema.shape });
export type FilePart = z.infer<typeof filePartSchema>;

/** Files that one message may bring. */
export const MOST_FILES = 20;
/** Of one file, whatever it is. */
export const MOST_BYTES = 10 * 1024 * 1024;
/** The API takes 5 MiB of an image, and counts it as it is sent: in base64. */
export const MOST_IMAGE_BYTES = (5 * 1024 * 1024 * 3) / 4;
/** Pixels that an image may have on each side, and where one request holds more than `FEW_IMAGES`. */
export const MOST_PIXELS = 8_000;
export const MOST_PIXELS_OF_MANY = 2_000;
export const FEW_IMAGES = 20;
/** Pages of PDFs that the API reads at most; a model with a small window reads fewer. */
export const MOST_PAGES = 600;
/** Characters of a text: in most languages that fits into the window of any model. */
export const MOST_TEXT = 400_000;
/** Files of a chat that no message has named yet. */
export const MOST_LOOSE = 50;
/** How long a file is kept that no message names. */
export const LOOSE_MS = 24 * 3_600_000;

/**
 * Who keeps the bytes: beside the chat's log, durable as it is, gone with it. Synchronous, as the store is. A file that
 * is damaged is not there any more.
 */
export interface Files {
  /**
   * Keeps a file, durable when it returns. The same again is as new, `LOOSE_MS` long, and whole again if it was damaged.
   * Files that were put more than that before `at` (wall clock) and that no message named go. False, and nothing is
   * kept: there is no such chat.
   * @param request the name of the request that brought it
   */
  put(chat: string, file: KeptFile, bytes: Uint8Array, at: number, request?: string): boolean;
  /** The id of the file that this request brought. */
  brought(chat: string, request: string): string | undefined;
  facts(chat: string, id: string): KeptFile | undefined;
  bytes(chat: string, id: string): Uint8Array<ArrayBuffer> | undefined;
  /** The same as it is sent to a model. */
  base64(chat: string, id: string): string | undefined;
  /** A message is about to name these: they stay as long as their chat. */
  keep(chat: string, ids: readonly string[]): void;
  /** How many files of the chat no message has named. */
  loose(chat: string): number;
}

/** A size as people read it: `812 bytes`, `34 kB`, `2.1 MB`. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1_000) return plural(bytes, 'byte');
  if (bytes < 999_500) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
