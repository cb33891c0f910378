/**
 * Signatures of thoughts, bound to all that stands before them, as the strict API demands them back. Made by the
 * simulator's own signing, so that its rules tell at once when a transcript was changed behind a thought.
 */
import type { Block, ModelRequest } from '../../src/core/ports.ts';
import { requestPrefix, sign } from '../../src/simulator/rules/prefix.ts';

export interface Signing {
  /** The answer goes on by a block. */
  add(block: Block): void;
  /** Signs the next thought. */
  next(thought: string): string;
}

/** Signs the thoughts, `of` them, of an answer to `request`. Without any, nothing is computed. */
export function signed(request: ModelRequest, of: number): Signing {
  const prefix = of > 0 ? requestPrefix({ ...request }) : undefined;
  let index = 0;
  return {
    add: (block) => prefix?.add('assistant', block),
    next(thought) {
      if (!prefix) throw new Error('an answer without thoughts has none to sign');
      index += 1;
      return sign(thought, index, of, prefix);
    },
  };
}
