/**
 * Calls of the API's own tools (such as a search of the web), which the API runs by itself: which of them stand
 * open in a transcript, and what closes them. The API runs an open one when its answer is sent back as it is, or
 * with nothing but the results of the answer's other calls; before anything else it must be closed.
 */
import type { Block } from './ports.ts';

export interface ServerCall {
  readonly id: string;
  readonly name: string;
}

const resultType = /^\w+_tool_result$/;

/** What stands open behind an answer, given what stood open before it. */
export function openBehind(before: readonly ServerCall[], content: readonly Block[]): readonly ServerCall[] {
  const open = [...before];
  for (const block of content) {
    if (block.type === 'server_tool_use' && typeof block.id === 'string' && typeof block.name === 'string') {
      open.push({ id: block.id, name: block.name });
    } else if (resultType.test(block.type)) {
      const at = open.findIndex(({ id }) => id === block.tool_use_id);
      if (at >= 0) open.splice(at, 1);
    }
  }
  return open;
}

/** Blocks of an assistant message that say of each call that nothing came of it. */
export function closing(calls: readonly ServerCall[]): Block[] {
  return calls.map(({ id, name }) => ({
    type: `${name}_tool_result`,
    tool_use_id: id,
    content: { type: `${name}_tool_result_error`, error_code: 'unavailable' },
  }));
}
