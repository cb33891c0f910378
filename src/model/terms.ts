/**
 * What is to be known of a model before it is asked: how much fits, and what a call costs at worst. Owns the worst
 * case; what a call did cost is told by the API's figures.
 */
import type { Terms } from '../core/commands.ts';
import type { Catalogue } from './catalogue.ts';
import { compactAt } from './params.ts';
import { usdOf } from './price.ts';

/** A model that isn't configured any more costs what is not known: nothing. */
const unknown: Terms = { window: 200_000, compactAt: 150_000, cost: () => 0 };

/** The terms of the models of a catalogue, by id. */
export function termsOf(catalogue: Catalogue): (model: string) => Terms {
  return (id) => {
    const model = catalogue.resolve(id);
    if ('unknown' in model) return unknown;
    return {
      window: model.window,
      compactAt: compactAt(model),
      cost: ({ input, output }, ttl) =>
        usdOf(model, {
          input: 0,
          output,
          cacheRead: 0,
          cacheWrite5m: ttl === '5m' ? input : 0,
          cacheWrite1h: ttl === '1h' ? input : 0,
        }),
    };
  };
}
