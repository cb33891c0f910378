/** Whether the models that the settings name are known, and can be paid for. Asks nobody: the catalogue says it. */
import { makeCatalogue } from '../model/catalogue.ts';
import { nearest } from './nearest.ts';
import { show } from './problems.ts';
import type { SettingName, Settings } from './schema.ts';

type ModelName = Extract<SettingName, 'model' | 'subagentModel'>;

/**
 * One line for each of the two models that won't do.
 * @param subject names a setting and its place
 * @param list where `models` is written: "the configuration file"
 */
export function modelProblems(
  settings: Settings,
  subject: (name: ModelName) => string,
  list: string,
): string[] {
  const catalogue = makeCatalogue(settings.models);

  function check(name: ModelName, model: string): string[] {
    const found = catalogue.resolve(model);
    if ('unknown' in found) {
      const meant = nearest(model, catalogue.names);
      return [
        `${subject(name)} ${show(model)}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}; it must be an alias or id from "models" in ${list}, or one of ${catalogue.names.join(', ')}.`,
      ];
    }
    const [tokens, variable] =
      name === 'model'
        ? [settings.chatBudgetTokens, 'TIDINGS_CHAT_BUDGET_TOKENS']
        : [settings.subagentBudgetTokens, 'TIDINGS_SUBAGENT_BUDGET_TOKENS'];
    if (found.prices !== undefined || tokens !== undefined) return [];
    return [
      `${subject(name)} ${show(model)}, and what this model costs is not known; give it prices in "models" of ${list}, or set ${variable}.`,
    ];
  }

  const main = check('model', settings.model);
  // Absent, it is the main one's: only that it can be paid for is still to be seen.
  const unknown = 'unknown' in catalogue.resolve(settings.model);
  if (settings.subagentModel === undefined && unknown) return main;
  return [...main, ...check('subagentModel', settings.subagentModel ?? settings.model)];
}
