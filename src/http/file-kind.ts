/**
 * What a file is, told from its bytes, and what is wrong with one that no model could read: refused here, in words, so
 * that none ever stands in a conversation. Keeps nothing.
 */
import {
  type KeptFile,
  MOST_IMAGE_BYTES,
  MOST_PAGES,
  MOST_PIXELS,
  MOST_TEXT,
  sizeInWords,
} from '../core/files.ts';
import { imageHeader } from './image-header.ts';

type Kind = Pick<KeptFile, 'mediaType' | 'width' | 'height' | 'pages' | 'certainPages'>;

/** What it says that it is: in its name, and in the Content-Type that it came with. */
export interface Declared {
  readonly name: string;
  readonly type: string | undefined;
}

const names: Readonly<Record<KeptFile['mediaType'], string>> = {
  'image/png': 'a PNG',
  'image/jpeg': 'a JPEG',
  'image/gif': 'a GIF',
  'image/webp': 'a WebP',
  'application/pdf': 'a PDF',
  'text/plain': 'a text',
};

/** What an ending of a name says. Those that aren't here say nothing that is checked. */
const endings: Readonly<Record<string, string>> = {
  png: 'image/png',
  apng: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
};

/** The file's kind, or what is wrong with it: a sentence without its end, that begins with "The file". */
export function kindOf(bytes: Uint8Array, declared: Declared): Kind | string {
  if (bytes.length === 0) return 'The file is empty';
  const found = told(bytes);
  if (typeof found === 'string') return found;
  return contradiction(declared, found) ?? found ?? nothingKnown;
}

const nothingKnown =
  'The file is not an image (PNG, JPEG, GIF or WebP), a PDF or a text in UTF-8 without control characters: nothing else can be shown to the model';

/** Undefined: none of the kinds. */
function told(bytes: Uint8Array): Kind | string | undefined {
  return image(bytes) ?? pdf(bytes) ?? plainText(bytes);
}

function contradiction({ name, type }: Declared, found: Kind | undefined): string | undefined {
  const media = type?.split(';')[0]?.trim().toLowerCase() ?? '';
  const ending = endings[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''];
  for (const [said, by] of [
    [media === 'image/jpg' ? 'image/jpeg' : media, media],
    [ending, `${/\.[a-z]+$/i.exec(name)?.[0] ?? ''} by its name`],
  ] as const) {
    // A picture that is written in words is shown as words.
    if (said === undefined || said === 'image/svg+xml') continue;
    if (!said.startsWith('image/') && said !== 'application/pdf') continue;
    if (said === found?.mediaType) continue;
    const known = Object.entries(names).find(([one]) => one === said)?.[1];
    const is = found
      ? `its bytes are ${names[found.mediaType]}`
      : known
        ? `is no ${known.slice(2)}`
        : nothingKnown.slice('The file '.length);
    return `The file says ${by}, but ${is}`;
  }
  return undefined;
}

// ───────────────────────────────────────────────────────── images

function image(bytes: Uint8Array): Kind | string | undefined {
  const header = imageHeader(bytes);
  if (header === undefined) return undefined;
  if (typeof header === 'string') return `The file begins as an image, but ${header}`;
  const { width, height } = header;
  const size = `The file is an image of ${width} × ${height} pixels`;
  if (width === 0 || height === 0) return size;
  if (Math.max(width, height) > MOST_PIXELS) {
    return `${size}: the model takes up to ${MOST_PIXELS} on each side. Make it smaller`;
  }
  if (bytes.length > MOST_IMAGE_BYTES) {
    return `The file is an image of ${sizeInWords(bytes.length)}: the model takes up to ${sizeInWords(MOST_IMAGE_BYTES)}. Make it smaller`;
  }
  return header;
}

// ───────────────────────────────────────────────────────── PDFs

/** Bytes at the end in which a PDF says that it ends. */
const PDF_END = 1_024;

function pdf(bytes: Uint8Array): Kind | string | undefined {
  if (!/^%PDF-\d/.test(latin(bytes.subarray(0, 6)))) return undefined;
  if (!latin(bytes.subarray(-PDF_END)).includes('%%EOF'))
    return 'The file begins as a PDF, but ends too early';
  const whole = latin(bytes);
  if (/\/Encrypt\s*(?:\d+\s+\d+\s+R|<<)/.test(whole)) {
    return 'The file is a PDF that is protected by a password, so the model can not read it: send it without';
  }
  // As far as it can be read without unpacking anything: pages one by one, and what is counted, which may be other things.
  let pages = 0;
  let counted = 0;
  for (const _ of whole.matchAll(/\/Type\s*\/Page(?![A-Za-z])/g)) pages += 1;
  for (const [, count] of whole.matchAll(/\/Count\s+(\d{1,6})(?!\d)/g))
    counted = Math.max(counted, Number(count));
  if (pages > MOST_PAGES && (counted === 0 || counted > MOST_PAGES)) {
    return `The file is a PDF of ${pages} pages: the model reads up to ${MOST_PAGES}. Send the part that matters`;
  }
  const most = Math.max(pages, counted);
  // What is counted alone may be an outline's.
  const certain = counted === 0 ? pages : Math.min(pages, counted);
  return {
    mediaType: 'application/pdf',
    ...(most === 0 ? {} : { pages: most }),
    ...(certain === 0 ? {} : { certainPages: certain }),
  };
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

// ───────────────────────────────────────────────────────── texts

/** Control characters other than line breaks and tabs. */
const control = /[^\P{Cc}\n\r\t]/u;

function plainText(bytes: Uint8Array): Kind | string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (control.test(text)) return undefined;
  if (text.trim() === '') return 'The file is a text without a word in it';
  if (text.length > MOST_TEXT) {
    return `The file is a text of ${text.length} characters: the model takes up to ${MOST_TEXT}. Send the part that matters`;
  }
  return { mediaType: 'text/plain' };
}
