/** How many there are of something, in words for people and models. */

/** `1 step`, `2 steps`: for what makes its plural with an s. */
export function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}
