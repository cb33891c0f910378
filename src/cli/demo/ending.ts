/** The end of the last gateway: told to stop, it stops in order and leaves nothing at work. Owns that and its check. */
import { type Check, check, pids, seen } from './check.ts';
import type { Ended } from './gateway-process.ts';
import { processesOf, type Sighting } from './processes.ts';
import type { Scene } from './stage.ts';

export interface EndingFacts {
  /** How the gateway ended, and what of the demo still lived after it. */
  readonly stopped: Ended;
  readonly left: readonly Sighting[] | undefined;
}

/** How a gateway that was told to stop ends: 128 and the signal's number. */
const CLEAN_STOP = 143;

/** Stops the gateway and looks what is left. */
export async function playEnding({ gateway, playground, timeline }: Scene): Promise<EndingFacts> {
  const stopped = await gateway.stop();
  timeline.line('gateway', 'is told to stop, and stops');
  return { stopped, left: processesOf(playground.folder) };
}

export function checkEnding({ stopped, left }: EndingFacts): Check[] {
  return [
    check(
      'The gateway stopped in order, and no process is left',
      stopped === CLEAN_STOP ? seen(left, (all) => all.length === 0) : false,
      `it ended with ${stopped}${stopped === CLEAN_STOP ? '' : ` instead of ${CLEAN_STOP}`}; left: ${pids(left)}`,
    ),
  ];
}
