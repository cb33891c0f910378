/** Rules about the request as a whole: headers, size, JSON, the model, and limits on its parameters. */
import { fileTokens } from '../file-tokens.ts';
import { isFields } from '../request.ts';
import { knownBetas } from './betas.ts';
import { first, type Rule, rulesOf } from './rule.ts';
import { listed, newestVersion, place } from './view.ts';

const versions = ['2023-06-01', newestVersion];
const largestBody = 32 * 1024 * 1024;

const headers = rulesOf('headers', [
  {
    id: 'headers.auth-missing',
    source: 'D',
    status: 401,
    type: 'authentication_error',
    check: ({ headers }) =>
      headers !== undefined && headers['x-api-key'] === undefined && headers.authorization === undefined
        ? 'x-api-key header is required (or authorization: Bearer …)'
        : undefined,
  },
  {
    id: 'headers.auth-malformed',
    source: 'D',
    status: 401,
    type: 'authentication_error',
    check({ headers }) {
      const key = headers?.['x-api-key'];
      const bearer = headers?.authorization;
      if (key !== undefined) return key.trim() === '' ? 'invalid x-api-key' : undefined;
      if (bearer !== undefined && !/^Bearer \S+$/i.test(bearer)) return 'Invalid bearer token';
      return undefined;
    },
  },
  {
    id: 'headers.version-missing',
    source: 'D',
    check: ({ headers }) =>
      headers !== undefined && (headers['anthropic-version'] ?? '') === ''
        ? 'anthropic-version: header is required'
        : undefined,
  },
  {
    id: 'headers.version-unknown',
    source: 'D',
    check: ({ headers, version }) =>
      headers !== undefined && version !== '' && !versions.includes(version)
        ? `anthropic-version: "${version}" is not a valid version. Known: ${versions.join(', ')}`
        : undefined,
  },
  {
    id: 'headers.beta-unknown',
    source: 'D',
    check: ({ headers }) =>
      first(listed(headers?.['anthropic-beta']), (beta) =>
        knownBetas.has(beta)
          ? undefined
          : `Unexpected value(s) \`${beta}\` for the \`anthropic-beta\` header`,
      ),
  },
]);

const body = [
  ...rulesOf('size', [
    {
      id: 'size.too-large',
      source: 'D',
      status: 413,
      type: 'request_too_large',
      check: ({ bytes }) =>
        bytes !== undefined && bytes > largestBody
          ? `Request exceeds the maximum size: ${bytes} bytes > ${largestBody} bytes`
          : undefined,
    },
  ]),
  ...rulesOf('json', [
    {
      id: 'json.invalid',
      source: 'D',
      check: ({ unreadable }) =>
        unreadable === undefined ? undefined : `The request body is not valid JSON: ${unreadable}`,
    },
  ]),
  ...rulesOf('model', [
    {
      id: 'model.unknown',
      source: 'D',
      status: 404,
      type: 'not_found_error',
      check: ({ model, modelId }) => (model === undefined ? `model: ${modelId}` : undefined),
    },
  ]),
];

const limits = rulesOf('limits', [
  {
    id: 'limits.max-tokens',
    source: 'D',
    check({ body, model }) {
      const wanted = body.max_tokens;
      if (typeof wanted !== 'number' || model === undefined || wanted <= model.maxOutput) return undefined;
      return `max_tokens: ${wanted} > ${model.maxOutput}, which is the maximum allowed number of output tokens for ${model.id}`;
    },
  },
  {
    id: 'limits.blank-stop-sequence',
    source: 'D',
    check: ({ body }) =>
      Array.isArray(body.stop_sequences) &&
      body.stop_sequences.some((text) => typeof text === 'string' && text.trim() === '')
        ? 'stop_sequences: each stop sequence must contain non-whitespace'
        : undefined,
  },
  {
    id: 'limits.sampling-version',
    source: 'D',
    check: ({ body, version }) =>
      version < newestVersion
        ? undefined
        : first(['temperature', 'top_p', 'top_k'], (name) =>
            body[name] === undefined ? undefined : `${name}: not supported in API version ${version}`,
          ),
  },
  {
    id: 'limits.sampling-model',
    source: 'D',
    applies: (model) => !model.sampling,
    check({ body, version, modelId }) {
      if (version >= newestVersion) return undefined;
      const changed =
        (body.temperature !== undefined && body.temperature !== 1) ||
        (body.top_p !== undefined && body.top_p !== 1) ||
        body.top_k !== undefined;
      return changed ? `temperature, top_p and top_k must have their defaults on ${modelId}` : undefined;
    },
  },
  {
    id: 'limits.temperature-range',
    source: 'D',
    applies: (model) => model.sampling,
    check({ body, version }) {
      const value = body.temperature;
      if (version >= newestVersion || typeof value !== 'number') return undefined;
      return value >= 0 && value <= 1 ? undefined : `temperature: ${value} is not in the range 0..1`;
    },
  },
  {
    id: 'limits.assistant-document',
    source: 'D',
    check: (view) =>
      view.version < newestVersion
        ? undefined
        : first(view.blocks('document'), (block) =>
            block.role === 'assistant'
              ? `${place(block)}: a document block is not allowed in an assistant message`
              : undefined,
          ),
  },
  {
    id: 'limits.user-citations',
    source: 'D',
    check: (view) =>
      view.version < newestVersion
        ? undefined
        : first(view.blocks('text'), (block) =>
            block.role === 'user' &&
            Array.isArray(block.fields.citations) &&
            block.fields.citations.length > 0
              ? `${place(block)}.citations: must be empty on user text`
              : undefined,
          ),
  },
]);

const tokens = rulesOf('tokens', [
  {
    id: 'tokens.prompt-too-long',
    source: 'D',
    check({ body, model }) {
      if (model === undefined) return undefined;
      const estimate = estimateTokens(body);
      return estimate > model.window
        ? `prompt is too long: ${estimate} tokens > ${model.window} maximum`
        : undefined;
    },
  },
]);

/** A prompt's tokens, taken as a quarter of its characters; files are counted as what they show. */
export function estimateTokens(body: Readonly<Record<string, unknown>>): number {
  const characters = length(body.system) + length(body.tools) + length(body.messages);
  return Math.max(1, Math.ceil(characters / 4));
}

function length(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + length(each), 0);
  if (!isFields(value)) return 2;
  const file = fileTokens(value);
  if (file !== undefined) return 4 * file;
  let sum = 0;
  for (const key in value) if (key !== 'cache_control') sum += key.length + length(value[key]);
  return sum;
}

export const envelopeRules: readonly Rule[] = [...headers, ...body, ...limits, ...tokens];
