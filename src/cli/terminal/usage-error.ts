/** What somebody asked of the terminal that can't be done as asked: told in a line, with what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Seconds as they are typed, in milliseconds. */
export function seconds(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && text.trim() !== '') return value * 1_000;
  throw new UsageError(`${name} takes seconds, such as 30, not "${text}".`);
}
