/** The content blocks that a request may hold, and the fields of each. Knows nothing of roles or order. */
import { type Fields, isFields } from '../request.ts';

type Kind = 'string' | 'object' | 'content' | 'any';

interface Shape {
  readonly required: Readonly<Record<string, Kind>>;
  readonly optional: readonly string[];
}

const cache = 'cache_control';

const shapes: Readonly<Record<string, Shape>> = {
  text: { required: { text: 'string' }, optional: ['citations', cache] },
  image: { required: { source: 'object' }, optional: ['transformations', cache] },
  document: { required: { source: 'object' }, optional: ['title', 'context', 'citations', cache] },
  search_result: {
    required: { source: 'string', title: 'string', content: 'content' },
    optional: ['citations', cache],
  },
  // A cache mark on thinking is named by a rule of its own.
  thinking: { required: { thinking: 'string', signature: 'string' }, optional: [cache] },
  redacted_thinking: { required: { data: 'string' }, optional: [cache] },
  tool_use: {
    required: { id: 'string', name: 'string', input: 'any' },
    optional: ['caller', 'toolset_name', cache],
  },
  tool_result: {
    required: { tool_use_id: 'string' },
    optional: ['content', 'is_error', 'toolset_name', cache],
  },
  server_tool_use: { required: { id: 'string', name: 'string', input: 'any' }, optional: ['caller', cache] },
  container_upload: { required: { file_id: 'string' }, optional: [cache] },
};

/** Results of tools that the API runs itself; passed back as they came. */
const serverResults = new Set([
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
]);

const insideResults = new Set(['text', 'image', 'search_result', 'document']);

/** Whether a tool's type names one that the API defines: `web_search_20260318`, `bash_20250124` … */
export function isServerTool(type: string): boolean {
  return /^(bash|text_editor|web_search|web_fetch|code_execution|memory|computer|computer_toolset|browser_toolset|tool_search_tool_(bm25|regex)|mcp_toolset)(_\d{8})?$/.test(
    type,
  );
}

/** Whether a block belongs to a tool that the API runs itself. */
export function isServerBlock(type: string): boolean {
  return type === 'server_tool_use' || serverResults.has(type);
}

/** What is wrong with one block at a place such as `messages.0.content.1`. */
export function blockFault(at: string, block: unknown, betas: readonly string[]): string | undefined {
  if (!isFields(block)) return `${at}: Input should be an object`;
  const type = block.type;
  if (typeof type !== 'string') return `${at}.type: Field required`;
  if (type === 'web_search_tool_result') return searchFault(`${at}.${type}`, block);
  if (serverResults.has(type)) return undefined;
  if (type === 'compaction' && betas.some((beta) => beta.startsWith('compact-'))) return undefined;
  const shape = shapes[type];
  if (shape === undefined) return `${at}: Input tag '${type}' is not one of the expected tags`;
  for (const [name, kind] of Object.entries(shape.required)) {
    const value = block[name];
    if (value === undefined) return `${at}.${type}.${name}: Field required`;
    if (kind === 'string' && typeof value !== 'string')
      return `${at}.${type}.${name}: Input should be a valid string`;
    if (kind === 'object' && !isFields(value)) return `${at}.${type}.${name}: Input should be an object`;
    if (kind === 'content' && !Array.isArray(value)) return `${at}.${type}.${name}: Input should be a list`;
  }
  for (const name in block)
    if (name !== 'type' && !(name in shape.required) && !shape.optional.includes(name))
      return `${at}.${type}.${name}: Extra inputs are not permitted`;
  if (type === 'image' || type === 'document') return sourceFault(`${at}.${type}`, type, block);
  if (type === 'text') return citationFault(`${at}.text.citations`, block.citations);
  return type === 'tool_result'
    ? resultFault(`${at}.tool_result`, block.content, block.is_error, betas)
    : undefined;
}

/** The fields of each kind of source, all of them required. */
const sources: Readonly<Record<'image' | 'document', Readonly<Record<string, readonly string[]>>>> = {
  image: { base64: ['media_type', 'data'], url: ['url'], file: ['file_id'] },
  document: {
    base64: ['media_type', 'data'],
    text: ['media_type', 'data'],
    content: ['content'],
    url: ['url'],
    file: ['file_id'],
  },
};
const documentMedia: Readonly<Record<string, string>> = { base64: 'application/pdf', text: 'text/plain' };

