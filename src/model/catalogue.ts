/**
 * Which models there are for this gateway: the known ones and those that the configuration adds. Owns the lookup by
 * id or alias and the shape of the configuration's `models`; it never talks to the API and never guesses a model.
 */
import { z } from 'zod';
import { thinkingLevels } from '../core/card.ts';
import { knownModels, type ModelFacts } from './known-models.ts';

/** How much a model is asked to think, in the words of settings and tools. */
export type ThinkingLevel = (typeof thinkingLevels)[number];

export const defaultModel = 'claude-sonnet-5-5';

/** What is taken of a model that nothing is known of and the configuration says nothing about. */
const unlisted = {
  window: 200_000,
  maxOutput: 8_192,
  thinking: [],
  efforts: [],
  systemMessages: false,
  webSearch: false,
} as const satisfies Omit<ModelFacts, 'id' | 'name'>;

const builtIn: ReadonlyMap<string, ModelFacts> = new Map(knownModels.map((facts) => [facts.id, facts]));

const alias = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, 'An alias is 1 to 64 of letters, digits and . _ : / -');
const tokens = z.number().int().min(1_024);
const perMillion = z.number().nonnegative();

const configuredModelSchema = z.strictObject({
  /** What the API calls it. */
  id: z.string().regex(/^\S{1,200}$/, 'A model id is 1 to 200 characters without spaces'),
  /** The known model that it shares limits, abilities and prices with, if its own id isn't known. */
  like: z.string().optional(),
  window: tokens.optional(),
  maxOutput: tokens.optional(),
  /** US dollars per million tokens. */
  prices: z.strictObject({ input: perMillion, output: perMillion }).optional(),
  /** How much it thinks when nobody says. */
  thinking: z.enum(thinkingLevels).optional(),
  /** Whether the API behind it has a search of the web for it. */
  webSearch: z.boolean().optional(),
});
type ConfiguredModel = z.infer<typeof configuredModelSchema>;

/** The `models` of the configuration: alias → model. */
export const modelsSchema = z.record(alias, configuredModelSchema).superRefine((models, context) => {
  const first = new Map<string, { alias: string; facts: string }>();
  for (const [name, model] of Object.entries(models)) {
    const wrong = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name, field], message });
    if (builtIn.has(name) && model.id !== name)
      wrong('id', `"${name}" is itself the id of a model, so it can't be an alias of "${model.id}"`);
    if (model.like !== undefined && !builtIn.has(model.like))
      wrong('like', `"${model.like}" is not known; known are ${[...builtIn.keys()].join(', ')}`);
    const known = factsOf(model);
    if (known.maxOutput > known.window)
      wrong('maxOutput', `${known.maxOutput} is more than the whole window of ${known.window} tokens`);
    const facts = JSON.stringify([known.window, known.maxOutput, known.prices, known.webSearch, model.like]);
    const other = first.get(model.id);
    if (other === undefined) first.set(model.id, { alias: name, facts });
    else if (other.facts !== facts)
      wrong(
        'id',
        `"${other.alias}" has the same id with another like, window, maxOutput, prices or webSearch`,
      );
  }
});
export type ConfiguredModels = z.infer<typeof modelsSchema>;

/** A model that can be asked, under the name it was looked up by. */
export interface Known extends ModelFacts {
  /** The alias it was found under, if it was one. */
  readonly alias?: string;
  /** How much it thinks when nobody says; absent: as the API does by itself. */
  readonly defaultThinking?: ThinkingLevel;
}

interface UnknownModel {
  readonly unknown: string;
  /** All names that would have been found, configured ones first. */
  readonly known: readonly string[];
  /** What to tell who asked. */
  readonly message: string;
}

export interface Catalogue {
  /** Finds a model by its id or a configured alias, to the letter. */
  resolve(nameOrAlias: string): Known | UnknownModel;
  /** All names that `resolve` finds, configured ones first. */
  readonly names: readonly string[];
}

function factsOf(model: ConfiguredModel): ModelFacts {
  const base = builtIn.get(model.id) ?? builtIn.get(model.like ?? '') ?? unlisted;
  return {
    ...base,
    id: model.id,
    name: builtIn.get(model.id)?.name ?? model.id,
    ...(model.window !== undefined && { window: model.window }),
    ...(model.maxOutput !== undefined && { maxOutput: model.maxOutput }),
    ...(model.prices !== undefined && { prices: model.prices }),
    ...(model.webSearch !== undefined && { webSearch: model.webSearch }),
  };
}

/** The catalogue of the known models and those configured. */
export function makeCatalogue(configured: ConfiguredModels = {}): Catalogue {
  const found = new Map<string, Known>();
  for (const [name, model] of Object.entries(configured)) {
    const facts = factsOf(model);
    found.set(name, {
      ...facts,
      ...(name !== model.id && { alias: name }),
      ...(model.thinking !== undefined && { defaultThinking: model.thinking }),
    });
  }
  // Under its id a model is found as well, with what the configuration says of it.
  for (const model of Object.values(configured))
    if (!found.has(model.id)) found.set(model.id, factsOf(model));
  for (const facts of knownModels) if (!found.has(facts.id)) found.set(facts.id, facts);

  const names = [...found.keys()];
  return {
    names,
    resolve: (name) =>
      found.get(name) ?? {
        unknown: name,
        known: names,
        message:
          `There is no model ${JSON.stringify(name.slice(0, 100))}. There are: ${names.join(', ')}. ` +
          `Any other needs an entry in "models" of the configuration: an alias, and the id that the API knows it by.`,
      },
  };
}
