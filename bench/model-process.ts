/**
 * The scripted model in a process of its own: the same one for floor and gateway. Keeps a log of what it was
 * asked and when, by the run's clock.
 */
import { z } from 'zod';
import { startSimulator } from '../src/simulator/server.ts';
import { now, performanceOffset } from './clock.ts';
import { serve } from './rpc.ts';
import { answer, type Kind } from './script.ts';

/** Requests on record: more than any single measurement makes. */
const KEPT = 4_096;
const kinds = new Map<number, Kind>();
/** What requests begin with, besides their messages: the floor sends the same. */
const prefixes: { main?: object; subagent?: object } = {};

const simulator = await startSimulator({
  strict: false,
  record: KEPT,
  script(request) {
    const { messages: _, stream: __, ...prefix } = request.body;
    if (request.toolNames.includes('stay_silent')) prefixes.main ??= prefix;
    else if (request.toolNames.includes('report')) prefixes.subagent ??= prefix;
    const { reply, kind } = answer(request);
    kinds.set(request.index, kind);
    kinds.delete(request.index - KEPT);
    return reply;
  },
});

const offset = performanceOffset();
const moment = (at: number | undefined): number | null => (at === undefined ? null : at + offset);

/** Requests from number `since` on, oldest first. */
function log(since: number) {
  return simulator.requests.flatMap((record) => {
    const kind = kinds.get(record.index);
    if (record.index < since || !kind) return [];
    return [
      {
        ...kind,
        at: record.at + offset,
        firstByteAt: moment(record.firstByteAt),
        endedAt: moment(record.endedAt),
        answered: record.outcome === 'answered',
      },
    ];
  });
}

const gateSchema = z.object({ gate: z.string(), n: z.number(), timeoutMs: z.number() });
const readSchema = z.object({ since: z.number(), n: z.number(), timeoutMs: z.number() });

serve({
  url: () => simulator.url,
  prefixes: () => prefixes,
  /** The number of the next request. */
  mark: () => simulator.counts.requests,
  log: (since) => log(z.number().parse(since)),
  /** Resolves when `n` answers are held at the gate. */
  async held(params) {
    const { gate, n, timeoutMs } = gateSchema.parse(params);
    await simulator.until(() => simulator.waiting(gate) >= n, timeoutMs);
  },
  /** Resolves when nobody waits at the gate any more. */
  async left(gate) {
    const name = z.string().parse(gate);
    await simulator.until(() => simulator.waiting(name) === 0);
  },
  /** Opens a gate, and says when. */
  open(gate) {
    const at = now();
    simulator.open(z.string().parse(gate));
    return at;
  },
  /** Resolves when requests since `since` that were answered held `n` endings. */
  async read(params) {
    const { since, n, timeoutMs } = readSchema.parse(params);
    const holds = (): boolean => {
      let sum = 0;
      for (const { index, outcome } of simulator.requests)
        if (index >= since && outcome === 'answered') sum += kinds.get(index)?.news ?? 0;
      return sum >= n;
    };
    await simulator.until(holds, timeoutMs);
  },
  counts: () => simulator.counts,
});
