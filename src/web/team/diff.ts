/**
 * A patch as git writes it, read into files and lines. Pure. A patch that is cut off, as a page of a long one is, is
 * read as far as it goes.
 */

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'place' | 'note';
  /** Without the sign before it. */
  readonly text: string;
}

export interface DiffFile {
  readonly path: string;
  /** What it was called before, if it was called otherwise. */
  readonly from?: string;
  readonly change: 'added' | 'removed' | 'renamed' | 'changed';
  readonly added: number;
  readonly removed: number;
  readonly lines: readonly DiffLine[];
}

interface Draft {
  path: string;
  from?: string;
  change: DiffFile['change'];
  added: number;
  removed: number;
  lines: DiffLine[];
}

/** Lines of an old and of a new file that a place in the patch still has to bring. */
interface Left {
  before: number;
  after: number;
}

export function diffFiles(patch: string): readonly DiffFile[] {
  const files: Draft[] = [];
  const left: Left = { before: 0, after: 0 };
  const lines = patch.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const sent of lines) {
    const line = withControls(sent);
    const file = files.at(-1);
    // Inside a place each line belongs to the file, whatever it looks like.
    if (file && (left.before > 0 || left.after > 0)) body(file, line, left);
    else if (line.startsWith('diff --git ')) files.push(started(line));
    else if (file) head(file, line, left);
  }
  return files;
}

/** The pictures of all controls but line feed and tab, which stand for themselves. */
const pictures = /[\u2400-\u2408\u240b-\u241f\u2421]/g;

/**
 * A line with its control characters, which the gateway sends as the pictures of them: as what they are they can be
 * named like all else that is not seen, and a picture of a file's own can pass for one at worst.
 */
function withControls(line: string): string {
  return line.replaceAll(pictures, (picture) =>
    picture === '\u2421' ? '\u007f' : String.fromCharCode(picture.charCodeAt(0) - 0x2400),
  );
}

function started(line: string): Draft {
  return { path: pathIn(line), change: 'changed', added: 0, removed: 0, lines: [] };
}

/** Of `diff --git a/x b/x`, the latter; where names differ a later line tells them. */
function pathIn(line: string): string {
  const names = line.slice('diff --git '.length);
  if (names.startsWith('"')) return bare(/ ("b\/(?:[^"\\]|\\.)*")$/.exec(names)?.[1] ?? names);
  const half = names.slice((names.length + 1) / 2);
  return half.startsWith('b/') ? half.slice(2) : (names.split(' b/').at(-1) ?? names);
}

function head(file: Draft, line: string, left: Left): void {
  const place = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
  if (place) {
    left.before = Number(place[1] ?? 1);
    left.after = Number(place[2] ?? 1);
    file.lines.push({ kind: 'place', text: line });
  } else if (line.startsWith('new file')) file.change = 'added';
  else if (line.startsWith('deleted file')) file.change = 'removed';
  else if (line.startsWith('rename from ')) {
    file.change = 'renamed';
    file.from = bare(line.slice('rename from '.length));
  } else if (line.startsWith('rename to ')) file.path = bare(line.slice('rename to '.length));
  else if (line.startsWith('+++ ') && !line.startsWith('+++ /dev/null')) file.path = bare(line.slice(4));
  else if (/^(Binary files|GIT binary patch|old mode|new mode|\\|\[… cut)/.test(line)) {
    file.lines.push({ kind: 'note', text: line.replace(/^\\ /, '') });
  }
}

function body(file: Draft, line: string, left: Left): void {
  const text = line.slice(1);
  switch (line[0]) {
    case '+':
      file.added += 1;
      left.after -= 1;
      file.lines.push({ kind: 'added', text });
      return;
    case '-':
      file.removed += 1;
      left.before -= 1;
      file.lines.push({ kind: 'removed', text });
      return;
    case '\\':
      file.lines.push({ kind: 'note', text: text.trim() });
      return;
    case ' ':
    case undefined:
      left.before -= 1;
      left.after -= 1;
      file.lines.push({ kind: 'same', text });
      return;
    default:
      // Of no file: where a patch that is too long was cut off, the gateway says so.
      file.lines.push({ kind: 'note', text: line });
  }
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
};

/** A name without what git puts around it: quotes, if it holds what isn't ASCII, and `b/`. */
function bare(name: string): string {
  const end = name.endsWith('\t') ? name.slice(0, -1) : name;
  if (!end.startsWith('"')) return end.replace(/^b\//, '');
  const bytes: number[] = [];
  for (const [, octal, escaped, plain] of end.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/gu)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...new TextEncoder().encode(plain ?? escapes[escaped ?? ''] ?? escaped ?? ''));
  }
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/^b\//, '');
}
