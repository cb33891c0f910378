/**
 * Reads the configuration file's JSON and knows where everything stands in it: the place and the reason when
 * it is broken, the line of a key when it isn't. Never says what a text in the file contains, since it may be
 * a secret, and knows nothing of settings.
 */

type JsonReading =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The line (from 1) of the key or list item at `path`, or undefined if there is none. */
      readonly lineOf: (path: readonly PropertyKey[]) => number | undefined;
    }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

/** Deeper than any configuration; keeps the reader's own recursion small. */
const deepest = 64;

class Broken extends Error {
  readonly place: number;
  constructor(message: string, place: number) {
    super(message);
    this.place = place;
  }
}

/** Reads strict JSON (RFC 8259), a byte order mark allowed; refuses a key that stands twice in one object. */
export function readJson(fileText: string): JsonReading {
  const text = fileText.startsWith('\uFEFF') ? fileText.slice(1) : fileText;
  try {
    const places = scan(text);
    return {
      ok: true,
      value: JSON.parse(text),
      lineOf: (path) => {
        const place = places.get(JSON.stringify(path.map(String)));
        return place === undefined ? undefined : position(text, place).line;
      },
    };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { ok: false, message: error.message, ...position(text, error.place) };
  }
}

function position(text: string, place: number): { line: number; column: number } {
  const before = text.slice(0, place);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: place - lineStart + 1 };
}

/** Walks the whole text; throws `Broken` at the first fault, else maps each path to where it begins. */
function scan(text: string): Map<string, number> {
  const places = new Map<string, number>();
  let at = 0;

  const fail = (message: string, place = at): never => {
    throw new Broken(message, place);
  };

  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };

  const next = (): string | undefined => {
    take(/[ \t\r\n]*/y);
    if (text[at] === '#' || /^\/[/*]/.test(text.slice(at, at + 2))) {
      fail('comments are not allowed in JSON');
    }
    return text[at];
  };

  const expected = (what: string): never =>
    fail(at >= text.length ? `the file ends where ${what} should stand` : `${what} should stand before this`);

  const string = (): string => {
    const start = at;
    at++;
    for (;;) {
      const char = text[at];
      if (char === undefined || char === '\n' || char === '\r') {
        return fail('this text has no closing double quote on its line', start);
      }
      if (char === '"') {
        at++;
        return String(JSON.parse(text.slice(start, at)));
      }
      if (char < ' ') fail('a control character, such as a tab, must be escaped (\\t)');
      if (char !== '\\') at++;
      else if (!take(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y)) {
        fail('this escape is unknown; a backslash itself is written \\\\');
      }
    }
  };

  const value = (path: readonly string[]): void => {
    const char = next();
    if (path.length > deepest) fail(`this is nested more than ${deepest} levels deep`);
    if (char === '{') object(path);
    else if (char === '[') list(path);
    else if (char === '"') string();
    else if (char === "'") fail('text must stand in double quotes, not single ones');
    else if (!take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y)) {
      const values =
        'a number such as 8 or 0.5, true, false, null, a text in double quotes, a list or an object';
      fail(
        char === undefined ? `the file ends where a value should stand: ${values}` : `this is not ${values}`,
      );
    }
  };

  const object = (path: readonly string[]): void => {
    at++;
    const keys = new Set<string>();
    if (next() === '}') {
      at++;
      return;
    }
    for (;;) {
      if (next() !== '"') {
        if (text[at] === '}') fail('the comma before this } is one too many');
        fail(
          text[at] === undefined
            ? 'the file ends where a key or } should stand'
            : 'this should be a key in double quotes',
        );
      }
      const keyPlace = at;
      const key = string();
      if (keys.has(key)) fail(`the key ${JSON.stringify(key)} stands twice in the same object`, keyPlace);
      if (key === '__proto__') fail('a key can not be named __proto__', keyPlace);
      keys.add(key);
      places.set(JSON.stringify([...path, key]), keyPlace);
      if (next() !== ':') expected('a colon after the key');
      at++;
      value([...path, key]);
      const char = next();
      if (char === '}') {
        at++;
        return;
      }
      if (char !== ',') expected('a comma or }');
      at++;
    }
  };

  const list = (path: readonly string[]): void => {
    at++;
    if (next() === ']') {
      at++;
      return;
    }
    for (let index = 0; ; index++) {
      if (next() === ']') fail('the comma before this ] is one too many');
      const item = [...path, String(index)];
      places.set(JSON.stringify(item), at);
      value(item);
      const char = next();
      if (char === ']') {
        at++;
        return;
      }
      if (char !== ',') expected('a comma or ]');
      at++;
    }
  };

  if (next() === undefined) fail('the file is empty; without any setting it would hold {}');
  value([]);
  if (next() !== undefined) fail('nothing may follow the end of the outermost value');
  return places;
}
