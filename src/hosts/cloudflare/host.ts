/**
 * What all objects of one isolate share: the configuration, the catalogue, the rules, the log. Made once, of the
 * Worker's bindings; holds nothing of any session.
 */
import { type GatewayRules, makeRules } from '../../gateway/gateway.ts';
import { httpLog, runtimeLog } from '../../log/lines.ts';
import { type Log, makeLog } from '../../log/log.ts';
import { type Catalogue, makeCatalogue } from '../../model/catalogue.ts';
import { switchedOn } from '../../skills/skill.ts';
import type { Bindings } from './bindings.ts';
import { readConfig, type WorkerConfig } from './config.ts';
import { compileSchema } from './schemas.ts';
import { shippedSkills } from './skills.ts';

export interface Host {
  readonly config: WorkerConfig;
  readonly catalogue: Catalogue;
  readonly rules: GatewayRules;
  readonly log: Log;
  readonly http: ReturnType<typeof httpLog>;
  readonly runtimeLog: typeof runtimeLog;
}

let made: { readonly of: string; readonly host: Promise<Host> } | undefined;

/** @throws ConfigError with a line for each setting that is wrong */
export function hostOf(bindings: Bindings): Promise<Host> {
  // An isolate sees one set of variables, but for tests that change them.
  const of = JSON.stringify(Object.entries(bindings).filter(([, value]) => typeof value === 'string'));
  if (made?.of !== of) made = { of, host: makeHost(bindings) };
  return made.host;
}

async function makeHost(bindings: Bindings): Promise<Host> {
  const config = readConfig(bindings);
  const log = makeLog(config.log, { write: (line) => console.log(line.trimEnd()) });
  log.hide(config.token, config.anthropic.apiKey, config.anthropic.authToken);
  for (const warning of config.warnings) log.warn(warning);
  const catalogue = makeCatalogue(config.models);
  const rules = makeRules(config, {
    catalogue,
    skills: await shippedSkills(switchedOn({ ...config, markers: config.markers ?? [] })),
    canWork: false,
    canFetch: true,
    compileSchema,
  });
  return { config, catalogue, rules, log, http: httpLog(log), runtimeLog };
}
