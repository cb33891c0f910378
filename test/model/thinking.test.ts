/** How each level of thinking is put to each model, and what a prefix makes of it. */
import { describe, expect, test } from 'vitest';
import { thinkingLevels } from '../../src/core/card.ts';
import { type Known, makeCatalogue, type ThinkingLevel } from '../../src/model/catalogue.ts';
import { knownModels } from '../../src/model/known-models.ts';
import { prefixParams } from '../../src/model/params.ts';
import { settle, type Thinking } from '../../src/model/thinking.ts';

const catalogue = makeCatalogue();
function known(id: string): Known {
  const model = catalogue.resolve(id);
  if ('unknown' in model) throw new Error(model.message);
  return model;
}
const levels: readonly (ThinkingLevel | undefined)[] = [undefined, ...thinkingLevels];
const generation = (id: string) => Number(/-(\d+(?:-\d+)?)$/.exec(id)?.[1]?.replace('-', '.'));

function prefixOf(model: Known, thinking: Thinking) {
  return prefixParams({ model, thinking: thinking.params, system: ['You are a test.'], tools: [] });
}

// The API's own rules, written down once more and apart from the catalogue.
describe.each(knownModels.map((model) => model.id))('%s', (id) => {
  const model = known(id);
  const born = generation(id);
  const line = id.split('-')[1] ?? '';

  test.each(levels)('at level %s is asked for nothing that it refuses', (level) => {
    const thinking = settle(model, level);
    const prefix = prefixOf(model, thinking);
    const form = prefix.thinking?.type;
    const budget = prefix.thinking?.budget_tokens;
    const effort = prefix.output_config?.effort;

    expect([undefined, 'adaptive', 'enabled', 'disabled', 'between_tools']).toContain(form);
    if (form === 'adaptive') expect(born).toBeGreaterThanOrEqual(4.6);
    if (form === 'enabled') expect(born).toBeLessThanOrEqual(4.6);
    if (form === 'disabled') {
      expect(['fable', 'mythos']).not.toContain(line);
      expect(['claude-opus-5-5', 'claude-sonnet-5-5']).not.toContain(id);
      expect(['xhigh', 'max']).not.toContain(effort);
    }
    if (form === 'between_tools') expect(id).toBe('claude-sonnet-5-5');
    if (budget !== undefined) {
      expect(form).toBe('enabled');
      expect(budget).toBeGreaterThanOrEqual(1_024);
      expect(budget).toBeLessThan(prefix.max_tokens);
    }
    if (effort !== undefined) {
      expect(born).toBeGreaterThanOrEqual(4.6);
      expect(['low', 'medium', 'high', 'xhigh', 'max']).toContain(effort);
      if (effort === 'xhigh') expect(born).toBeGreaterThanOrEqual(4.7);
    }
    expect(prefix.max_tokens).toBeLessThanOrEqual(born <= 4.5 ? 64_000 : 128_000);
  });

  test('is asked for as much as was wished, or says what it is asked for instead', () => {
    for (const level of thinkingLevels) {
      const { params, note } = settle(model, level);
      const met =
        level === 'off'
          ? params.thinking?.type === 'disabled' || params.thinking?.type === 'between_tools'
          : params.output_config?.effort === level || params.thinking?.type === 'enabled';
      expect(note === undefined).toBe(met);
      if (note !== undefined) expect(note).toContain(model.name);
    }
  });

  test('never thinks less at a higher level', () => {
    const rank = ['low', 'medium', 'high', 'xhigh', 'max'];
    const amounts = rank.map((level) => {
      const { params } = settle(
        model,
        thinkingLevels.find((each) => each === level),
      );
      const budget = params.thinking?.budget_tokens;
      return typeof budget === 'number' ? budget : rank.indexOf(String(params.output_config?.effort));
    });
    expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
    expect(amounts[0]).toBeLessThan(amounts[4] ?? 0);
  });
});

describe('a level', () => {
  test.each<[string, ThinkingLevel | undefined, Thinking['params'], RegExp | undefined]>([
    ['claude-sonnet-5-5', undefined, { thinking: { type: 'adaptive' } }, undefined],
    ['claude-haiku-4-5', undefined, {}, undefined],
    ['claude-sonnet-5-5', 'off', { thinking: { type: 'between_tools' } }, undefined],
    ['claude-opus-5', 'off', { thinking: { type: 'disabled' } }, undefined],
    ['claude-opus-4-5', 'off', { thinking: { type: 'disabled' } }, undefined],
    [
      'claude-opus-5-5',
      'off',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      /can't be kept from thinking.*low/,
    ],
    [
      'claude-sonnet-5-5',
      'xhigh',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } },
      undefined,
    ],
    [
      'claude-opus-4-6',
      'xhigh',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      /no thinking level xhigh.*high/,
    ],
    ['claude-sonnet-4-5', 'high', { thinking: { type: 'enabled', budget_tokens: 16_384 } }, undefined],
  ])('of %s at %s', (id, level, params, note) => {
    const settled = settle(known(id), level);
    expect(settled.params).toEqual(params);
    if (note === undefined) expect(settled.note).toBeUndefined();
    else expect(settled.note).toMatch(note);
  });

  test('comes from the alias when nobody names one, without a note', () => {
    const model: Known = { ...known('claude-opus-5-5'), defaultThinking: 'off' };
    expect(settle(model, undefined)).toEqual({
      params: { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    });
    expect(settle(model, 'max').params.output_config).toEqual({ effort: 'max' });
  });

  test('means nothing to a model that does not think, which it says', () => {
    const model: Known = { ...known('claude-opus-5-5'), name: 'Plain', thinking: [], efforts: [] };
    expect(settle(model, 'high')).toEqual({ params: {}, note: expect.stringContaining('Plain') });
    expect(settle(model, 'off')).toEqual({ params: {} });
    expect(settle(model, undefined)).toEqual({ params: {} });
  });

  test('fits its budget into a model of small answers, or leaves thinking out', () => {
    const small = (maxOutput: number): Known => ({ ...known('claude-haiku-4-5'), maxOutput });
    expect(settle(small(8_192), 'max')).toMatchObject({
      params: { thinking: { budget_tokens: 4_096 } },
      note: expect.stringContaining('4096'),
    });
    expect(settle(small(2_000), 'low')).toMatchObject({
      params: {},
      note: expect.stringContaining('too short'),
    });
    for (const maxOutput of [2_048, 4_096, 20_000, 40_000])
      for (const level of thinkingLevels) {
        const model = small(maxOutput);
        const prefix = prefixOf(model, settle(model, level));
        expect(prefix.max_tokens).toBeLessThanOrEqual(maxOutput);
        const budget = prefix.thinking?.budget_tokens ?? 0;
        expect(Number(budget)).toBeLessThan(prefix.max_tokens);
      }
  });
});

describe('a prefix', () => {
  test('has the id of the model, its system as blocks without marks, and the tools as given', () => {
    const tools = [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }];
    const model: Known = { ...known('claude-sonnet-5-5'), alias: 'quick' };
    const params = settle(model, 'high').params;
    expect(prefixParams({ model, thinking: params, system: ['One.', ' \n', 'Two.'], tools })).toEqual({
      model: 'claude-sonnet-5-5',
      max_tokens: 32_000,
      system: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.' },
      ],
      tools,
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
  });

  test('is the same to the byte for the same wish', () => {
    const model = known('claude-fable-5-2');
    const make = () => JSON.stringify(prefixOf(model, settle(model, 'max')));
    expect(make()).toBe(make());
  });
});
