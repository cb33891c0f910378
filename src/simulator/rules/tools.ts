/** Rules about tools: their definitions, the choice among them, and calls paired with results. */
import { isFields } from '../request.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { type BlockView, place, type Turn, type View } from './view.ts';

const namePattern = /^[a-zA-Z0-9_-]{1,128}$/;
const idPattern = /^[a-zA-Z0-9_-]+$/;

/** Whether some object schema in a strict tool's schema is open to further properties. */
function isOpen(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(isOpen);
  if (!isFields(schema)) return false;
  if (schema.type === 'object' && schema.additionalProperties !== false) return true;
  return Object.entries(schema).some(([key, value]) => key !== 'enum' && key !== 'const' && isOpen(value));
}

function forced(view: View): boolean {
  const type = isFields(view.body.tool_choice) ? view.body.tool_choice.type : undefined;
  return type === 'any' || type === 'tool';
}

const definitions = rulesOf('limits', [
  {
    id: 'tools.name-pattern',
    source: 'D',
    check: ({ tools }) =>
      first(tools.entries(), ([index, tool]) =>
        typeof tool.name === 'string' && !namePattern.test(tool.name)
          ? `tools.${index}.custom.name: String should match pattern '${namePattern.source}'`
          : undefined,
      ),
  },
  {
    id: 'tools.name-duplicate',
    source: 'I',
    check({ tools }) {
      const seen = new Set<unknown>();
      return first(tools.entries(), ([index, tool]) => {
        if (tool.name === undefined) return undefined;
        if (seen.has(tool.name)) return `tools.${index}: Tool names must be unique ("${String(tool.name)}")`;
        seen.add(tool.name);
        return undefined;
      });
    },
  },
  {
    id: 'tools.schema-type',
    source: 'D',
    check: ({ tools }) =>
      first(tools.entries(), ([index, tool]) =>
        isFields(tool.input_schema) && tool.input_schema.type !== 'object'
          ? `tools.${index}.custom.input_schema.type: Input should be 'object'`
          : undefined,
      ),
  },
  {
    id: 'tools.schema-union',
    source: 'I',
    check: ({ tools }) =>
      first(tools.entries(), ([index, { input_schema: schema }]) =>
        isFields(schema) && ['anyOf', 'oneOf', 'allOf', '$ref'].some((key) => key in schema)
          ? `tools.${index}.custom.input_schema: does not support oneOf, allOf, anyOf or $ref at the top level`
          : undefined,
      ),
  },
  {
    id: 'tools.strict-open',
    source: 'D',
    check: ({ tools }) =>
      first(tools.entries(), ([index, tool]) =>
        tool.strict === true && isOpen(tool.input_schema)
          ? `tools.${index}.custom: a strict tool needs additionalProperties: false in every object of its schema`
          : undefined,
      ),
  },
  {
    id: 'tools.choice-without-tools',
    source: 'P',
    check: (view) =>
      forced(view) && view.tools.length === 0
        ? 'tool_choice: may only be specified while providing tools'
        : undefined,
  },
  {
    id: 'tools.choice-unknown-name',
    source: 'D',
    check({ body, tools }) {
      const choice = body.tool_choice;
      if (!isFields(choice) || choice.type !== 'tool' || tools.length === 0) return undefined;
      return tools.some((tool) => tool.name === choice.name)
        ? undefined
        : `tool_choice: Tool '${String(choice.name)}' not found in provided tools`;
    },
  },
  {
    id: 'tools.choice-forced',
    source: 'D',
    applies: (model) => !model.forcedTools,
    check: (view) =>
      forced(view) && view.tools.length > 0
        ? `tool_choice: ${view.modelId} does not support forcing a tool`
        : undefined,
  },
  {
    id: 'tools.choice-forced-thinking',
    source: 'D',
    check: (view) =>
      forced(view) && view.thinkingType === 'enabled'
        ? 'tool_choice: Thinking may not be enabled when tool_choice forces tool use'
        : undefined,
  },
]);

/** Each turn with tool calls beside the turn that must answer them. */
function* exchanges(view: View): Generator<{ calls: BlockView[]; answer: Turn | undefined }> {
  for (const [index, turn] of view.turns.entries()) {
    const calls = turn.role === 'assistant' ? turn.blocks.filter((block) => block.type === 'tool_use') : [];
    if (calls.length > 0) yield { calls, answer: view.turns[index + 1] };
  }
}

function resultsIn(turn: Turn | undefined): BlockView[] {
  return turn?.role === 'user' ? turn.blocks.filter((block) => block.type === 'tool_result') : [];
}

