import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeLog } from '../../src/log/log.ts';

const KEY = 'sk-ant-api03-abcdefghijklmnop_QRST-uv';
const TOKEN = 'an-admin-token/with+odd~signs"\\and-quotes==';

function setUp(...secrets: string[]) {
  const lines: string[] = [];
  const log = makeLog('debug', { write: (line) => lines.push(line) });
  log.hide(...secrets);
  return { lines, log, text: () => lines.join('') };
}

function parsed(line: string | undefined): unknown {
  return JSON.parse(line ?? '');
}

describe('a line of the log', () => {
  test('holds no secret that is known, wherever it stands: in words, stacks, causes, keys and depths', () => {
    const { lines, log, text } = setUp(TOKEN);
    const cause = new Error(`inner ${TOKEN}`);
    const error = new Error(`outer ${TOKEN}`, { cause: new Error('middle', { cause }) });
    error.stack = `${error.stack}\n    at ${TOKEN}`;
    Object.assign(error, { request: { deep: { deeper: [TOKEN] } } });
    log.error({ err: error }, `it said ${TOKEN}`);
    log.info({ a: { b: { c: { d: TOKEN } } }, [TOKEN]: 1, url: `/x?y=${encodeURIComponent(TOKEN)}` });
    log.child({ token: TOKEN }).warn('child');
    log.fatal(new AggregateError([error], TOKEN));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(parsed(line)).toMatchObject({ time: expect.any(String) });
    expect(text()).not.toContain('odd~signs');
    expect(text()).not.toContain(encodeURIComponent(TOKEN));
    expect(text()).toContain('inner [hidden]');
  });

  test.each([
    ['a key of the API', KEY],
    ['a named token of the gateway', 'tid_abc_def-1234567890123456'],
    ['a bearer token', 'Bearer abc.def-123456'],
    ['a bearer token in capitals', 'AUTHORIZATION: BEARER abc.def-123456'],
    ['basic credentials', 'Basic abcdef123456=='],
    ['a token in an address', 'https://x.example/v1?token=abc123456&after=3'],
    ['credentials in an address', 'http://ada:abc123456@proxy.example:8080/'],
    ['a header in JSON', JSON.stringify({ headers: { 'x-api-key': 'abc123456' } })],
    ['a header in JSON in JSON', JSON.stringify(JSON.stringify({ Authorization: 'abc123456' }))],
    ['a cookie', JSON.stringify({ 'set-cookie': 'abc123456; HttpOnly' })],
  ])('does not hold %s that nobody told it of', (_, words) => {
    const { lines, log, text } = setUp();
    log.error(
      { err: new Error(words, { cause: new Error(words) }), detail: words, deep: { words: [words] } },
      words,
    );
    expect(parsed(lines[0])).toMatchObject({ level: 'error' });
    for (const secret of [KEY, 'abc_def-1234567890123456', 'abc123456', 'abc.def-123456', 'abcdef123456'])
      expect(text()).not.toContain(secret);
  });

  test('holds no beginning of a known secret that was cut off', () => {
    const { lines, log, text } = setUp(TOKEN);
    for (const length of [6, 12, TOKEN.length - 1])
      log.warn(`first… then ${TOKEN.slice(0, length)}… and on…`);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(Array(3).fill('first… then [hidden]… and on…'));
    expect(text()).not.toContain('an-adm');
  });

  test('keeps what only resembles a secret: words, numbers of tokens, ids of chats', () => {
    const { lines, log } = setUp('abc');
    const line = {
      chat: 'chat_abcdef0123456789',
      tokens: 1234,
      said: 'The bearer of news asks for basic tools.',
    };
    log.info(line, 'abc, the basic alphabet');
    expect(parsed(lines[0])).toMatchObject({ ...line, msg: 'abc, the basic alphabet' });
  });

  test('stays one line of JSON whatever the secret is and whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, maxLength: 30 }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          const { lines, log } = setUp(secret);
          log.warn({ words: `${before}${secret}${after}` }, 'x');
          expect(lines).toHaveLength(1);
          expect(lines[0]?.trimEnd()).not.toContain('\n');
          const shown = JSON.stringify(secret).slice(1, -1);
          const own = '{"level":"warn","time":"","words":"[hidden]","msg":"x"}';
          if (!own.includes(shown)) {
            expect(parsed(lines[0])).toBeTypeOf('object');
            expect(lines[0]).not.toContain(shown);
          }
        },
      ),
    );
  });

  test('is written from its level up, and not at all when silent', () => {
    const lines: string[] = [];
    const out = { write: (line: string) => void lines.push(line) };
    const log = makeLog('warn', out);
    log.info('quiet');
    log.warn('loud');
    makeLog('silent', out).fatal('nothing');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['loud']);
  });
});
