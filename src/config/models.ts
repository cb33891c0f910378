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
  const chats = { tokens: settings.chatBudgetTokens, variable: 'TIDINGS_CHAT_BUDGET_TOKENS' };
  const subagents = { tokens: settings.subagentBudgetTokens, variable: 'TIDINGS_SUBAGENT_BUDGET_TOKENS' };

  function check(name: ModelName, model: string): string[] {
    const found = catalogue.resolve(model);
    if ('unknown' in found) {
      const meant = nearest(model, catalogue.names);
      return [
        `${subject(name)} ${show(model)}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}; it must be an alias or id from "models" in ${list}, or one of ${catalogue.names.join(', ')}.`,
      ];
    }
    // Where nobody names one for subagents, they have the main one.
    const users =
      name === 'subagentModel'
        ? [subagents]
        : settings.subagentModel === undefined
          ? [chats, subagents]
          : [chats];
    const uncapped = users.flatMap(({ tokens, variable }) => (tokens === undefined ? [variable] : []));
    if (found.prices !== undefined || uncapped.length === 0) return [];
    return [
      `${subject(name)} ${show(model)}, and what this model costs is not known; give it prices in "models" of ${list}, or set ${uncapped.join(' and ')}.`,
    ];
  }

  const main = check('model', settings.model);
  const { subagentModel } = settings;
  return subagentModel === undefined ? main : [...main, ...check('subagentModel', subagentModel)];
}