const pairing = rulesOf('pairing', [
  {
    id: 'tools.history-without-tools',
    source: 'I',
    check: (view) =>
      view.tools.length === 0 && view.blocks('tool_use').length + view.blocks('tool_result').length > 0
        ? 'tools: Requests which include `tool_use` or `tool_result` blocks must define tools'
        : undefined,
  },
  {
    id: 'tools.use-in-user',
    source: 'D',
    check: (view) =>
      first(view.blocks('tool_use'), (block) =>
        block.role === 'user'
          ? `${place(block)}: \`tool_use\` blocks can only be in \`assistant\` messages`
          : undefined,
      ),
  },
  {
    id: 'tools.result-in-assistant',
    source: 'D',
    check: (view) =>
      first(view.blocks('tool_result'), (block) =>
        block.role === 'assistant'
          ? `${place(block)}: \`tool_result\` blocks can only be in \`user\` messages`
          : undefined,
      ),
  },
  {
    id: 'tools.use-id-pattern',
    source: 'D',
    check: (view) =>
      first(view.blocks('tool_use'), (block) =>
        idPattern.test(String(block.fields.id))
          ? undefined
          : `${place(block)}.tool_use.id: String should match pattern '${idPattern.source}'`,
      ),
  },
  {
    id: 'tools.server-use-id',
    source: 'D',
    check: (view) =>
      first(view.blocks('server_tool_use'), (block) =>
        /^srvtoolu_[a-zA-Z0-9_]+$/.test(String(block.fields.id))
          ? undefined
          : `${place(block)}.server_tool_use.id: String should match pattern '^srvtoolu_[a-zA-Z0-9_]+$'`,
      ),
  },
  {
    id: 'tools.use-name-pattern',
    source: 'U',
    check: (view) =>
      first(view.blocks('tool_use'), (block) =>
        namePattern.test(String(block.fields.name))
          ? undefined
          : `${place(block)}.tool_use.name: String should match pattern '${namePattern.source}'`,
      ),
  },
  {
    id: 'tools.input-object',
    source: 'D',
    check: (view) =>
      first([...view.blocks('tool_use'), ...view.blocks('server_tool_use')], (block) =>
        isFields(block.fields.input)
          ? undefined
          : `${place(block)}.${block.type}.input: Input should be a valid dictionary`,
      ),
  },
  {
    id: 'tools.result-blank-text',
    source: 'U',
    check: (view) =>
      first(view.blocks('tool_result'), (block) =>
        Array.isArray(block.fields.content) &&
        block.fields.content.some(
          (part) => isFields(part) && typeof part.text === 'string' && part.text.trim() === '',
        )
          ? `${place(block)}.tool_result: text content blocks must be non-empty`
          : undefined,
      ),
  },
  {
    id: 'tools.duplicate-use-id',
    source: 'I',
    check(view) {
      const seen = new Set<unknown>();
      return first(view.blocks('tool_use'), (block) => {
        if (seen.has(block.fields.id))
          return `${place(block)}: \`tool_use\` ids must be unique (${String(block.fields.id)})`;
        seen.add(block.fields.id);
        return undefined;
      });
    },
  },
  {
    id: 'tools.missing-result',
    source: 'I',
    check: (view) =>
      first(exchanges(view), ({ calls, answer }) => {
        const answered = new Set(resultsIn(answer).map((block) => block.fields.tool_use_id));
        const open = calls.find((call) => !answered.has(call.fields.id));
        return open === undefined
          ? undefined
          : `${place(open)}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${String(open.fields.id)}`;
      }),
  },
  {
    id: 'tools.unexpected-result',
    source: 'I',
    check: (view) =>
      first(view.turns.entries(), ([index, turn]) => {
        const before = view.turns[index - 1];
        const asked = new Set(
          before?.role === 'assistant'
            ? before.blocks.flatMap((block) => (block.type === 'tool_use' ? [block.fields.id] : []))
            : [],
        );
        return first(resultsIn(turn), (block) =>
          asked.has(block.fields.tool_use_id)
            ? undefined
            : `${place(block)}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${String(block.fields.tool_use_id)}. Each must have a corresponding \`tool_use\` block in the previous message`,
        );
      }),
  },
  {
    id: 'tools.several-results',
    source: 'I',
    check: (view) =>
      first(view.turns, (turn) => {
        const seen = new Set<unknown>();
        return first(resultsIn(turn), (block) => {
          const id = block.fields.tool_use_id;
          if (seen.has(id))
            return `${place(block)}: each tool_use must have a single result. Found several with id ${String(id)}`;
          seen.add(id);
          return undefined;
        });
      }),
  },
  {
    id: 'tools.results-first',
    source: 'D',
    check: (view) =>
      first(view.turns, (turn) => {
        if (turn.role !== 'user') return undefined;
        let other = false;
        return first(turn.blocks, (block) => {
          if (block.type !== 'tool_result') other = true;
          else if (other) return `${place(block)}: \`tool_result\` blocks must come first in their message`;
          return undefined;
        });
      }),
  },
]);

export const toolRules: readonly Rule[] = [...definitions, ...pairing];
