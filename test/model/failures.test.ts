/** What a call that fails is taken for: worth trying again, or refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallOutcome } from '../../src/core/ports.ts';
import { listener, manualClock, modelAt, request, type StandIn, startStandIn } from './stand-in.ts';

let api: StandIn;
let clock: ReturnType<typeof manualClock>;
beforeAll(async () => {
  api = await startStandIn();
});
beforeEach(() => {
  clock = manualClock();
});
afterAll(() => api.stop());

async function after(
  status: number,
  options: { type?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<CallOutcome> {
  const { type = 'some_error', headers = {} } = options;
  const body =
    options.body ??
    JSON.stringify({ type: 'error', error: { type, message: 'in words' }, request_id: 'req_1' });
  api.answer = (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers });
    response.end(body);
  };
  const before = api.heard.length;
  const outcome = await modelAt(api.url, { clock }).call(request, listener());
  expect(api.heard.length - before).toBe(1);
  return outcome;
}

const transient = [
  [408, 'timeout_error', 'server'],
  [409, 'conflict_error', 'server'],
  [429, 'rate_limit_error', 'rate_limited'],
  [500, 'api_error', 'server'],
  [502, 'some_error', 'server'],
  [503, 'some_error', 'server'],
  [503, 'overloaded_error', 'overloaded'],
  [504, 'timeout_error', 'server'],
  [529, 'overloaded_error', 'overloaded'],
  [529, 'some_error', 'overloaded'],
  [599, 'some_error', 'server'],
] as const;

const refused = [
  [400, 'invalid_request_error', 'invalid'],
  [401, 'authentication_error', 'auth'],
  [402, 'billing_error', 'billing'],
  [403, 'permission_error', 'permission'],
  [404, 'not_found_error', 'not_found'],
  [405, 'some_error', 'invalid'],
  [413, 'request_too_large', 'too_large'],
  [418, 'some_error', 'invalid'],
  [422, 'invalid_request_error', 'invalid'],
] as const;

const waits = [
  ['nothing', {}, undefined],
  ['milliseconds', { 'retry-after-ms': '250.5' }, 251],
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['parts of seconds', { 'retry-after': '1.5' }, 1_500],
  ['a date', { 'retry-after': 'Fri, 20 Nov 2026 12:01:30 GMT' }, 90_000],
  ['a date that has passed', { 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, undefined],
  ['zero', { 'retry-after': '0' }, undefined],
  ['nonsense', { 'retry-after': 'soon' }, undefined],
  ['milliseconds and seconds', { 'retry-after-ms': '100', 'retry-after': '9' }, 100],
  ['nonsense and seconds', { 'retry-after-ms': 'x', 'retry-after': '9' }, 9_000],
  ['more than a timer can hold', { 'retry-after': '99999999999' }, 2_147_483_647],
] as const;

describe.each(transient)('status %i (%s)', (status, type, why) => {
  test.each(waits)(`is tried again as ${why} when the server asks for %s`, async (_name, headers, wait) => {
    const outcome = await after(status, { type, headers });
    expect(outcome).toEqual({
      kind: 'again',
      why,
      message: `${status} ${type}: in words (request req_1)`,
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  });

  test('is tried again though the server advises against trying at once', async () => {
    expect(await after(status, { type, headers: { 'x-should-retry': 'false' } })).toMatchObject({
      kind: 'again',
      why,
    });
  });
});

describe.each(refused)('status %i (%s)', (status, type, why) => {
  test(`is refused as ${why}, with or without retry-after`, async () => {
    const expected = { kind: 'refused', why, status, message: `${status} ${type}: in words (request req_1)` };
    expect(await after(status, { type })).toEqual(expected);
    expect(await after(status, { type, headers: { 'retry-after': '1' } })).toEqual(expected);
  });

  test('is tried again when the server says that it should be', async () => {
    expect(await after(status, { type, headers: { 'x-should-retry': 'true' } })).toMatchObject({
      kind: 'again',
      why: 'server',
    });
  });
});

describe('a body that is not the API’s', () => {
  test.each([
    [502, '<html><body>\n<h1>502 Bad\tGateway</h1></body></html>', 'again'],
    [503, '', 'again'],
    [400, 'nope', 'refused'],
    [404, '{"detail":"Not Found"}', 'refused'],
    [500, '"a string"', 'again'],
    [500, 'null', 'again'],
    [500, '[1,2]', 'again'],
    [401, '{"error":"a string"}', 'refused'],
  ])('does not hide what a status %i says (%j)', async (status, body, kind) => {
    const outcome = await after(status, { body, headers: { 'content-type': 'text/html' } });
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === 'answered') return;
    expect(outcome.message).toMatch(new RegExp(`^${status}`));
    expect(outcome.message).not.toMatch(/[\n\t]/);
  });

  test('is not repeated at length', async () => {
    const outcome = await after(502, { body: `<p>${'x'.repeat(50_000)}</p>` });
    expect(JSON.stringify(outcome).length).toBeLessThan(1_000);
  });

  test('with status 200 is tried again and said to be no stream', async () => {
    api.answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sign in</p>');
    const outcome = await modelAt(api.url).call(request, listener());
    expect(outcome).toMatchObject({
      kind: 'again',
      why: 'server',
      message: expect.stringContaining('text/html'),
    });
  });
});

describe('no connection', () => {
  test('to a port where nobody listens is tried again and says so', async () => {
    const gone = await startStandIn();
    await gone.stop();
    const outcome = await modelAt(gone.url).call(request, listener());
    expect(outcome).toMatchObject({ kind: 'again', why: 'connection' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('ECONNREFUSED'));
  });

  test('that lasts until an answer begins is tried again', async () => {
    api.answer = (response) => response.destroy();
    expect(await modelAt(api.url).call(request, listener())).toMatchObject({
      kind: 'again',
      why: 'connection',
    });
  });

  test('because of whatever made fetch fail is tried again, in its words', async () => {
    const broken: typeof fetch = () => Promise.reject(new TypeError('never'));
    const outcome = await modelAt(api.url, { fetch: broken }).call(request, listener());
    expect(outcome).toMatchObject({
      kind: 'again',
      why: 'connection',
      message: expect.stringContaining('never'),
    });
  });
});
