import { describe, expect, test } from 'vitest';
import { check, checkBody, rules } from '../../src/simulator/rules.ts';
import {
  assistant,
  base,
  call,
  companions,
  found,
  goodHeaders,
  png,
  result,
  ruleCases,
  search,
  text,
  thought,
  tool,
  user,
} from './rule-cases.ts';

const idsOf = (request: Parameters<typeof check>[0]) => check(request).map(({ id }) => id);
const accepts = (more: object) => check({ headers: goodHeaders, body: { ...base, ...more } });

describe('the table of rules', () => {
  test('has one case for each rule, and no case without a rule', () => {
    expect(Object.keys(ruleCases).sort()).toEqual(rules.map(({ id }) => id).sort());
  });

  test('names no rule twice', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  });

  test.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s speaks up for its own breach only',
    (id, rule) => {
      const broken = ruleCases[id];
      if (broken === undefined) throw new Error(`no case for ${id}`);
      const found = check(broken);
      expect(found.map((each) => each.id).sort()).toEqual([id, ...(companions[id] ?? [])].sort());
      const own = found.find((each) => each.id === id);
      expect(own).toMatchObject({ status: rule.status, type: rule.type });
      expect(own?.message.length).toBeGreaterThan(10);
    },
  );

  test('what the headers rules demand is not demanded of a body alone', () => {
    expect(checkBody(base)).toEqual([]);
    expect(checkBody(JSON.stringify(base))).toEqual([]);
    expect(checkBody({ ...base, context_management: {} }, ['context-management-2025-06-27'])).toEqual([]);
    expect(checkBody({ ...base, temperature: 0.5 }).map(({ id }) => id)).toEqual(['limits.sampling-version']);
  });

  test('a fault in the headers hides what is wrong behind them, as the API would not have looked there', () => {
    expect(idsOf({ headers: {}, body: 'nonsense' })).toEqual([
      'headers.auth-missing',
      'headers.version-missing',
    ]);
  });

  test('several breaches of later stages are all named', () => {
    const found = idsOf({
      headers: goodHeaders,
      body: {
        ...base,
        tools: [tool()],
        messages: [user('Hello'), assistant([call('t1')]), user([text(' ')])],
      },
    });
    expect(found).toEqual(expect.arrayContaining(['messages.blank-text', 'tools.missing-result']));
  });

  test.each([undefined, null, 7, [], 'text', { messages: [null] }, { messages: [{ content: [7] }] }])(
    'bears a body that is %j',
    (body) => {
      expect(idsOf({ headers: goodHeaders, body }).length).toBeGreaterThan(0);
    },
  );
});

describe('the API’s own search', () => {
  const searching = (more: object) =>
    idsOf({
      headers: goodHeaders,
      body: { ...base, tools: [{ type: 'web_search_20250305', name: 'web_search', ...more }] },
    });
  test.each([
    { name: 'search' },
    { type: 'web_search_20991231' },
    { max_uses: 0 },
    { max_uses: 1.5 },
    { input_schema: { type: 'object' } },
    { allowed_domains: ['a.example'], blocked_domains: ['b.example'] },
  ])('is refused with %j', (more) => {
    expect(searching(more)).toEqual(['schema.tool']);
  });
  test.each([
    { content: 'text' },
    { content: { type: 'web_search_tool_result_error', error_code: 'tired' } },
    { content: [{ type: 'web_search_result', url: 'https://page.example/', title: 'Page' }] },
    { is_error: true },
  ])('its results are refused with %j', (more) => {
    const messages = [
      user('Hello'),
      assistant([search('1'), { ...found('1'), ...more }, text('So.')]),
      user('?'),
    ];
    expect(idsOf({ headers: goodHeaders, body: { ...base, messages } })).toEqual(['schema.block']);
  });
});

describe('where an image or a document comes from', () => {
  const png1 = png(1, 1);
  const pdf = Buffer.from('%PDF-1.7').toString('base64');
  const asked = (block: object) => accepts({ messages: [user([block])] }).map(({ id }) => id);

  test.each([
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png1 } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf }, title: 'A' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' }, title: null },
  ])('is taken: %j', (block) => {
    expect(asked(block)).toEqual([]);
  });

  test.each([
    { type: 'image', source: { type: 'stored', file: 'file_1', media_type: 'image/png' } },
    { type: 'image', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png1, name: 'a.png' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'no base64!' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } },
    { type: 'image', source: { type: 'base64', data: png1 } },
    { type: 'document', source: { type: 'base64', media_type: 'image/png', data: png1 } },
    { type: 'document', source: { type: 'text', media_type: 'text/html', data: 'words' } },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' }, title: '' },
  ])('is refused: %j', (block) => {
    expect(asked(block)).toEqual(['schema.block']);
  });
});