/** What is wrong with where an image or a document comes from. */
function sourceFault(at: string, kind: 'image' | 'document', block: Fields): string | undefined {
  const source = isFields(block.source) ? block.source : {};
  const type = String(source.type);
  const names = sources[kind][type];
  if (names === undefined)
    return `${at}.source: Input tag '${type}' does not match any of the expected tags: ${Object.keys(sources[kind]).join(', ')}`;
  for (const name of names) {
    const value = source[name];
    if (value === undefined) return `${at}.source.${type}.${name}: Field required`;
    if (name !== 'content' && typeof value !== 'string')
      return `${at}.source.${type}.${name}: Input should be a valid string`;
  }
  for (const name in source)
    if (name !== 'type' && !names.includes(name))
      return `${at}.source.${type}.${name}: Extra inputs are not permitted`;
  if (type === 'base64' && !isBase64(String(source.data)))
    return `${at}.source.base64.data: Input should be base64-encoded bytes`;
  if (kind === 'image') return undefined;
  const media = documentMedia[type];
  if (media !== undefined && source.media_type !== media)
    return `${at}.source.${type}.media_type: Input should be '${media}'`;
  const { title } = block;
  return title === undefined || title === null || (typeof title === 'string' && title !== '')
    ? undefined
    : `${at}.title: Input should be a string of at least 1 character`;
}

function isBase64(data: string): boolean {
  return data !== '' && data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
}

const searchErrors = [
  'invalid_tool_input',
  'unavailable',
  'max_uses_exceeded',
  'too_many_requests',
  'query_too_long',
  'request_too_large',
];

/** What is wrong with the results of a search. */
function searchFault(at: string, block: Fields): string | undefined {
  for (const name in block)
    if (!['type', 'tool_use_id', 'content', 'caller', cache].includes(name))
      return `${at}.${name}: Extra inputs are not permitted`;
  if (typeof block.tool_use_id !== 'string') return `${at}.tool_use_id: Field required`;
  const { content } = block;
  if (!Array.isArray(content)) {
    const isError = isFields(content) && content.type === 'web_search_tool_result_error';
    return isError && searchErrors.some((code) => code === content.error_code)
      ? undefined
      : `${at}.content: Input should be a list of results or an error with a known error_code`;
  }
  for (const [index, result] of content.entries()) {
    const inner = `${at}.content.${index}`;
    if (!isFields(result) || result.type !== 'web_search_result')
      return `${inner}: Input should be a web_search_result`;
    for (const name of ['encrypted_content', 'title', 'url'])
      if (typeof result[name] !== 'string') return `${inner}.${name}: Field required`;
    for (const name in result)
      if (!['type', 'encrypted_content', 'title', 'url', 'page_age'].includes(name))
        return `${inner}.${name}: Extra inputs are not permitted`;
  }
  return undefined;
}

/** What is wrong with the citations of a search's results; those of other kinds are not looked at. */
function citationFault(at: string, citations: unknown): string | undefined {
  if (!Array.isArray(citations)) return undefined;
  for (const [index, citation] of citations.entries()) {
    if (!isFields(citation) || citation.type !== 'web_search_result_location') continue;
    for (const name of ['cited_text', 'encrypted_index', 'url'])
      if (typeof citation[name] !== 'string') return `${at}.${index}.${name}: Field required`;
    if (citation.title === undefined) return `${at}.${index}.title: Field required`;
  }
  return undefined;
}

function resultFault(
  at: string,
  content: unknown,
  isError: unknown,
  betas: readonly string[],
): string | undefined {
  if (isError !== undefined && typeof isError !== 'boolean')
    return `${at}.is_error: Input should be a boolean`;
  if (content === undefined || typeof content === 'string') return undefined;
  if (!Array.isArray(content)) return `${at}.content: Input should be a valid string or list`;
  for (const [index, block] of content.entries()) {
    const inner = `${at}.content.${index}`;
    const type = isFields(block) ? block.type : undefined;
    if (type === 'tool_reference' || type === 'browser_state') continue;
    if (typeof type !== 'string' || !insideResults.has(type))
      return `${inner}: a tool result holds ${[...insideResults].join(', ')}, not ${String(type)}`;
    const fault = blockFault(inner, block, betas);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
