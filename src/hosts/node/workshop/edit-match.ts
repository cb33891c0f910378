/**
 * Owns how an edit finds its old text in a file's text, and what helps a model that missed it. Pure: never
 * reads or writes a file.
 */

export type Edited =
  | { readonly ok: true; readonly text: string; readonly lines: readonly number[] }
  | { readonly ok: false; readonly message: string };

/** The text with the replacement made, and the lines where; or what stood in the way, in words. */
export function applyEdit(
  text: string,
  edit: { readonly oldText: string; readonly newText: string; readonly all: boolean },
): Edited {
  if (edit.oldText === edit.newText) {
    return { ok: false, message: '`old_text` and `new_text` are the same, so there is nothing to change.' };
  }
  let { oldText, newText } = edit;
  let places = occurrences(text, oldText);
  if (places.length === 0 && text.includes('\r\n') && !oldText.includes('\r')) {
    // The model saw the file with plain line ends; what it writes gets the file's own.
    oldText = oldText.replaceAll('\n', '\r\n');
    newText = newText.replace(/\r?\n/g, '\r\n');
    places = occurrences(text, oldText);
  }
  const lines = places.map((place) => lineOf(text, place));
  if (places.length === 0)
    return { ok: false, message: `\`old_text\` is not in the file. ${nearMisses(text, edit.oldText)}` };
  if (places.length > 1 && !edit.all) {
    const shown = lines.slice(0, 20).join(', ');
    return {
      ok: false,
      message: `\`old_text\` is in the file ${places.length} times (lines ${shown}${lines.length > 20 ? ', …' : ''}). Add lines around it until it is unique, or set \`replace_all\`.`,
    };
  }
  return { ok: true, text: text.split(oldText).join(newText), lines };
}

/** Where `part` begins, occurrences that overlap counted once. */
function occurrences(text: string, part: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found.push(at);
  return found;
}

function lineOf(text: string, place: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < place; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** The places that come nearest: the same words with other white space, or the line most like the first one. */
function nearMisses(text: string, oldText: string): string {
  const lines = text.split('\n');
  const wanted = oldText.split('\n');
  const height = wanted.length;
  const squeeze = (part: string): string => part.replace(/\s+/g, ' ').trim();
  const key = squeeze(wanted.find((line) => line.trim() !== '') ?? '');
  const blanks = wanted.findIndex((line) => line.trim() !== '');
  if (key === '') return 'It consists of white space only.';

  const whole = squeeze(oldText);
  for (let at = 0; at < lines.length; at += 1) {
    if (squeeze(lines[at] ?? '') !== key) continue;
    const top = Math.max(0, at - blanks);
    if (squeeze(lines.slice(top, top + height).join('\n')) === whole) {
      return `The same text with other white space is at line ${top + 1}:\n${excerpt(lines, top, height)}`;
    }
  }
  let best = { at: -1, score: 0.5 };
  for (let at = 0; at < lines.length; at += 1) {
    const score = likeness(squeeze(lines[at] ?? ''), key);
    if (score > best.score) best = { at, score };
  }
  if (best.at === -1) return 'No line of the file is like its first line; read the file again.';
  const top = Math.max(0, best.at - blanks);
  return `The nearest is at line ${best.at + 1}:\n${excerpt(lines, top, height)}`;
}

function excerpt(lines: readonly string[], top: number, height: number): string {
  return lines
    .slice(top, top + Math.min(height, 15))
    .map((line, index) => `${top + index + 1}\t${line.replace(/\r$/, '').slice(0, 300)}`)
    .join('\n');
}

/** From 0 to 1: how many of the pairs of neighbouring characters two lines share. */
function likeness(one: string, other: string): number {
  if (one === other) return 1;
  const a = pairs(one.slice(0, 200));
  const b = pairs(other.slice(0, 200));
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared += 1;
  return a.size + b.size === 0 ? 0 : (2 * shared) / (a.size + b.size);
}

function pairs(text: string): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at + 1 < text.length; at += 1) found.add(text.slice(at, at + 2));
  return found;
}
