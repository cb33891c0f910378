/**
 * How a person's words begin: what of them a session keeps at hand while nobody has read them, since the words
 * themselves stand in its log only.
 */
import type { AcceptedBody } from './correspondence.ts';
import { head, oneLine } from './fence.ts';

/** Characters by which people know their words again. */
const BEGINNING_CHARS = 60;

/** How a person's words begin, on one line, or the files that came without any; undefined: nobody said them. */
export function beginningOf(body: AcceptedBody): string | undefined {
  switch (body.kind) {
    case 'message': {
      const files = body.parts.flatMap((part) => (part.type === 'file' ? [part.name] : []));
      return beginning(body.text.trim() === '' ? files.join(', ') : body.text);
    }
    case 'steer':
      return body.by === 'person' ? beginning(body.text) : undefined;
    default:
      return undefined;
  }
}

function beginning(text: string): string {
  // Where it stands in a sentence, its own full stop would be one too many.
  const line = oneLine(text).replace(/(?<!\.)\.$/, '');
  return line.length <= BEGINNING_CHARS ? line : `${head(line, BEGINNING_CHARS - 1).trimEnd()}…`;
}
