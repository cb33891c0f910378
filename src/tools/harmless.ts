/**
 * Owns how a text from outside becomes one that a model may read and the API accepts: nothing is left in it that a
 * terminal or a parser would act on. Takes time in proportion to the text, whatever stands in it.
 */

const [esc, bell, csi, terminator] = ['\u001b', '\u0007', '\u009b', '\u009c'];
const title = `${esc}]`;
const titleEnd = new RegExp(`${bell}|${esc}\\\\|${terminator}`, 'g');
const sequence = new RegExp(
  `[${esc}${csi}][[\\]()#;?]*(?:\\d{1,4}(?:[;:]\\d{0,4})*)?[\\dA-PR-TZcf-nq-uy=><~]`,
  'g',
);

/** Line ends become `\n`, escape sequences go, other control characters become visible ones. */
export function harmless(text: string): string {
  return withoutSequences(text)
    .replace(/\r+\n/g, '\n')
    .replace(/\p{Cc}/gu, (char) => {
      const code = char.charCodeAt(0);
      if (char === '\n' || char === '\t') return char;
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? '\u2421' : '\ufffd';
    })
    .toWellFormed();
}

/**
 * Colours, cursor moves, window titles: meant for a terminal, noise for a reader. The same go as with Node's
 * `stripVTControlCharacters`, which looks through all that follows for each title that does not end.
 */
function withoutSequences(text: string): string {
  if (!text.includes(esc) && !text.includes(csi)) return text;
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf(title, from);
    if (start === -1) break;
    titleEnd.lastIndex = start + title.length;
    // Where one title doesn't end, no later one does.
    if (!titleEnd.test(text)) break;
    parts.push(text.slice(from, start).replace(sequence, ''));
    from = titleEnd.lastIndex;
  }
  parts.push(text.slice(from).replace(sequence, ''));
  return parts.join('');
}
