/**
 * What the environment says: the settings' variables as values to check, and what the official SDK would read.
 * Blank variables count as absent, as they do for the SDK. Never reads `process.env` by itself.
 */
import { misspelt, nearest } from './nearest.ts';
import { show } from './problems.ts';
import { environment, oneWord } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type AnthropicName = 'apiKey' | 'authToken' | 'baseUrl';
export type Anthropic = { readonly [K in AnthropicName]?: string };

export const anthropicVariables: Readonly<Record<AnthropicName, string>> = {
  apiKey: 'ANTHROPIC_API_KEY',
  authToken: 'ANTHROPIC_AUTH_TOKEN',
  baseUrl: 'ANTHROPIC_BASE_URL',
};

/** The variable's text without the blanks around it; undefined when nothing is left. */
export function variable(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

/** `values` and `texts` by the settings' names: what to check, and what stood there. */
export function readSettings(env: Environment): {
  readonly values: Readonly<Record<string, string | number>>;
  readonly texts: Readonly<Record<string, string>>;
} {
  const values: Record<string, string | number> = {};
  const texts: Record<string, string> = {};
  for (const [name, { variable: from, numeric }] of Object.entries(environment)) {
    const text = variable(env, from);
    if (text === undefined) continue;
    texts[name] = text;
    // What isn't a plain decimal number stays a text, which the schema then refuses.
    values[name] = numeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  }
  return { values, texts };
}

/**
 * Variables that look like settings and are none: slips are faults, the rest is ignored with a warning.
 * @param alsoKnown variables besides the settings' own that the host knows
 */
export function strayVariables(
  env: Environment,
  alsoKnown: readonly string[],
): { problems: string[]; warnings: string[] } {
  const known = [...Object.values(environment).map((entry) => entry.variable), ...alsoKnown];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(env).sort()) {
    if (!name.startsWith('TIDINGS_') || known.includes(name) || variable(env, name) === undefined) continue;
    const slip = misspelt(name, known, 1 / 4);
    if (slip !== undefined) {
      problems.push(`${name} (environment) is not a setting; did you mean ${slip}?`);
    } else {
      const meant = nearest(name, known);
      warnings.push(
        `${name} (environment) is not a setting and is ignored${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
      );
    }
  }
  return { problems, warnings };
}

/** The SDK's own variables, and in words what of them can't work or is not used. */
export function readAnthropic(env: Environment): {
  anthropic: Anthropic;
  problems: string[];
  warnings: string[];
} {
  const apiKey = variable(env, anthropicVariables.apiKey);
  const authToken = variable(env, anthropicVariables.authToken);
  const baseUrl = variable(env, anthropicVariables.baseUrl);
  const problems: string[] = [];
  for (const [name, secret] of [
    [anthropicVariables.apiKey, apiKey],
    [anthropicVariables.authToken, authToken],
  ]) {
    if (secret !== undefined && !oneWord.test(secret)) {
      problems.push(
        `${name} (environment) has a value that won't do (hidden, ${secret.length} characters); it must be one line of ASCII characters without blanks.`,
      );
    }
  }
  if (baseUrl !== undefined && !isBaseUrl(baseUrl)) {
    problems.push(
      `${anthropicVariables.baseUrl} (environment) ${show(baseUrl.replace(/[?#].*/, '?…'))}; it must be an http or https URL without user, password, ? or #, such as https://api.anthropic.com.`,
    );
  }
  return {
    anthropic: {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(authToken === undefined ? {} : { authToken }),
      ...(baseUrl === undefined ? {} : { baseUrl }),
    },
    problems,
    warnings:
      apiKey === undefined || authToken === undefined
        ? []
        : [`${anthropicVariables.apiKey} and ${anthropicVariables.authToken} are both set; the key is used.`],
  };
}

/** How a line names a setting of the environment: `PORT (environment)`. */
export function variableSubject(path: readonly PropertyKey[]): string {
  const name = path.join('.');
  return `${variables.get(name) ?? name} (environment)`;
}

const variables = new Map(Object.entries(environment).map(([name, entry]) => [name, entry.variable]));

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
