/** Rules about shape: which fields there are, what they hold. Meaning is for the other rules. */
import { type Fields, isFields } from '../request.ts';
import { betaFields, displayUpdates } from './betas.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { blockFault, isServerTool } from './schema-blocks.ts';

type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array';

/** Every top-level field and the kind of its value; `?` after it allows null. */
const fields: Readonly<Record<string, `${Kind}${'' | '?'}`>> = {
  model: 'string',
  max_tokens: 'number',
  messages: 'array',
  system: 'array',
  tools: 'array',
  tool_choice: 'object',
  thinking: 'object',
  output_config: 'object',
  stop_sequences: 'array',
  stream: 'boolean',
  metadata: 'object',
  cache_control: 'object?',
  temperature: 'number',
  top_p: 'number',
  top_k: 'number',
  container: 'object?',
  diagnostics: 'object?',
  inference_geo: 'string?',
  service_tier: 'string',
  speed: 'string?',
};
/** These may also be a plain string. */
const orText = new Set(['system', 'container']);

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/** Says which field of an object has a value outside its set, or is unknown. */
function oneOf(at: string, value: Fields, allowed: Readonly<Record<string, readonly unknown[] | 'any'>>) {
  return first(Object.keys(value), (key) => {
    const values = allowed[key];
    if (values === undefined) return `${at}.${key}: Extra inputs are not permitted`;
    if (values === 'any' || values.includes(value[key])) return undefined;
    return `${at}.${key}: Input should be ${values.map((each) => JSON.stringify(each)).join(' or ')}`;
  });
}

const searchTypes = ['web_search_20250305', 'web_search_20260209', 'web_search_20260318'];

/** What is wrong with a tool that the API defines; of most only the name is looked at. */
function serverToolFault(at: string, type: string, tool: Fields): string | undefined {
  if (!type.startsWith('web_search')) return undefined;
  if (!searchTypes.includes(type)) return `${at}.type: "${type}" is not a known tool type`;
  const { max_uses: uses, allowed_domains: allowed, blocked_domains: blocked } = tool;
  if (uses !== undefined && uses !== null && !(Number.isInteger(uses) && Number(uses) > 0))
    return `${at}.${type}.max_uses: Input should be an integer greater than 0`;
  if (Array.isArray(allowed) && Array.isArray(blocked))
    return `${at}.${type}: only one of allowed_domains and blocked_domains may be given`;
  return oneOf(`${at}.${type}`, tool, {
    type: [type],
    name: ['web_search'],
    max_uses: 'any',
    allowed_domains: 'any',
    blocked_domains: 'any',
    user_location: 'any',
    cache_control: 'any',
    strict: [true, false],
    defer_loading: [true, false],
    allowed_callers: 'any',
    ...(type === 'web_search_20260318' ? { response_inclusion: ['full', 'excluded'] } : {}),
  });
}

function toolFault(tool: unknown, index: number): string | undefined {
  const at = `tools.${index}`;
  if (!isFields(tool)) return `${at}: Input should be an object`;
  if (typeof tool.type === 'string' && tool.type !== 'custom')
    return isServerTool(tool.type)
      ? serverToolFault(at, tool.type, tool)
      : `${at}.type: "${tool.type}" is not a known tool type`;
  if (typeof tool.name !== 'string') return `${at}.custom.name: Field required`;
  if (!isFields(tool.input_schema)) return `${at}.custom.input_schema: Field required`;
  if (tool.description !== undefined && typeof tool.description !== 'string')
    return `${at}.custom.description: Input should be a valid string`;
  return oneOf(`${at}.custom`, tool, {
    name: 'any',
    description: 'any',
    input_schema: 'any',
    type: ['custom', null],
    cache_control: 'any',
    strict: [true, false],
    defer_loading: [true, false],
    eager_input_streaming: [true, false, null],
    allowed_callers: 'any',
    input_examples: 'any',
  });
}

