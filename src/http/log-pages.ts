/**
 * Reads what a log shows, page by page, without keeping the process from its other work. Owns no cursor.
 */
import { decodeEvent, type Recorded } from '../core/events.ts';
import type { AppPorts } from './ports.ts';

const ROWS = 500;

export interface Page<Shown> {
  readonly shown: readonly Shown[];
  /** Sequence number up to which this page tells all. */
  readonly upTo: number;
  /** Whether more is shown after it. */
  readonly more: boolean;
}

/** The first `limit` things that `show` makes of the events after `after`. */
export async function pageOf<Shown>(
  { runtime, clock }: Pick<AppPorts, 'runtime' | 'clock'>,
  session: string,
  { after, limit }: { after: number; limit: number },
  show: (recorded: Recorded) => Shown | undefined,
): Promise<Page<Shown>> {
  const shown: Shown[] = [];
  let read = after;
  let kept = after;
  for (;;) {
    const rows = await runtime.sessions.events(session, read, ROWS);
    for (const row of rows) {
      read = row.seq;
      const one = show(decodeEvent(row));
      if (one === undefined) continue;
      if (shown.length === limit) return { shown, upTo: kept, more: true };
      shown.push(one);
      kept = row.seq;
    }
    if (rows.length < ROWS) return { shown, upTo: read, more: false };
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}
