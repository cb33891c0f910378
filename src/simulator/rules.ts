/**
 * The strict API's rules, run over a request. Pure: nothing of Node, no clock, no state, so that recorded
 * requests can be checked anywhere. Owns the table and the order; each rule lives with its subject.
 */
import { cacheRules } from './rules/cache.ts';
import { documentRules } from './rules/documents.ts';
import { envelopeRules } from './rules/envelope.ts';
import { imageRules } from './rules/images.ts';
import { messageRules, systemMessageRules } from './rules/messages.ts';
import { type Rule, type Stage, stages } from './rules/rule.ts';
import { schemaRules } from './rules/schema.ts';
import { serverToolRules } from './rules/server-tools.ts';
import { thinkingRules } from './rules/thinking.ts';
import { toolRules } from './rules/tools.ts';
import { type View, type ViewSource, viewOf } from './rules/view.ts';

/** One rule that a request breaks. Assert on `id`; wording may change. */
export interface Violation {
  readonly id: string;
  /** HTTP status the API answers with. */
  readonly status: number;
  /** The API's error type, such as `invalid_request_error`. */
  readonly type: string;
  readonly message: string;
}

export interface CheckedRequest {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed body, or its JSON text. */
  readonly body: unknown;
  /** Size of the body in bytes, if it is given parsed. */
  readonly bytes?: number;
}

/** The whole table. */
export const rules: readonly Rule[] = [
  ...envelopeRules,
  ...schemaRules,
  ...messageRules,
  ...systemMessageRules,
  ...toolRules,
  ...serverToolRules,
  ...imageRules,
  ...documentRules,
  ...thinkingRules,
  ...cacheRules,
];

const byStage: ReadonlyMap<Stage, readonly Rule[]> = new Map(
  stages.map((stage) => [stage, rules.filter((rule) => rule.stage === stage)]),
);
/** What fails one of these is not looked at further: later stages would only guess. */
const decisive: ReadonlySet<Stage> = new Set(['headers', 'size', 'json', 'schema', 'model']);

function run(view: View): Violation[] {
  const found: Violation[] = [];
  for (const stage of stages) {
    for (const rule of byStage.get(stage) ?? []) {
      if (rule.applies !== undefined && (view.model === undefined || !rule.applies(view.model))) continue;
      const message = rule.check(view);
      if (message !== undefined) found.push({ id: rule.id, status: rule.status, type: rule.type, message });
    }
    if (found.length > 0 && decisive.has(stage)) break;
  }
  return found;
}

/** All rules that a request breaks, in the order in which the API would look. Empty: the request is valid. */
export function check(request: CheckedRequest): Violation[] {
  return run(viewOf(request));
}

/**
 * The same for a body alone (parsed, or JSON text): rules about headers are left out, and those that depend on
 * the API version are taken as under the newest. `betas`: the values of `anthropic-beta`.
 */
export function checkBody(body: unknown, betas: readonly string[] = []): Violation[] {
  const source: ViewSource = { body, betas };
  return run(viewOf(source));
}