export const schemaRules: readonly Rule[] = rulesOf('schema', [
  {
    id: 'schema.unknown-field',
    source: 'D',
    check: ({ body }) =>
      first(Object.keys(body), (key) =>
        key in fields || key in betaFields ? undefined : `${key}: Extra inputs are not permitted`,
      ),
  },
  {
    id: 'schema.beta-field',
    source: 'D',
    check: ({ body, betas }) =>
      first(Object.keys(body), (key) => {
        const needed = betaFields[key];
        if (needed === undefined || needed.some((name) => betas.some((beta) => beta.startsWith(name))))
          return undefined;
        return `${key}: Extra inputs are not permitted (it needs the beta ${needed.join(' or ')})`;
      }),
  },
  {
    id: 'schema.field-type',
    source: 'T',
    check: ({ body }) =>
      first(Object.keys(fields), (key) => {
        const value = body[key];
        const kind = fields[key];
        if (value === undefined || kind === undefined) return undefined;
        const actual = kindOf(value);
        if (actual === kind.replace('?', '') || (actual === 'null' && kind.endsWith('?'))) return undefined;
        if (actual === 'string' && orText.has(key)) return undefined;
        return `${key}: Input should be a valid ${kind.replace('?', '')}`;
      }),
  },
  {
    id: 'schema.model-required',
    source: 'D',
    check: ({ body }) =>
      body.model === undefined || body.model === '' ? 'model: Field required' : undefined,
  },
  {
    id: 'schema.max-tokens-required',
    source: 'D',
    check: ({ body }) => (body.max_tokens === undefined ? 'max_tokens: Field required' : undefined),
  },
  {
    id: 'schema.max-tokens-integer',
    source: 'D',
    check: ({ body }) =>
      typeof body.max_tokens === 'number' && !(Number.isInteger(body.max_tokens) && body.max_tokens >= 0)
        ? 'max_tokens: Input should be an integer that is not negative'
        : undefined,
  },
  {
    id: 'schema.messages-required',
    source: 'D',
    check: ({ body }) => (body.messages === undefined ? 'messages: Field required' : undefined),
  },
  {
    id: 'schema.message',
    source: 'D',
    check: ({ body }) =>
      first(Array.isArray(body.messages) ? body.messages.entries() : [], ([index, message]) => {
        if (!isFields(message)) return `messages.${index}: Input should be an object`;
        if (typeof message.content !== 'string' && !Array.isArray(message.content))
          return `messages.${index}.content: Input should be a valid string or list`;
        return (
          oneOf(`messages.${index}`, message, {
            role: ['user', 'assistant', 'system'],
            content: 'any',
          }) ?? (message.role === undefined ? `messages.${index}.role: Field required` : undefined)
        );
      }),
  },
  {
    id: 'schema.block',
    source: 'T',
    check: ({ body, betas }) =>
      first(Array.isArray(body.messages) ? body.messages.entries() : [], ([index, message]) =>
        isFields(message) && Array.isArray(message.content)
          ? first(message.content.entries(), ([at, block]) =>
              blockFault(`messages.${index}.content.${at}`, block, betas),
            )
          : undefined,
      ),
  },
  {
    id: 'schema.system',
    source: 'D',
    check: ({ body, betas }) =>
      first(Array.isArray(body.system) ? body.system.entries() : [], ([index, block]) =>
        isFields(block) && block.type === 'text'
          ? blockFault(`system.${index}`, block, betas)
          : `system.${index}: Input should be a text block`,
      ),
  },
  {
    id: 'schema.tool',
    source: 'T',
    check: ({ body }) =>
      first(Array.isArray(body.tools) ? body.tools.entries() : [], ([index, tool]) => toolFault(tool, index)),
  },
  {
    id: 'schema.tool-choice',
    source: 'T',
    check({ body }) {
      const choice = body.tool_choice;
      if (!isFields(choice)) return undefined;
      if (choice.type === undefined) return 'tool_choice.type: Field required';
      if (choice.type === 'tool' && typeof choice.name !== 'string')
        return 'tool_choice.tool.name: Field required';
      return oneOf('tool_choice', choice, {
        type: ['auto', 'any', 'tool', 'none'],
        name: choice.type === 'tool' ? 'any' : [],
        disable_parallel_tool_use: choice.type === 'none' ? [] : [true, false],
      });
    },
  },
  {
    id: 'schema.thinking',
    source: 'T',
    check({ body, betas }) {
      const thinking = body.thinking;
      if (!isFields(thinking)) return undefined;
      const { type } = thinking;
      if (type === undefined) return 'thinking.type: Field required';
      if (type === 'enabled' && !Number.isInteger(thinking.budget_tokens))
        return 'thinking.enabled.budget_tokens: Field required, an integer';
      const shown = ['summarized', 'omitted', null];
      return oneOf('thinking', thinking, {
        type: ['adaptive', 'enabled', 'disabled', 'between_tools'],
        budget_tokens: type === 'enabled' ? 'any' : [],
        display:
          type !== 'adaptive' && type !== 'enabled'
            ? []
            : betas.includes(displayUpdates)
              ? [...shown, 'updates']
              : shown,
      });
    },
  },
  {
    id: 'schema.output-config',
    source: 'T',
    check({ body, betas }) {
      const config = body.output_config;
      if (!isFields(config)) return undefined;
      return oneOf('output_config', config, {
        effort: ['low', 'medium', 'high', 'xhigh', 'max', null],
        format: 'any',
        ...(betas.some((beta) => beta.startsWith('task-budgets-')) ? { task_budget: 'any' } : {}),
      });
    },
  },
  {
    id: 'schema.stop-sequences',
    source: 'T',
    check: ({ body }) =>
      Array.isArray(body.stop_sequences) && body.stop_sequences.some((text) => typeof text !== 'string')
        ? 'stop_sequences: Input should be a list of strings'
        : undefined,
  },
  {
    id: 'schema.metadata',
    source: 'T',
    check: ({ body }) =>
      isFields(body.metadata) ? oneOf('metadata', body.metadata, { user_id: 'any' }) : undefined,
  },
  {
    id: 'schema.service-tier',
    source: 'T',
    check: ({ body }) =>
      typeof body.service_tier === 'string' && !['auto', 'standard_only'].includes(body.service_tier)
        ? 'service_tier: Input should be "auto" or "standard_only"'
        : undefined,
  },
]);
