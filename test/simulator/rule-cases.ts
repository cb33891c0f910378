/** For each rule one request that breaks it and no other. Owns the requests; what is asserted stands in the test. */
import { beginPrefix, seal, sign } from '../../src/simulator/rules/prefix.ts';
import type { CheckedRequest } from '../../src/simulator/rules.ts';

export const goodHeaders = { 'x-api-key': 'sk-test', 'anthropic-version': '2026-10-21' };
const olderHeaders = { 'x-api-key': 'sk-test', 'anthropic-version': '2023-06-01' };

export const user = (content: unknown) => ({ role: 'user', content });
export const assistant = (content: unknown) => ({ role: 'assistant', content });
export const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
export const call = (id: string, more: object = {}) => ({
  type: 'tool_use',
  id,
  name: 'look',
  input: {},
  ...more,
});
export const result = (id: string, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'seen',
  ...more,
});
export const tool = (name = 'look', schema: object = { type: 'object' }) => ({ name, input_schema: schema });
export const search = (id: string) => ({
  type: 'server_tool_use',
  id: `srvtoolu_${id}`,
  name: 'web_search',
  input: { query: 'x' },
});
/** What a search found: one page, sealed as `sealedAs` was. */
export const found = (id: string, sealedAs = 'https://page.example/') => ({
  type: 'web_search_tool_result',
  tool_use_id: `srvtoolu_${id}`,
  content: [
    {
      type: 'web_search_result',
      url: 'https://page.example/',
      title: 'Page',
      encrypted_content: seal(sealedAs),
      page_age: null,
    },
  ],
});
const mark = (ttl?: string) => ({
  cache_control: { type: 'ephemeral', ...(ttl === undefined ? {} : { ttl }) },
});
const image = (data: string, type = 'image/png') => ({
  type: 'image',
  source: { type: 'base64', media_type: type, data },
});
const pdf = (bytes: string) => ({
  type: 'document',
  source: {
    type: 'base64',
    media_type: 'application/pdf',
    data: Buffer.from(bytes, 'latin1').toString('base64'),
  },
});
/** The head of a PNG of this size. */
export function png(width: number, height: number): string {
  const bytes = Buffer.alloc(33);
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1');
  bytes.writeUInt32BE(13, 8);
  bytes.write('IHDR', 12, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
}

/** A thinking block signed as the answer to a prompt, the `index`-th of `of`. */
export function thought(prompt: string, index = 1, of = 1) {
  const prefix = beginPrefix([], [tool()]);
  prefix.add('user', text(prompt));
  return { type: 'thinking', thinking: 'hm', signature: sign('hm', index, of, prefix) };
}

type Case = CheckedRequest;

export const base = {
  model: 'claude-opus-5-5',
  max_tokens: 1000,
  messages: [user('Hello')],
};
const withBody = (more: object): Case => ({ headers: goodHeaders, body: { ...base, ...more } });
const olderVersion = (more: object): Case => ({ headers: olderHeaders, body: { ...base, ...more } });
const talk = (...messages: object[]): Case => withBody({ messages });
const work = (...messages: object[]): Case => withBody({ tools: [tool()], messages });
const headers = (given: Record<string, string>): Case => ({ headers: given, body: base });

const haiku45 = { model: 'claude-haiku-4-5' };

export const ruleCases: Readonly<Record<string, Case>> = {
  'headers.auth-missing': headers({ 'anthropic-version': '2026-10-21' }),
  'headers.auth-malformed': headers({ 'anthropic-version': '2026-10-21', authorization: 'Basic abc' }),
  'headers.version-missing': headers({ 'x-api-key': 'k' }),
  'headers.version-unknown': headers({ 'x-api-key': 'k', 'anthropic-version': '2024-01-01' }),
  'headers.beta-unknown': headers({ ...goodHeaders, 'anthropic-beta': 'compact-2026-01-12, time-travel-1' }),
  'size.too-large': { headers: goodHeaders, body: base, bytes: 33 * 1024 * 1024 },
  'json.invalid': { headers: goodHeaders, body: '{"model": ' },
  'model.unknown': withBody({ model: 'claude-opus-9' }),

  'schema.unknown-field': withBody({ frobnicate: true }),
  'schema.beta-field': withBody({ context_management: { edits: [] } }),
  'schema.field-type': withBody({ stream: 'yes' }),
  'schema.model-required': withBody({ model: undefined }),
  'schema.max-tokens-required': withBody({ max_tokens: undefined }),
  'schema.max-tokens-integer': withBody({ max_tokens: 1.5 }),
  'schema.messages-required': withBody({ messages: undefined }),
  'schema.message': talk({ ...user('Hello'), name: 'ada' }),
  'schema.block': talk(user([{ type: 'text', text: 'Hello', colour: 'red' }])),
  'schema.system': withBody({ system: [{ type: 'image', source: {} }] }),
  'schema.tool': withBody({ tools: [{ name: 'look' }] }),
  'schema.tool-choice': withBody({ tools: [tool()], tool_choice: { type: 'maybe' } }),
  'schema.thinking': withBody({ thinking: { type: 'adaptive', budget_tokens: 2000 } }),
  'schema.output-config': withBody({ output_config: { effort: 'enormous' } }),
  'schema.stop-sequences': withBody({ stop_sequences: [7] }),
  'schema.metadata': withBody({ metadata: { user_id: 'u', session: 's' } }),
  'schema.service-tier': withBody({ service_tier: 'gold' }),

  'limits.max-tokens': withBody({ max_tokens: 128_001 }),
  'limits.blank-stop-sequence': withBody({ stop_sequences: ['END', ' \n'] }),
  'limits.sampling-version': withBody({ ...haiku45, temperature: 1 }),
  'limits.sampling-model': olderVersion({ model: 'claude-opus-4-7', temperature: 0.5 }),
  'limits.temperature-range': olderVersion({ ...haiku45, temperature: 1.5 }),
  'limits.assistant-document': talk(
    user('Hello'),
    assistant([
      text('Here:'),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
    ]),
    user('Thanks'),
  ),
  'limits.user-citations': talk(user([text('Hello', { citations: [{ type: 'char_location' }] })])),

  'messages.none': talk(),
  'messages.too-many': talk(...Array.from({ length: 100_001 }, () => user('a'))),
  'messages.first-user': talk(assistant('Hello'), user('Hello')),
  'messages.empty-content': talk(user([]), assistant('Yes?'), user('Hello')),
  'messages.blank-text': talk(user([text('Hello'), text(' \n')])),
  'messages.blank-system': withBody({ system: [text(' ')] }),
  'messages.prefill': talk(user('Hello'), assistant('Well')),
  'messages.prefill-whitespace': withBody({ ...haiku45, messages: [user('Hello'), assistant('Well ')] }),

  'system-role.unsupported': withBody({
    model: 'claude-opus-4-7',
    messages: [user('Hello'), { role: 'system', content: 'Be brief.' }],
  }),
  'system-role.leading': talk({ role: 'system', content: 'Be brief.' }, user('Hello')),
  'system-role.not-text': talk(user('Hello'), { role: 'system', content: [image(png(1, 1))] }),
  'system-role.blank': talk(user('Hello'), { role: 'system', content: '' }),
  'system-role.position': talk(user('Hello'), { role: 'system', content: 'Be brief.' }, user('And now?')),

  'tools.name-pattern': withBody({ tools: [tool('look around')] }),
  'tools.name-duplicate': withBody({ tools: [tool(), tool()] }),
  'tools.schema-type': withBody({ tools: [tool('look', { type: 'string' })] }),
  'tools.schema-union': withBody({ tools: [tool('look', { type: 'object', oneOf: [] })] }),
  'tools.strict-open': withBody({
    tools: [
      {
        ...tool('look', {
          type: 'object',
          additionalProperties: false,
          properties: { at: { type: 'object' } },
        }),
        strict: true,
      },
    ],
  }),
  'tools.choice-without-tools': withBody({ model: 'claude-opus-4-8', tool_choice: { type: 'any' } }),
  'tools.choice-unknown-name': withBody({
    model: 'claude-opus-4-8',
    tools: [tool()],
    tool_choice: { type: 'tool', name: 'listen' },
  }),
  'tools.choice-forced': withBody({ tools: [tool()], tool_choice: { type: 'any' } }),
  'tools.choice-forced-thinking': withBody({
    ...haiku45,
    max_tokens: 4000,
    tools: [tool()],
    tool_choice: { type: 'tool', name: 'look' },
    thinking: { type: 'enabled', budget_tokens: 2000 },
  }),
  'tools.history-without-tools': talk(user('Hello'), assistant([call('t1')]), user([result('t1')])),
  'tools.use-in-user': work(user([text('Hello'), call('t1')])),
  'tools.result-in-assistant': work(user('Hello'), assistant([text('Hm'), result('t1')]), user('Well?')),
  'tools.use-id-pattern': work(user('Hello'), assistant([call('t:1')]), user([result('t:1')])),
  'tools.server-use-id': work(
    user('Hello'),
    assistant([{ type: 'server_tool_use', id: 'toolu_1', name: 'web_search', input: {} }]),
  ),
  'tools.use-name-pattern': work(
    user('Hello'),
    assistant([call('t1', { name: 'look around' })]),
    user([result('t1')]),
  ),
  'tools.input-object': work(user('Hello'), assistant([call('t1', { input: '{}' })]), user([result('t1')])),
  'tools.result-blank-text': work(
    user('Hello'),
    assistant([call('t1')]),
    user([result('t1', { content: [text('')] })]),
  ),
  'tools.duplicate-use-id': work(
    user('Hello'),
    assistant([call('t1')]),
    user([result('t1')]),
    assistant([call('t1')]),
    user([result('t1')]),
  ),
  'tools.missing-result': work(
    user('Hello'),
    assistant([call('t1'), call('t2')]),
    user([result('t2'), text('And?')]),
  ),
  'tools.unexpected-result': work(user('Hello'), assistant('Hm'), user([result('t1')])),
  'tools.several-results': work(
    user('Hello'),
    assistant([call('t1')]),
    user([result('t1')]),
    user([result('t1')]),
  ),
  'tools.results-first': work(user('Hello'), assistant([call('t1')]), user('Wait'), user([result('t1')])),

  'server-tools.unanswered': work(user('Hello'), assistant([text('I search.'), search('1')]), user('Well?')),
  'server-tools.unexpected-result': work(user('Hello'), assistant([found('1')]), user('Well?')),
  'server-tools.deferred-with-more': work(
    user('Hello'),
    assistant([search('1'), call('t1')]),
    user([result('t1'), text('Well?')]),
  ),
  'server-tools.foreign-result': work(
    user('Hello'),
    assistant([search('1'), found('1', 'https://other.example/'), text('Found.')]),
    user('Well?'),
  ),

  'images.media-type': talk(user([image(png(1, 1), 'image/tiff')])),
  'images.too-many': withBody({
    ...haiku45,
    messages: [user(Array.from({ length: 101 }, () => image(png(1, 1))))],
  }),
  'images.too-large': talk(user([image(png(1, 1) + 'A'.repeat(7 * 1024 * 1024))])),
  'images.mismatch': talk(user([image(png(1, 1), 'image/gif')])),
  'images.dimensions': talk(user(Array.from({ length: 21 }, () => image(png(2001, 10))))),

  'documents.pdf-invalid': talk(user([pdf('%PFD-1.7')])),
  'documents.too-many-pages': withBody({
    ...haiku45,
    messages: [user([pdf(`%PDF-1.7 ${'<</Type /Page>>'.repeat(101)}`)])],
  }),
  'documents.text-empty': talk(
    user([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: ' ' } }]),
  ),

  'thinking.adaptive-unsupported': withBody({ ...haiku45, thinking: { type: 'adaptive' } }),
  'thinking.enabled-unsupported': withBody({
    max_tokens: 4000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
  }),
  'thinking.disabled-unsupported': withBody({ thinking: { type: 'disabled' } }),
  'thinking.between-tools-unsupported': withBody({ thinking: { type: 'between_tools' } }),
  'thinking.disabled-effort': withBody({
    model: 'claude-opus-5',
    thinking: { type: 'disabled' },
    output_config: { effort: 'xhigh' },
  }),
  'thinking.budget-minimum': withBody({ ...haiku45, thinking: { type: 'enabled', budget_tokens: 999 } }),
  'thinking.budget-below-max-tokens': withBody({
    ...haiku45,
    max_tokens: 2000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
  }),
  'thinking.effort-unsupported': withBody({ model: 'claude-opus-4-6', output_config: { effort: 'xhigh' } }),
  'thinking.block-in-user': work(user([text('Hello'), thought('Hello')])),
  'thinking.manual-first': withBody({
    ...haiku45,
    max_tokens: 4000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
    tools: [tool()],
    messages: [user('Hello'), assistant([call('t1')]), user([result('t1')])],
  }),
  'thinking.signature-foreign': work(
    user('Hello'),
    assistant([{ type: 'thinking', thinking: 'hm', signature: 'EqQBCgIYAhIk' }, text('Hi')]),
    user('And?'),
  ),
  'thinking.modified': work(
    user('Hello'),
    assistant([{ ...thought('Hello'), thinking: 'hmm' }, text('Hi')]),
    user('And?'),
  ),
  'thinking.incomplete': work(user('Hello'), assistant([thought('Hello', 2, 2), text('Hi')]), user('And?')),
  'thinking.bound-elsewhere': work(
    user('Hello there'),
    assistant([thought('Hello'), text('Hi')]),
    user('And?'),
  ),

  'cache.type': withBody({ system: [text('Be brief.', { cache_control: { type: 'eternal' } })] }),
  'cache.ttl': withBody({ system: [text('Be brief.', mark('2h'))] }),
  'cache.too-many': withBody({
    cache_control: { type: 'ephemeral' },
    system: [text('a', mark()), text('b', mark())],
    tools: [{ ...tool(), ...mark() }],
    messages: [
      user('Hello'),
      assistant([call('t1')]),
      user([result('t1', { content: [text('seen', mark())] })]),
    ],
  }),
  'cache.ttl-order': withBody({
    system: [text('Be brief.', mark())],
    messages: [user([text('Hello', mark('1h'))])],
  }),
  'cache.on-empty-text': withBody({ ...haiku45, messages: [user('Hello'), assistant([text('', mark())])] }),
  'cache.on-thinking': work(
    user('Hello'),
    assistant([{ ...thought('Hello'), ...mark() }, text('Hi')]),
    user('And?'),
  ),

  'tokens.prompt-too-long': withBody({ ...haiku45, messages: [user('word '.repeat(170_000))] }),
};

/** Rules that can't be broken alone, with the others that then speak up, too. */
export const companions: Readonly<Record<string, readonly string[]>> = {
  // An empty text is a breach wherever it stands, marked or not.
  'cache.on-empty-text': ['messages.blank-text'],
};
