/** Which models there are, and what the configuration may say of them. */
import { describe, expect, test } from 'vitest';
import { defaultModel, type Known, makeCatalogue, modelsSchema } from '../../src/model/catalogue.ts';
import { knownModels } from '../../src/model/known-models.ts';
import { usdOf } from '../../src/model/price.ts';

function found(name: string, configured: unknown = {}): Known {
  const model = makeCatalogue(modelsSchema.parse(configured)).resolve(name);
  if ('unknown' in model) throw new Error(model.message);
  return model;
}

describe('the known models', () => {
  test('have distinct ids, a price each, and limits that fit together', () => {
    expect(new Set(knownModels.map((model) => model.id)).size).toBe(knownModels.length);
    for (const model of knownModels) {
      expect(model.maxOutput).toBeLessThan(model.window);
      expect(model.prices?.input).toBeGreaterThan(0);
      expect(model.thinking.length).toBeGreaterThan(0);
      if (model.defaultEffort !== undefined) expect(model.efforts).toContain(model.defaultEffort);
    }
  });

  test('include the default one', () => {
    expect(found(defaultModel)).toMatchObject({
      id: 'claude-sonnet-5-5',
      window: 1_000_000,
      maxOutput: 128_000,
    });
  });

  test('of the 4.5 generation are the smaller ones', () => {
    for (const model of knownModels) expect(model.window === 200_000).toBe(model.id.endsWith('-4-5'));
  });

  test.each([
    ['claude-opus-4-8', true],
    ['claude-fable-5-2', true],
    ['claude-haiku-5-5', true],
    ['claude-opus-5', true],
    ['claude-opus-4-7', false],
    ['claude-sonnet-5', false],
    ['claude-haiku-4-5', false],
  ])('%s takes system messages among the others: %s', (id, takes) => {
    expect(found(id).systemMessages).toBe(takes);
  });
});

describe('a name that is not there', () => {
  test('comes back with all names that are', () => {
    const catalogue = makeCatalogue({ quick: { id: 'claude-haiku-5-5' } });
    const missing = catalogue.resolve('gpt-9');
    expect(missing).toMatchObject({ unknown: 'gpt-9', known: catalogue.names });
    if (!('unknown' in missing)) throw new Error('found');
    expect(missing.message).toContain('"gpt-9"');
    for (const name of ['quick', ...knownModels.map((model) => model.id)])
      expect(missing.message).toContain(name);
  });

  test.each(['', 'Claude-Sonnet-5-5', ' claude-sonnet-5-5', '__proto__', 'constructor'])('is %j', (name) => {
    expect(makeCatalogue().resolve(name)).toHaveProperty('unknown', name);
  });
});

