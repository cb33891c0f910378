/** Rules about tools that the API runs itself: their calls paired with their results, and what a search found. */
import { isFields } from '../request.ts';
import { readSeal } from './prefix.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { type BlockView, place, type Turn, type View } from './view.ts';

const isResult = (type: string): boolean => type.endsWith('_tool_result') && type !== 'mcp_tool_result';

interface Loose {
  /** Calls whose result is missing where it had to be. */
  readonly unanswered: BlockView[];
  /** Results that belong to no call that was open. */
  readonly unexpected: BlockView[];
  /** Calls that the API is to run in its next answer. */
  readonly open: BlockView[];
}

/**
 * A result stands in the turn of its call, or, if client tools were called beside it, at the beginning of the turn
 * behind their results. A call may be open at the end of a request only.
 */
function looseEnds({ turns }: View): Loose {
  const found: Loose = { unanswered: [], unexpected: [], open: [] };
  const open = new Map<unknown, { block: BlockView; turn: number }>();
  for (const [index, turn] of turns.entries()) {
    for (const block of turn.blocks) {
      if (block.type === 'server_tool_use' && turn.role === 'assistant') {
        open.set(block.fields.id, { block, turn: index });
      } else if (isResult(block.type)) {
        const call = open.get(block.fields.tool_use_id);
        const due = call?.turn === index || (call?.turn === index - 2 && callsClient(turns[call.turn]));
        if (turn.role !== 'assistant' || !due) found.unexpected.push(block);
        else open.delete(block.fields.tool_use_id);
      }
    }
  }
  for (const { block, turn } of open.values()) {
    const last = turns.length - 1;
    const isDue = turn === last || (turn === last - 1 && callsClient(turns[turn]));
    (isDue ? found.open : found.unanswered).push(block);
  }
  return found;
}

function callsClient(turn: Turn | undefined): boolean {
  return turn?.blocks.some(({ type }) => type === 'tool_use') ?? false;
}

export const serverToolRules: readonly Rule[] = rulesOf('pairing', [
  {
    id: 'server-tools.unanswered',
    source: 'I',
    check: (view) =>
      first(looseEnds(view).unanswered, (block) => {
        const name = String(block.fields.name);
        return `${place(block)}: \`${name}\` tool use with id \`${String(block.fields.id)}\` was found without a corresponding \`${name}_tool_result\` block`;
      }),
  },
  {
    id: 'server-tools.unexpected-result',
    source: 'U',
    check: (view) =>
      first(
        looseEnds(view).unexpected,
        (block) =>
          `${place(block)}: unexpected \`${block.type}\`: there is no call ${String(block.fields.tool_use_id)} that it could answer here`,
      ),
  },
  {
    id: 'server-tools.deferred-with-more',
    source: 'I',
    check(view) {
      const last = view.turns.at(-1);
      if (last?.role !== 'user' || looseEnds(view).open.length === 0) return undefined;
      return first(last.blocks, (block) =>
        block.type === 'tool_result'
          ? undefined
          : `${place(block)}: while a server tool is to be run, a message holds the results of the client's tools only`,
      );
    },
  },
  {
    id: 'server-tools.foreign-result',
    source: 'D',
    check: (view) =>
      first(view.blocks('web_search_tool_result'), (block) =>
        first(Array.isArray(block.fields.content) ? block.fields.content : [], (result) =>
          isFields(result) && readSeal(result.encrypted_content) === String(result.url)
            ? undefined
            : `${place(block)}.web_search_tool_result.content: Invalid \`encrypted_content\` in \`web_search_result\` block`,
        ),
      ),
  },
]);
