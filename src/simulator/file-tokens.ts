/** What the simulator counts an image or a document as, in tokens. Looks at heads and page marks; decodes nothing. */
import { type Fields, isFields } from './request.ts';
import { imageSize } from './rules/image-size.ts';

const mostImageTokens = 4_784;
/** For an image whose size can't be read. */
const usualImageTokens = 1_500;
const pageTokens = 1_800;

/** Undefined for a block that is counted by its characters. */
export function fileTokens(block: Fields): number | undefined {
  const { type, source } = block;
  if (!isFields(source) || typeof source.data !== 'string') return undefined;
  if (type === 'image') {
    const size = imageSize(source.data);
    if (size === undefined) return usualImageTokens;
    return Math.min(mostImageTokens, Math.ceil((size.width * size.height) / 750));
  }
  if (type === 'document' && source.type === 'base64') return pageTokens * Math.max(1, pagesOf(source.data));
  return undefined;
}

/** Pages of a base64-encoded PDF, as far as they stand in it unpacked. */
export function pagesOf(base64: string): number {
  return atob(base64).match(/\/Type\s*\/Page(?![A-Za-z])/g)?.length ?? 0;
}
