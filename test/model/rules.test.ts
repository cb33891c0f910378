/** The requests that prefixes lead to, held against the strict API's own rules. */
import { describe, expect, test } from 'vitest';
import { thinkingLevels } from '../../src/core/card.ts';
import { type Known, makeCatalogue, type ThinkingLevel } from '../../src/model/catalogue.ts';
import { knownModels } from '../../src/model/known-models.ts';
import { prefixParams } from '../../src/model/params.ts';
import { settle } from '../../src/model/thinking.ts';
import { checkBody } from '../../src/simulator/rules.ts';

const levels: readonly (ThinkingLevel | undefined)[] = [undefined, ...thinkingLevels];
const tools = [
  {
    name: 'look',
    description: 'Looks.',
    input_schema: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
  },
];

function requestOf(model: Known, level: ThinkingLevel | undefined) {
  const { params } = settle(model, level);
  return {
    ...prefixParams({ model, thinking: params, system: ['You are a test.', ''], tools }),
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    stream: true,
  };
}

function known(id: string): Known {
  const model = makeCatalogue().resolve(id);
  if ('unknown' in model) throw new Error(model.message);
  return model;
}

describe.each(knownModels.map((model) => model.id))('a request to %s', (id) => {
  test.each(levels)('at thinking level %s breaks no rule', (level) => {
    expect(checkBody(requestOf(known(id), level))).toEqual([]);
  });

  test('breaks one with a token more than the model can answer: the catalogue has its true limit', () => {
    const request = requestOf(known(id), undefined);
    expect(checkBody({ ...request, max_tokens: known(id).maxOutput })).toEqual([]);
    expect(checkBody({ ...request, max_tokens: known(id).maxOutput + 1 })).toHaveLength(1);
  });

  test('may hold a system message among the others exactly if the catalogue says so', () => {
    const request = requestOf(known(id), undefined);
    const messages = [...request.messages, { role: 'system', content: [{ type: 'text', text: 'Brief.' }] }];
    expect(checkBody({ ...request, messages }).length === 0).toBe(known(id).systemMessages);
  });

  test('may ask for every effort that the catalogue lists', () => {
    for (const effort of known(id).efforts)
      expect(checkBody({ ...requestOf(known(id), undefined), output_config: { effort } })).toEqual([]);
  });
});
