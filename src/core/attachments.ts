/**
 * Files in a conversation: the blocks that stand for them in the log, by reference, and how much of them one request
 * may hold. Pure; the bytes are put in when a request leaves, by the runtime.
 */
import { z } from 'zod';
import { attribute } from './fence.ts';
import {
  documentTypes,
  FEW_IMAGES,
  type FilePart,
  imageTypes,
  type KeptFile,
  MOST_PAGES,
  MOST_PIXELS_OF_MANY,
  sizeInWords,
} from './files.ts';
import type { Block } from './ports.ts';

const count = z.number().int().nonnegative();
const kept = {
  type: z.literal('stored'),
  file: z.string(),
  name: z.string(),
  bytes: count,
  /** What it is read as at most. */
  tokens: count,
};

/** A block whose bytes are kept beside the log. */
export const storedBlockSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('image'),
    source: z.strictObject({ ...kept, media_type: z.enum(imageTypes), width: count, height: count }),
  }),
  z.strictObject({
    type: z.literal('document'),
    source: z.strictObject({
      ...kept,
      media_type: z.enum(documentTypes),
      /** That a PDF has for certain; 0: that is not known. */
      pages: count,
    }),
  }),
]);
export type StoredBlock = z.infer<typeof storedBlockSchema>;

/** The block as one of a stored file, if it is one. */
export function storedIn(block: Block): StoredBlock | undefined {
  if (block.type !== 'image' && block.type !== 'document') return undefined;
  const { cache_control: _, ...rest } = block;
  return storedBlockSchema.safeParse(rest).data;
}

// ───────────────────────────────────────────────────────── what a message brings

export interface SaidFile extends KeptFile, Pick<FilePart, 'type'> {
  /** What the host says of where the chat's tools find it, to stand behind its size; absent: it has no place for files. */
  readonly where?: string;
}

/** The block that stands for a file. */
export function blockOf(file: KeptFile): StoredBlock {
  const { id, name, bytes, mediaType } = file;
  const source = { type: 'stored', file: id, name, bytes, tokens: tokensOf(file) } as const;
  if (mediaType === 'application/pdf' || mediaType === 'text/plain') {
    const { certainPages: pages = 0 } = file;
    return { type: 'document', source: { ...source, media_type: mediaType, pages } };
  }
  const { width = 0, height = 0 } = file;
  return { type: 'image', source: { ...source, media_type: mediaType, width, height } };
}

/** What stands of the files in the line before a person's words. */
export function filesInWords(files: readonly SaidFile[]): string {
  if (files.length === 0) return '';
  return `, with ${files.map(inWords).join(', ')}`;
}

function inWords(file: SaidFile): string {
  const { name, bytes, where } = file;
  const known = [kindInWords(file), sizeInWords(bytes), ...(where === undefined ? [] : [where])];
  return `"${attribute(name)}" (${known.join(', ')})`;
}

function kindInWords({ mediaType, width, height }: KeptFile): string {
  if (mediaType === 'application/pdf') return 'a PDF';
  return mediaType === 'text/plain' ? 'a text' : `an image of ${width} × ${height}`;
}

/** An image is scaled down to this by whatever model reads it. */
const MOST_IMAGE_TOKENS = 4_800;
/** Pixels on each side of what an image is read in. */
const PATCH = 28;
/** A page of a PDF is read as an image and as its text. */
const PAGE_TOKENS = 8_000;
/** Of a PDF whose pages can't be counted, the bytes that a page has at least. */
const LEAST_PAGE_BYTES = 2_000;

/** What a file is read as at most, in tokens. */
function tokensOf({ mediaType, bytes, width = 0, height = 0, pages }: KeptFile): number {
  if (mediaType === 'text/plain') return Math.ceil(bytes / 2);
  if (mediaType === 'application/pdf') {
    return PAGE_TOKENS * Math.min(MOST_PAGES, pages ?? Math.ceil(bytes / LEAST_PAGE_BYTES));
  }
  const patches = Math.ceil(width / PATCH) * Math.ceil(height / PATCH);
  return Math.min(MOST_IMAGE_TOKENS, Math.max(patches, Math.ceil((width * height) / 750)));
}

// ───────────────────────────────────────────────────────── how much one request may hold

/** What files make of a request besides its tokens. */
export interface Load {
  readonly images: number;
  /** Of these, those that are too large to be one of many. */
  readonly wide: number;
  /** Of PDFs, as far as they are certain: what is only guessed refuses nothing. */
  readonly pages: number;
  /** As they are sent. */
  readonly bytes: number;
}

export const noLoad: Load = { images: 0, wide: 0, pages: 0, bytes: 0 };

/** Of the 32 MB that a request may have; the rest is for words. */
const MOST_LOAD_BYTES = 24_000_000;
/** Images of one request, and pages of PDFs, by the window of its model. */
const mostWithin = (window: number): number => (window <= 200_000 ? 100 : MOST_PAGES);

export function loadOf(blocks: readonly Block[]): Load {
  return blocks.reduce((sum, block) => {
    const stored = storedIn(block);
    return stored ? plusLoad(sum, ofOne(stored)) : sum;
  }, noLoad);
}

function ofOne(block: StoredBlock): Load {
  const bytes = Math.ceil(block.source.bytes / 3) * 4;
  if (block.type === 'document') return { ...noLoad, pages: block.source.pages, bytes };
  const wide = Math.max(block.source.width, block.source.height) > MOST_PIXELS_OF_MANY;
  return { ...noLoad, images: 1, wide: wide ? 1 : 0, bytes };
}

export function plusLoad(a: Load, b: Load): Load {
  return {
    images: a.images + b.images,
    wide: a.wide + b.wide,
    pages: a.pages + b.pages,
    bytes: a.bytes + b.bytes,
  };
}

/**
 * Why one request can't hold these files, to complete "the files …"; undefined: it can.
 * @param window the model's; absent: any model's
 */
export function tooMuch({ images, wide, pages, bytes }: Load, window = 0): string | undefined {
  if (bytes > MOST_LOAD_BYTES) {
    return `are too large together: one request takes ${sizeInWords((MOST_LOAD_BYTES / 4) * 3)} of files`;
  }
  const most = mostWithin(window);
  if (images > most) return `are ${images} images: one request takes ${most}`;
  if (pages > most) return `have ${pages} pages: one request takes ${most}. Send the part that matters`;
  if (images > FEW_IMAGES && wide > 0) {
    return `are more than ${FEW_IMAGES} images, and some have more than ${MOST_PIXELS_OF_MANY} pixels on a side: make them smaller, or send fewer`;
  }
  return undefined;
}

/** A note in the place of a file that a new prefix leaves behind. */
export function leftBehind(block: StoredBlock): Block {
  return inItsPlace(block, 'It is no longer before you: ask for it again if you need it.');
}

/** A note in the place of a file whose bytes are gone. */
export function gone(block: StoredBlock): Block {
  return inItsPlace(
    block,
    'It can no longer be read: its bytes are not there any more. Say so if it matters.',
  );
}

function inItsPlace({ source: { name, bytes } }: StoredBlock, words: string): Block {
  const text = `The file "${attribute(name)}" (${sizeInWords(bytes)}) stood here. ${words}`;
  return { type: 'text', text: `<gateway-note>\n${text}\n</gateway-note>` };
}
