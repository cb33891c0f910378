/**
 * Follows a script: picks the reply to a request, counts how often rows and faults were used.
 * Decides what goes wrong; how that looks on the wire is for those who send.
 */
import type { ParsedRequest } from './request.ts';
import { type Fault, fits, type Reply, type Row, type Script, unmatched } from './script.ts';

export type ErrorFault = Extract<Fault, { status: number }>;

/** What goes wrong with a stream. Event numbers count from 1; "after 0" is after the headers. */
export interface Disturbance {
  readonly end?:
    | { readonly kind: 'cut' | 'stall'; readonly afterEvent: number }
    | { readonly kind: 'error'; readonly afterEvent: number; readonly type: string; readonly message: string }
    | { readonly kind: 'unfinished' };
  readonly unknownEvent: boolean;
  readonly splitUtf8: boolean;
}

export type Play =
  | {
      readonly kind: 'error';
      readonly fault: ErrorFault;
      readonly row: string | undefined;
      readonly reply: Reply;
    }
  | {
      readonly kind: 'reply';
      readonly reply: Reply;
      readonly row: string | undefined;
      readonly disturbance: Disturbance | undefined;
    };

export interface Player {
  follow(script: Script): void;
  /** Adds a fault that strikes `times` (1) requests, whatever the script says. */
  fail(fault: Fault): void;
  /** What to answer. Rejects with what a script function threw. */
  play(request: ParsedRequest): Promise<Play>;
}

const emptyScript: Script = {
  rows: [],
  otherwise: { text: '[simulator] No script is loaded, so there is nothing to say.' },
};

export function createPlayer(first: Script | undefined): Player {
  let script = first ?? emptyScript;
  const uses = new Map<Row, number>();
  const strikes = new WeakMap<Fault, number>();
  const pending: { fault: Fault; left: number }[] = [];

  function isSpent(fault: Fault): boolean {
    return fault.times !== undefined && (strikes.get(fault) ?? 0) >= fault.times;
  }

  function choose(request: ParsedRequest): { reply: Reply; row: Row | undefined; name: string | undefined } {
    if (typeof script === 'function') throw new Error('a function is asked, not searched');
    for (const [index, row] of script.rows.entries()) {
      const most = row.when?.times;
      if (most !== undefined && (uses.get(row) ?? 0) >= most) continue;
      if (fits(row, request)) return { reply: row.reply, row, name: row.name ?? `row ${index}` };
    }
    return { reply: script.otherwise ?? unmatched(request), row: undefined, name: undefined };
  }

  function takePending(): Fault | undefined {
    const next = pending[0];
    if (next === undefined) return undefined;
    next.left -= 1;
    if (next.left === 0) pending.shift();
    return next.fault;
  }

  return {
    follow(next) {
      script = next;
      uses.clear();
    },
    fail(fault) {
      pending.push({ fault, left: fault.times ?? 1 });
    },
    async play(request) {
      const imposed = takePending();
      if (imposed !== undefined && 'status' in imposed)
        return { kind: 'error', fault: imposed, row: undefined, reply: {} };
      const { reply, row, name } =
        typeof script === 'function'
          ? { reply: await script(request), row: undefined, name: undefined }
          : choose(request);

      const faults =
        imposed === undefined ? (reply.faults ?? []).filter((fault) => !isSpent(fault)) : [imposed];
      const main = faults.find((fault) => !('unknownEvent' in fault || 'splitUtf8' in fault));
      const extra = faults.filter((fault) => 'unknownEvent' in fault || 'splitUtf8' in fault);
      for (const fault of main === undefined ? extra : [main, ...extra])
        strikes.set(fault, (strikes.get(fault) ?? 0) + 1);
      // A fault that will pass leaves the row for the answer that comes after it.
      const passes = main !== undefined && (main.times !== undefined || main === imposed);
      if (row !== undefined && !passes) uses.set(row, (uses.get(row) ?? 0) + 1);

      if (main !== undefined && 'status' in main) return { kind: 'error', fault: main, row: name, reply };
      return { kind: 'reply', reply, row: name, disturbance: disturbanceOf(main, extra) };
    },
  };
}

function disturbanceOf(main: Fault | undefined, extra: readonly Fault[]): Disturbance | undefined {
  if (main === undefined && extra.length === 0) return undefined;
  const end = endOf(main);
  return {
    ...(end === undefined ? {} : { end }),
    unknownEvent: extra.some((fault) => 'unknownEvent' in fault),
    splitUtf8: extra.some((fault) => 'splitUtf8' in fault),
  };
}

function endOf(fault: Fault | undefined): Disturbance['end'] {
  if (fault === undefined) return undefined;
  if ('cutAfterEvent' in fault) return { kind: 'cut', afterEvent: fault.cutAfterEvent };
  if ('stallAfterEvent' in fault) return { kind: 'stall', afterEvent: fault.stallAfterEvent };
  if ('errorAfterEvent' in fault)
    return {
      kind: 'error',
      afterEvent: fault.errorAfterEvent,
      type: fault.type,
      message: fault.message ?? 'Simulated error in the middle of a stream',
    };
  return 'noMessageStop' in fault ? { kind: 'unfinished' } : undefined;
}
