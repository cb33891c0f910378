/** Rules about images: how many, how large, of which kinds. */
import { blocksOf, type Fields, isFields } from '../request.ts';
import { imageSize } from './image-size.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import type { View } from './view.ts';

const mediaTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
const largestImage = 5 * 1024 * 1024;

interface Image {
  readonly at: string;
  readonly source: Fields;
}

/** Images of messages and of tool results in them. */
function images(view: View): Image[] {
  const found: Image[] = [];
  const look = (at: string, block: Fields) => {
    if (block.type === 'image' && isFields(block.source)) found.push({ at, source: block.source });
  };
  for (const message of view.messages)
    for (const { fields, block } of message.blocks) {
      const at = `messages.${message.index}.content.${block}`;
      look(at, fields);
      if (fields.type === 'tool_result')
        blocksOf(fields.content).forEach((part, index) => {
          look(`${at}.content.${index}`, part);
        });
    }
  return found;
}

/** Bytes that a base64 text stands for. */
function byteLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** How the bytes of each kind begin, in base64. */
const beginnings: Readonly<Record<string, RegExp>> = {
  'image/jpeg': /^\/9j\//,
  'image/png': /^iVBORw0KGgo/,
  'image/gif': /^R0lGOD(?:lh|dh)/,
  'image/webp': /^UklGR.{10}XRUJQ/,
};

export const imageRules: readonly Rule[] = rulesOf('limits', [
  {
    id: 'images.mismatch',
    source: 'I',
    check: (view) =>
      first(images(view), ({ at, source }) => {
        const begins = beginnings[String(source.media_type)];
        return source.type !== 'base64' || begins === undefined || begins.test(String(source.data))
          ? undefined
          : `${at}.image.source.base64: Image does not match the provided media type ${source.media_type}`;
      }),
  },
  {
    id: 'images.media-type',
    source: 'D',
    check: (view) =>
      first(images(view), ({ at, source }) =>
        source.type !== 'base64' || mediaTypes.includes(String(source.media_type))
          ? undefined
          : `${at}.image.source.media_type: Input should be ${mediaTypes.join(' or ')}`,
      ),
  },
  {
    id: 'images.too-many',
    source: 'D',
    check(view) {
      const most = view.model !== undefined && view.model.window <= 200_000 ? 100 : 600;
      const count = images(view).length;
      return count > most
        ? `messages: ${count} images > ${most}, the most that one request may hold`
        : undefined;
    },
  },
  {
    id: 'images.too-large',
    source: 'D',
    check: (view) =>
      first(images(view), ({ at, source }) => {
        const bytes = typeof source.data === 'string' ? byteLength(source.data) : 0;
        return bytes > largestImage
          ? `${at}.image.source.base64: image exceeds 5 MB maximum: ${bytes} bytes > ${largestImage} bytes`
          : undefined;
      }),
  },
  {
    id: 'images.dimensions',
    source: 'D',
    check(view) {
      const all = images(view);
      const most = all.length > 20 ? 2000 : 8000;
      return first(all, ({ at, source }) => {
        const size = typeof source.data === 'string' ? imageSize(source.data) : undefined;
        return size !== undefined && Math.max(size.width, size.height) > most
          ? `${at}.image.source: ${size.width}x${size.height} px; at least one dimension exceeds ${most} px${all.length > 20 ? ' (the maximum for requests with many images)' : ''}`
          : undefined;
      });
    },
  },
]);
