/**
 * What an answer of today lacks of the one that an earlier release gave: told in words, one for each place. New
 * fields are no difference; nor is how far a session at work has come since.
 */

/**
 * Of a subagent or a chat at work: what its work doesn't change. When it was started is not among it: far above it
 * that is told again with what it says next, and a little later than by whoever spawned it.
 */
const lasting = [
  'id',
  'label',
  'path',
  'parent',
  'task',
  'role',
  'agent',
  'model',
  'attempt',
  'title',
  'owner',
  'createdAt',
] as const;
const atWork = new Set<unknown>(['working', 'queued', 'running', 'waiting']);

/** @param path of the answer, for the words; pages of events and messages may have grown at their ends */
export function differences(path: string, before: unknown, now: unknown): string[] {
  return compare(path, before, now, /\/(events|messages)\?/.test(path));
}

function compare(where: string, before: unknown, now: unknown, mayGrow: boolean): string[] {
  if (Array.isArray(before)) {
    if (!Array.isArray(now)) return [`${where} is no list any more`];
    if (now.length < before.length || (!mayGrow && now.length > before.length)) {
      return [`${where} has ${now.length} entries where it had ${before.length}`];
    }
    return before.flatMap((one, at) => compare(`${where}[${at}]`, one, now[at], mayGrow));
  }
  if (isFields(before)) {
    if (!isFields(now)) return [`${where} is no object any more`];
    // A page of a log says what was; anything else how it stands.
    const moves = !mayGrow && atWork.has(before.status);
    // How much of a budget is left depends on the day on which one looks.
    const ofTheDay = where.endsWith('.budget');
    return Object.keys(before)
      .filter((key) => !(mayGrow && key === 'next'))
      .filter((key) => !moves || lasting.some((one) => one === key))
      .filter((key) => !ofTheDay || key === 'usd')
      .flatMap((key) => compare(`${where}.${key}`, before[key], now[key], mayGrow));
  }
  // Sums of money were not rounded to the ninth digit before 0.2.0.
  if (typeof before === 'number' && typeof now === 'number' && Math.abs(before - now) < 1e-9) return [];
  return Object.is(before, now)
    ? []
    : [`${where} was ${JSON.stringify(before)} and is ${JSON.stringify(now) ?? 'gone'}`];
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