describe('valid requests pass', () => {
  test('messages of one role in a row are one turn', () => {
    expect(
      accepts({
        tools: [tool()],
        messages: [
          user('Hello'),
          user('Are you there?'),
          assistant([call('t1')]),
          assistant([call('t2')]),
          user([result('t1')]),
          user([result('t2'), text('and now')]),
          user('go on'),
        ],
      }),
    ).toEqual([]);
  });

  test('a system message after the person and before the answer', () => {
    const told = { role: 'system', content: 'Be brief.' };
    expect(accepts({ messages: [user('Hello'), told, assistant('Hi'), user('Well?'), told] })).toEqual([]);
  });

  test('an answer that the API paused may be sent back as it is', () => {
    const paused = [
      text('I search.'),
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
    ];
    expect(accepts({ messages: [user('Hello'), assistant(paused)] })).toEqual([]);
  });

  test('a search with its results and a citation of them, and one that failed', () => {
    const citation = {
      type: 'web_search_result_location',
      url: 'https://page.example/',
      title: null,
      cited_text: 'words',
      encrypted_index: 'x',
    };
    const failed = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_2',
      content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
    };
    expect(
      accepts({
        tools: [tool(), { type: 'web_search_20250305', name: 'web_search', max_uses: 5 }],
        messages: [
          user('Hello'),
          assistant([search('1'), found('1'), search('2'), failed, text('So.', { citations: [citation] })]),
          user('Well?'),
        ],
      }),
    ).toEqual([]);
  });

  test('a search beside a client’s tool, whose results begin the answer behind the tool’s', () => {
    const asked = [user('Hello'), assistant([search('1'), call('t1')]), user([result('t1')])];
    expect(accepts({ tools: [tool()], messages: asked })).toEqual([]);
    expect(
      accepts({ tools: [tool()], messages: [...asked, assistant([found('1'), text('So.')]), user('Well?')] }),
    ).toEqual([]);
  });

  test('older models continue a prefilled answer, and an empty last one is allowed', () => {
    const older = { model: 'claude-sonnet-4-5' };
    expect(accepts({ ...older, messages: [user('Hello'), assistant('Well')] })).toEqual([]);
    expect(accepts({ ...older, messages: [user('Hello'), assistant('')] })).toEqual([]);
  });

  test('four cache marks, the longer-lived first', () => {
    const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const short = { cache_control: { type: 'ephemeral' } };
    expect(
      accepts({
        tools: [{ ...tool(), ...hour }],
        system: [text('Be brief.', hour)],
        messages: [user([text('Hello', short)]), assistant('Hi'), user([text('Well?', short)])],
      }),
    ).toEqual([]);
  });

  test('a bearer token in the place of a key', () => {
    const headers = { authorization: 'Bearer abc', 'anthropic-version': '2023-06-01' };
    expect(check({ headers, body: { ...base, model: 'claude-haiku-4-5', temperature: 0.2 } })).toEqual([]);
  });

  test('tool_choice auto and none without tools', () => {
    expect(accepts({ tool_choice: { type: 'auto' } })).toEqual([]);
    expect(accepts({ tool_choice: { type: 'none' } })).toEqual([]);
  });

  test('twenty images may be large, and one more only if all are small', () => {
    const image = (width: number) => ({
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: png(width, 10) },
    });
    expect(accepts({ messages: [user(Array.from({ length: 20 }, () => image(8000)))] })).toEqual([]);
    expect(accepts({ messages: [user(Array.from({ length: 21 }, () => image(2000)))] })).toEqual([]);
  });
});

describe('thinking that comes back', () => {
  const conversation = (more: object = {}, headers: object = {}) =>
    idsOf({
      headers: { ...goodHeaders, ...headers },
      body: {
        ...base,
        tools: [tool()],
        messages: [user('Hello'), assistant([thought('Hello'), text('Hi')]), user('And?')],
        ...more,
      },
    });

  test('fits the conversation it was thought in', () => {
    expect(conversation()).toEqual([]);
  });

  test('does not mind cache marks, effort, and how text is cut into messages and blocks', () => {
    expect(
      conversation({
        output_config: { effort: 'low' },
        tools: [{ ...tool(), cache_control: { type: 'ephemeral' } }],
        messages: [
          user([text('Hello', { cache_control: { type: 'ephemeral' } })]),
          assistant([thought('Hello')]),
          assistant([text('Hi')]),
          user('And?'),
        ],
      }),
    ).toEqual([]);
  });

  test.each([
    ['another tool', { tools: [tool('listen')] }],
    ['a system prompt', { system: 'Be brief.' }],
  ])('does mind %s', (_what, more) => {
    expect(conversation(more)).toEqual(['thinking.bound-elsewhere']);
  });

  test('may lose its prefix on models that do not bind it, and with the beta that allows it', () => {
    expect(conversation({ model: 'claude-opus-5', system: 'Be brief.' })).toEqual([]);
    const beta = { 'anthropic-beta': 'thinking-binding-controls-2026-08-01' };
    expect(conversation({ system: 'Be brief.' }, beta)).toEqual([]);
  });

  test('may be dropped where it is oldest, but not out of the latest answer', () => {
    const older = [user('Hello'), assistant('Hi'), user('And?')];
    expect(conversation({ messages: older })).toEqual([]);
    const working = (blocks: object[], id: string) => ({
      messages: [user('Hello'), assistant([...blocks, call(id)]), user([result(id)])],
    });
    expect(conversation(working([thought('Hello')], 'toolu_sim_abc_t1'))).toEqual([]);
    expect(conversation(working([], 'toolu_sim_abc_t1'))).toEqual(['thinking.incomplete']);
  });
});