describe('the configuration', () => {
  test('gives a known model another name, and keeps what is known of it', () => {
    expect(found('quick', { quick: { id: 'claude-haiku-5-5', thinking: 'low' } })).toEqual({
      ...found('claude-haiku-5-5'),
      alias: 'quick',
      defaultThinking: 'low',
    });
  });

  test('changes what is known of a model, under its alias and its id', () => {
    const configured = { big: { id: 'claude-opus-5-5', maxOutput: 64_000, prices: { input: 1, output: 2 } } };
    expect(found('big', configured)).toMatchObject({ maxOutput: 64_000, prices: { input: 1, output: 2 } });
    const own = { 'claude-opus-5-5': { id: 'claude-opus-5-5', prices: { input: 1, output: 2 } } };
    expect(found('claude-opus-5-5', own)).toMatchObject({
      prices: { input: 1, output: 2 },
      window: 1_000_000,
    });
    expect(found('claude-opus-5-5', own)).not.toHaveProperty('alias');
  });

  test('prices a known model under its id too, since answers are billed by id', () => {
    const configured = { big: { id: 'claude-opus-5-5', prices: { input: 1, output: 2 } } };
    expect(found('claude-opus-5-5', configured).prices).toEqual({ input: 1, output: 2 });
  });

  test('adds a model like another', () => {
    const model = found('new', { new: { id: 'claude-opus-7', like: 'claude-opus-5-5' } });
    expect(model).toMatchObject({ id: 'claude-opus-7', name: 'claude-opus-7', thinking: ['adaptive'] });
    expect(found('claude-opus-7', { new: { id: 'claude-opus-7', like: 'claude-opus-5-5' } }).window).toBe(
      1_000_000,
    );
  });

  test('adds a model nothing is known of, with modest limits, no thinking and no price', () => {
    const model = found('local', { local: { id: 'qwen-9' } });
    expect(model).toMatchObject({ window: 200_000, maxOutput: 8_192, thinking: [], efforts: [] });
    expect(model.prices).toBeUndefined();
  });

  test.each([
    ['a misspelt field', { a: { id: 'x', windows: 5 } }, ['a']],
    ['no id', { a: {} }, ['a', 'id']],
    ['an id with a space', { a: { id: 'x y' } }, ['a', 'id']],
    ['an alias with a space', { 'a b': { id: 'x' } }, ['a b']],
    ['an empty alias', { '': { id: 'x' } }, ['']],
    ['a negative price', { a: { id: 'x', prices: { input: -1, output: 1 } } }, ['a', 'prices', 'input']],
    ['half a price', { a: { id: 'x', prices: { input: 1 } } }, ['a', 'prices', 'output']],
    ['a window of half a token', { a: { id: 'x', window: 2048.5 } }, ['a', 'window']],
    ['more output than window', { a: { id: 'x', window: 4096, maxOutput: 8192 } }, ['a', 'maxOutput']],
    ['a thinking level there is not', { a: { id: 'x', thinking: 'hard' } }, ['a', 'thinking']],
    ['a model like nothing known', { a: { id: 'x', like: 'y' } }, ['a', 'like']],
    ['a known id as the alias of another', { 'claude-opus-5': { id: 'x' } }, ['claude-opus-5', 'id']],
    [
      'two truths about one id',
      { a: { id: 'x', window: 4096, maxOutput: 2048 }, b: { id: 'x' } },
      ['b', 'id'],
    ],
  ])('is refused for %s, and says where', (_name, configured, path) => {
    const read = modelsSchema.safeParse(configured);
    expect(read.error?.issues.map((issue) => issue.path)).toContainEqual(path);
  });

  test('takes two aliases of one id that differ in how much they think', () => {
    const configured = {
      quick: { id: 'claude-opus-5-5', thinking: 'low' },
      deep: { id: 'claude-opus-5-5', thinking: 'max' },
    };
    expect(found('quick', configured).defaultThinking).toBe('low');
    expect(found('deep', configured).defaultThinking).toBe('max');
    expect(found('claude-opus-5-5', configured).defaultThinking).toBeUndefined();
  });
});

describe('the price of an answer', () => {
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

  test('is per million tokens, cache reads and writes at their share of the input price', () => {
    const opus = found('claude-opus-5-5');
    expect(usdOf(opus, { ...none, input: 1e6 })).toBeCloseTo(4);
    expect(usdOf(opus, { ...none, output: 1e6 })).toBeCloseTo(20);
    expect(usdOf(opus, { ...none, cacheRead: 1e6 })).toBeCloseTo(0.4);
    expect(usdOf(opus, { ...none, cacheWrite5m: 1e6 })).toBeCloseTo(5);
    expect(usdOf(opus, { ...none, cacheWrite1h: 1e6 })).toBeCloseTo(8);
  });

  test('of Haiku 5.5 is five times as high once the prompt, cached or not, is over 100,000 tokens', () => {
    const haiku = found('claude-haiku-5-5');
    const short = { ...none, input: 50_000, cacheRead: 50_000, output: 1_000 };
    const long = { ...short, input: 50_001 };
    expect(usdOf(haiku, short)).toBeCloseTo((50_000 * 0.1 + 50_000 * 0.01 + 1_000 * 0.5) / 1e6, 12);
    expect(usdOf(haiku, long)).toBeCloseTo((5 * (50_001 * 0.1 + 50_000 * 0.01 + 1_000 * 0.5)) / 1e6, 12);
  });

  test('counts each search of the web as a cent, whatever the model and its tokens cost', () => {
    const opus = found('claude-opus-5-5');
    expect(usdOf(opus, { ...none, searches: 1_000 })).toBeCloseTo(10, 12);
    expect(usdOf(found('claude-haiku-5-5'), { ...none, input: 1e6, searches: 3 })).toBeCloseTo(0.53, 12);
    expect(usdOf({}, { ...none, input: 1e6, searches: 2 })).toBeCloseTo(0.02, 12);
  });

  test('is 0 for a model whose price nobody knows', () => {
    expect(usdOf({}, { ...none, input: 1e6 })).toBe(0);
  });
});
