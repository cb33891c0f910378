/** Figures that parts of the runtime hold anyway, read when they are asked for. Counts nothing itself. */
import type { Metrics } from './metrics.ts';
import type { Runtime } from './runtime.ts';

export function countOwned(
  metrics: Metrics,
  runtime: Pick<Runtime, 'lanes' | 'committer'> & { readonly actors: number },
): void {
  const { lanes, committer } = runtime;
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.reads({ name, help, type: 'gauge', read: () => [[read()]] });
  const counter = (name: string, help: string, read: () => number): void =>
    metrics.reads({ name, help, type: 'counter', read: () => [[read()]] });
  gauge(
    'tidings_model_calls_in_flight',
    'Requests to the model API that are under way',
    () => lanes.inFlight,
  );
  gauge('tidings_model_calls_waiting', 'Model calls that wait for a place', () => lanes.waiting);
  gauge('tidings_model_held', '1 while no model call starts, because the API said so or fails', () =>
    lanes.hold ? 1 : 0,
  );
  gauge(
    'tidings_model_not_before_timestamp_seconds',
    'When the model API may be asked again, as it said itself; 0 if it said nothing of the kind',
    () => (lanes.hold?.notBefore ?? 0) / 1_000,
  );
  counter('tidings_transactions_total', 'Transactions of the store', () => committer.counted.transactions);
  counter(
    'tidings_commits_total',
    'Commits of sessions in these transactions',
    () => committer.counted.commits,
  );
  gauge('tidings_sessions_in_memory', 'Sessions that are in memory', () => runtime.actors);
}
