/**
 * What time it is for the gateway, once a second. Times come from the gateway's clock; a browser's may be wrong by
 * hours, so the difference is looked up and taken off. Owns the one timer of the page.
 */
import { computed, signal } from '@preact/signals';

const TICK_MS = 1_000;
/** A `Date` header tells whole seconds: below this, two clocks agree. */
const SAME_MS = 2_000;

/** The gateway's clock less the browser's, in milliseconds. */
let ahead = 0;

/** Milliseconds since the epoch by the gateway's clock. */
export const now = signal(Date.now());

/** The day by it: what is said by the time alone today is said otherwise tomorrow, or once the clock is set right. */
export const today = computed(() => new Date(now.value).toDateString());

function tick(): void {
  now.value = Date.now() + ahead;
}

/** Asks what time it is there. If nobody answers, the clocks are taken to agree. */
export async function askTime(): Promise<void> {
  try {
    const response = await fetch('/healthz', { method: 'HEAD' });
    const there = Date.parse(response.headers.get('date') ?? '');
    const difference = there - Date.now();
    ahead = Number.isNaN(difference) || Math.abs(difference) < SAME_MS ? 0 : difference;
    tick();
  } catch {
    // Asked again when the page comes back.
  }
}

/** Begins to tick; the returned function ends it. */
export function startClock(): () => void {
  tick();
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
}
