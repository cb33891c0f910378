/** Rules about messages: who begins, what may be empty, how a request may end, where system messages stand. */
import type { Fields } from '../request.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { isServerBlock } from './schema-blocks.ts';
import { place, type View } from './view.ts';

const mostMessages = 100_000;

function isBlank(block: Fields): boolean {
  return typeof block.text === 'string' && block.text.trim() === '';
}

/** The last turn, if it is the assistant's and not one that the API itself left open. */
function prefill(view: View) {
  const last = view.turns.at(-1);
  if (last?.role !== 'assistant') return undefined;
  const end = last.blocks.at(-1);
  return end !== undefined && isServerBlock(end.type) ? undefined : last;
}

export const messageRules: readonly Rule[] = rulesOf('pairing', [
  {
    id: 'messages.none',
    source: 'D',
    check: ({ messages }) =>
      messages.length === 0 ? 'messages: at least one message is required' : undefined,
  },
  {
    id: 'messages.too-many',
    source: 'D',
    check: ({ messages }) =>
      messages.length > mostMessages ? `messages: ${messages.length} > ${mostMessages}` : undefined,
  },
  {
    id: 'messages.first-user',
    source: 'D',
    check: ({ messages }) =>
      messages[0]?.role === 'assistant' ? 'messages: first message must use the "user" role' : undefined,
  },
  {
    id: 'messages.empty-content',
    source: 'D',
    check: ({ messages }) =>
      first(messages, (message) => {
        const empty = message.blocks.length === 0 || (message.plain && message.blocks[0]?.fields.text === '');
        const last = message.index === messages.length - 1 && message.role === 'assistant';
        // What system messages may hold has a rule of its own.
        return empty && !last && message.role !== 'system'
          ? `messages.${message.index}: all messages must have non-empty content except for the optional final assistant message`
          : undefined;
      }),
  },
  {
    id: 'messages.blank-text',
    source: 'I',
    check: ({ messages }) =>
      first(messages, (message) =>
        message.role === 'system'
          ? undefined
          : first(message.blocks, (block) =>
              block.type === 'text' && isBlank(block.fields) && !(message.plain && block.fields.text === '')
                ? `${place(block)}: text content blocks must be non-empty`
                : undefined,
            ),
      ),
  },
  {
    id: 'messages.blank-system',
    source: 'I',
    check: ({ body, system }) =>
      Array.isArray(body.system) && system.some(isBlank)
        ? 'system: text content blocks must be non-empty'
        : undefined,
  },
  {
    id: 'messages.prefill',
    source: 'D',
    applies: (model) => !model.prefill,
    check: (view) =>
      prefill(view) === undefined
        ? undefined
        : `This model does not support assistant message prefill. The conversation must end with a user message (it ends with messages.${view.messages.length - 1})`,
  },
  {
    id: 'messages.prefill-whitespace',
    source: 'D',
    applies: (model) => model.prefill,
    check(view) {
      const text = prefill(view)?.blocks.at(-1)?.fields.text;
      return typeof text === 'string' && text.trim() !== '' && text !== text.trimEnd()
        ? 'messages: final assistant content cannot end with trailing whitespace'
        : undefined;
    },
  },
]);

export const systemMessageRules: readonly Rule[] = rulesOf('pairing', [
  {
    id: 'system-role.unsupported',
    source: 'U',
    applies: (model) => !model.systemRole,
    check: ({ messages, modelId }) =>
      first(messages, (message) =>
        message.role === 'system'
          ? `messages.${message.index}: role "system" is not supported on ${modelId}`
          : undefined,
      ),
  },
  {
    id: 'system-role.leading',
    source: 'D',
    check: ({ messages }) =>
      messages[0]?.role === 'system'
        ? 'messages.0: the first message cannot have the role "system"; use the top-level `system` parameter'
        : undefined,
  },
  {
    id: 'system-role.not-text',
    source: 'D',
    check: ({ messages }) =>
      first(messages, (message) =>
        message.role === 'system' && message.blocks.some((block) => block.type !== 'text')
          ? `messages.${message.index}: a system message holds text only`
          : undefined,
      ),
  },
  {
    id: 'system-role.blank',
    source: 'D',
    check: ({ messages }) =>
      first(messages, (message) =>
        message.role === 'system' &&
        (message.blocks.length === 0 || message.blocks.some((block) => isBlank(block.fields)))
          ? `messages.${message.index}: a system message must be non-empty`
          : undefined,
      ),
  },
  {
    id: 'system-role.position',
    source: 'D',
    check: ({ turns }) =>
      first(turns.entries(), ([index, turn]) => {
        if (turn.role !== 'system' || index === 0) return undefined;
        const next = turns[index + 1];
        return turns[index - 1]?.role === 'user' && (next === undefined || next.role === 'assistant')
          ? undefined
          : `messages.${turn.message}: a system message stands after a user turn, and before an assistant turn or last`;
      }),
  },
]);
