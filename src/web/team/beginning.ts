/** How a text in Markdown begins, in plain words, for where there is room for a line or two. Pure; draws nothing. */

/**
 * Names of files and patterns stay as they are: stars go only in pairs around words, underscores never.
 * @returns the first three lines that say something, without what makes them Markdown; at most 300 characters
 */
export function beginning(text: string): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const words = line
      .replace(/^[\s#>*-]+(?=\s|$)/, '')
      .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
      .replaceAll('`', '')
      .trim();
    if (words !== '') lines.push(words);
    if (lines.length === 3) break;
  }
  return lines.join(' ').slice(0, 300);
}
