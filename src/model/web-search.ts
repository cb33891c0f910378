/**
 * The API's own tool that searches the web: which version of it is asked for, and what a search costs. Owns no
 * search; whether a model has the tool stands with the models.
 */
import type { ServerToolSchema } from '../core/ports.ts';
import type { ModelFacts } from './known-models.ts';

/**
 * The basic version: every model and every platform has it. The later ones filter results by code that the API
 * runs in a container of its own, which a conversation would have to carry along.
 */
const type = 'web_search_20250305';
/** US dollars for one search, whatever the model; the tokens that its results take are billed as any. */
const usdPerSearch = 0.01;

/** The tool for a request to `model`, or none. `most`: searches that one request may make. */
export function webSearch(model: Pick<ModelFacts, 'webSearch'>, most: number): ServerToolSchema[] {
  return model.webSearch && most > 0 ? [{ type, name: 'web_search', max_uses: most }] : [];
}

export function usdOfSearches(searches: number): number {
  return searches * usdPerSearch;
}
