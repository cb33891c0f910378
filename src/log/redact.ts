/**
 * Takes secrets out of a line of the log, wherever in it they stand: those that are known by their value, and
 * whatever looks like one. Owns what a secret looks like.
 */

const HIDDEN = '[hidden]';
const CUT = '…';
/** A shorter value is too likely to be a part of ordinary words. */
const SHORTEST = 6;

const looks: readonly [RegExp, string][] = [
  [/sk-ant-[A-Za-z0-9_-]+/g, HIDDEN],
  // A named token of this gateway: it keeps only its hash, so nobody could tell it by its value.
  [/\btid_[A-Za-z0-9_-]{20,}/g, HIDDEN],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1${HIDDEN}`],
  // A word has small letters only; what stands for a name and a password hardly ever does.
  [/\b([Bb]asic\s+)(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/]{6,}={0,2}/g, `$1${HIDDEN}`],
  // A field by its name, also in JSON that stands as text in a field, where the quotes are escaped.
  [
    /(\\*"(?:(?:proxy-)?authorization|x-api-key|(?:api|auth|access)[-_]?(?:key|token)|token|(?:set-)?cookie|secret|password)\\*"\s*:\s*\\*")[^"\\]+/gi,
    `$1${HIDDEN}`,
  ],
  [/([?&](?:token|key|api[-_]?key|access[-_]?token)=)[^&#\s"\\]+/gi, `$1${HIDDEN}`],
  [/(:\/\/)[^\s/@"\\]+@/g, `$1${HIDDEN}@`],
];

export interface Redactor {
  /** From now on these values are taken out, too. */
  hide(...secrets: readonly (string | undefined)[]): void;
  /** A line of JSON without secrets: still JSON. */
  clean(line: string): string;
}

export function makeRedactor(): Redactor {
  let known: string[] = [];
  return {
    hide(...secrets) {
      const forms = secrets.flatMap((secret) =>
        secret === undefined || secret.length < SHORTEST
          ? []
          : [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)],
      );
      // The longest first: one secret may begin with another.
      known = [...new Set([...known, ...forms])].sort((a, b) => b.length - a.length);
    },
    clean(line) {
      let text = line;
      for (const secret of known) text = withoutHead(text.replaceAll(secret, HIDDEN), secret);
      for (const [look, instead] of looks) text = text.replace(look, instead);
      return text;
    },
  };
}

/** Long words are cut, and the cut may go through a secret: its beginning before the mark is taken out, too. */
function withoutHead(text: string, secret: string): string {
  let clean = text;
  for (let at = clean.indexOf(CUT); at >= 0; at = clean.indexOf(CUT, at + 1)) {
    for (let length = Math.min(secret.length - 1, at); length >= SHORTEST; length--) {
      if (!clean.startsWith(secret.slice(0, length), at - length)) continue;
      clean = `${clean.slice(0, at - length)}${HIDDEN}${clean.slice(at)}`;
      at = clean.indexOf(CUT, at - length);
      break;
    }
  }
  return clean;
}
