import { describe, expect, test } from 'vitest';
import { createPromptCache } from '../../src/simulator/prompt-cache.ts';
import { simulate } from './harness.ts';

const model = 'claude-opus-5-5';
const mark = (ttl?: '5m' | '1h') => ({ cache_control: { type: 'ephemeral', ...(ttl ? { ttl } : {}) } });
const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
const user = (...content: object[]) => ({ role: 'user', content });
const long = (letter: string) => letter.repeat(4000);

describe('what the prompt cache reads and writes', () => {
  test('the first request writes what it marks, the next one reads it and writes what is new', () => {
    const cache = createPromptCache(() => 0);
    const system = [text(long('s'), mark())];
    const first = cache.account({ model, system, messages: [user(text('Hello'))] });
    expect(first.read).toBe(0);
    expect(first.write5m).toBeGreaterThan(1000);
    expect(first.input).toBeLessThan(50);
    const second = cache.account({ model, system, messages: [user(text(long('m'), mark()))] });
    expect(second.read).toBe(first.write5m);
    expect(second.write5m).toBeGreaterThan(1000);
    expect(second.input).toBe(0);
  });

  test('marks may move: what counts is the text before them', () => {
    const cache = createPromptCache(() => 0);
    const first = cache.account({ model, messages: [user(text(long('a'), mark()))] });
    const moved = [
      user(text(long('a'))),
      { role: 'assistant', content: 'ok' },
      user(text(long('b'), mark())),
    ];
    expect(cache.account({ model, messages: moved }).read).toBe(first.write5m);
  });

  test.each([
    ['another model', { model: 'claude-opus-5' }],
    ['another system prompt', { system: 'Be brief.' }],
    ['another tool', { tools: [{ name: 'look', input_schema: { type: 'object' } }] }],
  ])('%s reads nothing', (_what, more) => {
    const cache = createPromptCache(() => 0);
    const body = { model, messages: [user(text(long('a'), mark()))] };
    cache.account(body);
    expect(cache.account({ ...body, ...more }).read).toBe(0);
  });

  test('a prefix that is too short is not kept', () => {
    const cache = createPromptCache(() => 0);
    const body = { model, messages: [user(text('short', mark()))] };
    cache.account(body);
    expect(cache.account(body)).toMatchObject({ read: 0, write5m: 0 });
  });

  test('entries live five minutes or an hour from their last use', () => {
    let now = 0;
    const cache = createPromptCache(() => now);
    const body = {
      model,
      system: [text(long('s'), mark('1h'))],
      messages: [user(text(long('m'), mark('5m')))],
    };
    const first = cache.account(body);
    expect([first.write1h > 1000, first.write5m > 1000]).toEqual([true, true]);
    now += 299_000;
    expect(cache.account(body)).toMatchObject({ read: first.write1h + first.write5m, input: 0 });
    now += 301_000;
    expect(cache.account(body)).toMatchObject({ read: first.write1h, write5m: first.write5m });
    now += 3_601_000;
    expect(cache.account(body).read).toBe(0);
  });

  test('a mark finds an earlier one only twenty blocks back', () => {
    const cache = createPromptCache(() => 0);
    const filler = (count: number) => Array.from({ length: count }, (_, index) => text(`filler ${index}`));
    const first = cache.account({ model, messages: [user(text(long('a'), mark()))] });
    const near = [user(text(long('a')), ...filler(18), text('end', mark()))];
    expect(cache.account({ model, messages: near }).read).toBe(first.write5m);
    const far = [user(text(long('a')), ...filler(30), text('end', mark()))];
    expect(cache.account({ model, messages: far }).read).toBe(0);
  });
});

test('the answer carries it as the API does', async () => {
  const { say } = await simulate();
  const system = [{ type: 'text', text: long('s'), cache_control: { type: 'ephemeral' } }] as const;
  const first = await say('Hello', { system: [...system] });
  const written = Number(first.usage.cache_creation_input_tokens);
  expect(written).toBeGreaterThan(1000);
  expect(first.usage.cache_creation?.ephemeral_5m_input_tokens).toBe(written);
  const second = await say('And?', { system: [...system] });
  expect(second.usage).toMatchObject({ cache_read_input_tokens: written, cache_creation_input_tokens: 0 });
});
