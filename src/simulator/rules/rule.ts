/** What a rule of the strict API is. Owns the shapes of the table's rows, none of the rows. */
import type { ModelAbilities } from '../models.ts';
import type { View } from './view.ts';

/**
 * Stages run in this order. A request that fails one of the first five is not looked at further; the
 * others all run, so that everything wrong is named.
 */
export const stages = [
  'headers',
  'size',
  'json',
  'schema',
  'model',
  'limits',
  'pairing',
  'signatures',
  'cache',
  'tokens',
] as const;
export type Stage = (typeof stages)[number];

export interface Rule {
  /** Stable: tests and records name rules by it. */
  readonly id: string;
  readonly stage: Stage;
  /**
   * Where the rule is known from. D: the vendor's documentation, T: the SDK's types, I: issue reports,
   * P: a third party's probe of the real API, U: sources disagree or nobody confirmed it.
   */
  readonly source: 'D' | 'T' | 'I' | 'P' | 'U';
  readonly status: number;
  readonly type: string;
  /** Which models have the rule; all of them when absent. */
  applies?(model: ModelAbilities): boolean;
  /** What is wrong, in words that begin with the place, or undefined. */
  check(view: View): string | undefined;
}

type Row = Pick<Rule, 'id' | 'source' | 'check'> & Partial<Rule>;

/** A stage's rows, with what most rules share filled in: status 400, `invalid_request_error`. */
export function rulesOf(stage: Stage, rows: readonly Row[]): Rule[] {
  return rows.map((row) => ({ status: 400, type: 'invalid_request_error', ...row, stage }));
}

/** The first fault found among many things, if any. */
export function first<T>(things: Iterable<T>, fault: (thing: T) => string | undefined): string | undefined {
  for (const thing of things) {
    const message = fault(thing);
    if (message !== undefined) return message;
  }
  return undefined;
}
