/**
 * Looks over everything that a gateway needs and says what it found, in the order in which a person would mend
 * it. Starts nothing, changes nothing, spends nothing, and names no secret.
 */

import { anthropicVariables, type Environment, variable } from '../../../config/environment.ts';
import { ConfigError } from '../../../config/problems.ts';
import { makeCatalogue } from '../../../model/catalogue.ts';
import { type Config, loadConfig } from '../config.ts';
import { makeGit } from '../workshop/git.ts';
import { type ApiQuestion, apiFindings, timerFinding } from './api.ts';
import { configFileFinding, diskFindings, folderFindings, ownerOf } from './data.ts';
import { clean, type Finding, ok, problem, warning } from './finding.ts';
import { bashFinding, gitFinding, isolationFinding, nodeFinding, repositoryFindings } from './machine.ts';
import { portFinding } from './port.ts';
import { sandboxFinding } from './sandbox.ts';

/** Where the API is when nothing else is configured: what the SDK takes, too. */
const usualApi = 'https://api.anthropic.com';
const API_LIMIT_MS = 10_000;

/** @param options.apiLimitMs how long one answer of the API may take; default ten seconds */
export async function examine(options: {
  readonly env: Environment;
  readonly cwd: string;
  readonly apiLimitMs?: number;
}): Promise<Finding[]> {
  const { env } = options;
  const secrets = [anthropicVariables.apiKey, anthropicVariables.authToken, 'TIDINGS_TOKEN'].flatMap(
    (name) => variable(env, name) ?? [],
  );
  const findings: Finding[] = [nodeFinding(process.versions.node)];
  let config: Config | undefined;
  try {
    config = loadConfig(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const todo =
      'Set it to that, or take it out. Data, port and model are not looked at until the settings are right.';
    findings.push(...error.message.split('\n').map((line) => problem('settings', line, todo)));
  }
  if (config) {
    if (config.token !== undefined) secrets.push(config.token);
    findings.push(...settingsFindings(config));
    findings.push(...configFileFinding(config.file.path, config.sources.token.startsWith('file ')));
    const owner = ownerOf(config.data);
    const folder = folderFindings(config.data, owner);
    findings.push(...folder);
    if (folder.every(({ status }) => status !== 'problem')) findings.push(...diskFindings(config.data));
    findings.push(await portFinding(config, owner));
    findings.push(...(await modelFindings(config, options.apiLimitMs ?? API_LIMIT_MS)));
  }
  findings.push(await timerFinding());
  const repositories = config?.repositories ?? {};
  const git = await gitFinding(Object.keys(repositories).length > 0);
  findings.push(git, await bashFinding(), await isolationFinding());
  // Settings that are wrong say nothing of it.
  if (config) findings.push(await sandboxFinding(config.sandbox, env));
  if (git.status !== 'problem') {
    findings.push(...(await repositoryFindings(makeGit(env, 'doctor'), repositories)));
  }
  return findings.map((finding) => clean(finding, secrets));
}

function settingsFindings({ file, warnings }: Config): Finding[] {
  if (warnings.length === 0) {
    return [ok('settings', file.exists ? file.path : 'from the environment and defaults')];
  }
  return warnings.map((line) => warning('settings', line, 'tidings config shows what is in force.'));
}

async function modelFindings(config: Config, limitMs: number): Promise<Finding[]> {
  if (config.simulator) {
    return [
      warning(
        'model',
        'no key is set, so the built-in simulator answers, not a model',
        'Set ANTHROPIC_API_KEY for a real one.',
      ),
    ];
  }
  const catalogue = makeCatalogue(config.models);
  const models = [config.model, config.subagentModel].map((name) => {
    const known = catalogue.resolve(name);
    return 'unknown' in known ? name : known.id;
  });
  const { apiKey, authToken, baseUrl = usualApi } = config.anthropic;
  const question: ApiQuestion = {
    ...(apiKey ? { apiKey } : authToken ? { authToken } : {}),
    baseUrl,
    models,
    limitMs,
  };
  return apiFindings(question);
}
