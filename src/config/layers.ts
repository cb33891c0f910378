/**
 * The settings in force: the environment's over those that are written down over the defaults, each layer checked
 * by itself. Owns which layer wins; never reads a file and never decides what a host makes of a fault.
 */
import {
  type Anthropic,
  type Environment,
  readAnthropic,
  readSettings,
  strayVariables,
  variableSubject,
} from './environment.ts';
import { plainWords, problemLines } from './problems.ts';
import { environment, type SettingName, type Settings, settingNames, settingsSchema } from './schema.ts';
import type { Written } from './settings-text.ts';

export interface Layers {
  /** Undefined when a value is wrong; then `problems` says which. */
  readonly settings: Settings | undefined;
  readonly anthropic: Anthropic;
  readonly from: (name: SettingName) => 'environment' | 'written' | 'default';
  /** How a line names a setting and its place: `PORT (environment)`. */
  readonly subject: (name: SettingName) => string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads and checks both layers.
 * @param alsoKnown variables besides the settings' own that the host knows
 */
export function readLayers(env: Environment, written: Written, alsoKnown: readonly string[]): Layers {
  const stray = strayVariables(env, alsoKnown);
  const { anthropic, ...sdk } = readAnthropic(env);
  const problems = [...stray.problems, ...sdk.problems];
  const given = readSettings(env);

  const checkedEnv = settingsSchema.safeParse(given.values, { error: plainWords });
  if (!checkedEnv.success) {
    const checked = { raw: given.texts, texts: true, subject: variableSubject };
    problems.push(...problemLines(checkedEnv.error, checked));
  }
  const checkedWritten = settingsSchema.safeParse(written.values, { error: plainWords });
  if (!checkedWritten.success) {
    const checked = { raw: written.values, texts: false, subject: written.subject };
    problems.push(...problemLines(checkedWritten.error, checked));
  }

  const from: Layers['from'] = (name) => {
    if (given.texts[name] !== undefined) return 'environment';
    return Object.hasOwn(written.values, name) ? 'written' : 'default';
  };
  return {
    settings:
      checkedEnv.success && checkedWritten.success
        ? settingsSchema.parse(merged(written.values, given.values))
        : undefined,
    anthropic,
    from,
    subject: (name) => (from(name) === 'written' ? written.subject([name]) : variableSubject([name])),
    problems,
    warnings: [...stray.warnings, ...sdk.warnings],
  };
}

/** The environment's values over those that are written down; of some settings it says only a part. */
function merged(written: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  const values = { ...written, ...given };
  for (const name of settingNames) {
    const part = environment[name]?.part;
    const whole = written[name];
    if (part === undefined || given[name] === undefined || typeof whole !== 'object') continue;
    values[name] = { ...whole, [part]: given[name] };
  }
  return values;
}
