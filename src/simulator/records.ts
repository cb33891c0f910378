/** What a simulator remembers of the requests it got: records within a bound, totals, and who waits for them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Bill } from './bills.ts';
import type { Violation } from './rules.ts';

export interface RequestRecord {
  /** Which request to /v1/messages it was, from 0; -1 for those to other paths. */
  readonly index: number;
  readonly path: string;
  /** `performance.now()` of this process when the request's head arrived. */
  readonly at: number;
  /** When its body had been read. */
  bodyAt?: number;
  /** When the answer's first byte was handed to the socket. */
  firstByteAt?: number;
  /** When its last byte was, or when the client left. */
  endedAt?: number;
  /** Without keys and tokens. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body; its text if it is not JSON. */
  body: unknown;
  /**
   * `pending` until the answer is out. `refused`: it broke a rule. `faulted`: the script spoilt it.
   * `aborted`: the client left before the answer was out.
   */
  outcome: 'pending' | 'answered' | 'refused' | 'faulted' | 'aborted';
  status?: number;
  violations: readonly Violation[];
  /** Stream events that were sent. */
  events: number;
  /** Why the answer stopped. */
  stop?: string;
  /** The scenario row that answered: its name, or `row` and its number. */
  row?: string;
  /** What it costs; absent as long as no answer was begun. */
  bill?: Bill;
}

export interface Counts {
  requests: number;
  answered: number;
  refused: number;
  faulted: number;
  aborted: number;
  /** Being answered now, held ones included. */
  inFlight: number;
  mostInFlight: number;
  /** US dollars of all answers that were begun. */
  billedUsd: number;
}

export interface Records {
  readonly kept: readonly RequestRecord[];
  readonly counts: Readonly<Counts>;
  readonly violations: readonly (Violation & { readonly request: number })[];
  begin(record: RequestRecord): void;
  /** Fixes how a request ended; later calls for the same one change nothing. */
  end(record: RequestRecord, outcome: Exclude<RequestRecord['outcome'], 'pending'>): void;
}

const mostViolations = 100;
const secrets = new Set(['x-api-key', 'authorization', 'proxy-authorization', 'cookie']);

/** `changed` is called after each begin and end. */
export function createRecords(keep: 'all' | 'none' | number, changed: () => void): Records {
  const most = keep === 'all' ? Number.POSITIVE_INFINITY : keep === 'none' ? 0 : keep;
  const kept: RequestRecord[] = [];
  const violations: (Violation & { readonly request: number })[] = [];
  const counts: Counts = {
    requests: 0,
    answered: 0,
    refused: 0,
    faulted: 0,
    aborted: 0,
    inFlight: 0,
    mostInFlight: 0,
    billedUsd: 0,
  };
  return {
    kept,
    counts,
    violations,
    begin(record) {
      counts.requests += 1;
      counts.inFlight += 1;
      counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight);
      if (most > 0) {
        kept.push(record);
        if (kept.length > most) kept.shift();
      }
      changed();
    },
    end(record, outcome) {
      if (record.outcome !== 'pending') return;
      record.outcome = outcome;
      record.endedAt = performance.now();
      counts[outcome] += 1;
      counts.inFlight -= 1;
      counts.billedUsd += record.bill?.usd ?? 0;
      for (const violation of record.violations)
        if (violations.length < mostViolations) violations.push({ ...violation, request: record.index });
      changed();
    },
  };
}

/** Headers as they may be recorded. */
export function harmless(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !secrets.has(name)) kept[name] = String(value);
  }
  return kept;
}
