/**
 * Reads what a log shows, page by page, forwards or backwards, without keeping the process from its other work. Owns no
 * cursor.
 */
import { decodeEvent, type Recorded } from '../core/events.ts';
import type { LogRow } from '../core/ports.ts';
import type { AppPorts } from './ports.ts';

const ROWS = 500;
/** Backwards in smaller windows: what was last said is near the end. */
const ROWS_BACK = 200;

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

export interface PageBack<Shown> {
  /** In the order of the log. */
  readonly shown: readonly Shown[];
  /** What to read before for the page before this one; null: nothing more is shown there. */
  readonly next: number | null;
}

/**
 * The last `limit` things that `show` makes of the events before `before`.
 *
 * @param may whether a row may be shown at all, told without reading the event; absent: each may
 * @param most rows that are looked at; what is before them is for the next page
 */
export async function pageBefore<Shown>(
  { runtime, clock }: Pick<AppPorts, 'runtime' | 'clock'>,
  session: string,
  { before, limit, most }: { before: number; limit: number; most?: number },
  show: (recorded: Recorded) => Shown | undefined,
  may: (row: LogRow) => boolean = () => true,
): Promise<PageBack<Shown>> {
  const backwards: Shown[] = [];
  let oldest = before;
  const border = Math.max(0, before - 1 - (most ?? before));
  for (let end = before - 1; end > border; ) {
    const from = Math.max(border, end - ROWS_BACK);
    const rows = await runtime.sessions.events(session, from, end - from);
    for (const row of rows.toReversed()) {
      const one = may(row) ? show(decodeEvent(row)) : undefined;
      if (one === undefined) continue;
      if (backwards.length === limit) return { shown: backwards.toReversed(), next: oldest };
      backwards.push(one);
      oldest = row.seq;
    }
    end = from;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return { shown: backwards.toReversed(), next: border > 0 ? border + 1 : null };
}
