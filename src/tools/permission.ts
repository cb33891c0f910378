/**
 * Owns what whoever may allow a call is shown of it: all of what would run, and nothing in it hidden. Never decides
 * whether it must be asked for.
 */
import { head } from '../core/fence.ts';
import type { ToolCall } from '../core/ports.ts';

/** Characters that are shown. A command is shown whole or not run. */
const DETAIL_CHARS = 8_000;
const TITLE_CHARS = 200;

export type Asked =
  | { readonly ok: true; readonly title: string; readonly detail: string }
  | { readonly ok: false; readonly text: string };

/** @param because why it must be asked for, as a sentence without its full stop */
export function permissionFor(call: ToolCall, because: string): Asked {
  const { command } = call.input;
  const reason = `\n\n(Asked because ${visible(because)}.)`;
  if (typeof command === 'string') {
    const whole = visible(command);
    if (whole.length > DETAIL_CHARS) return tooLong(`it has ${whole.length} characters`);
    return { ok: true, title: titleOf(call.name, whole), detail: `${whole}${reason}` };
  }
  // What is short comes first, so that only the text that a file is to hold can be cut.
  const fields = Object.entries(call.input)
    .map(([name, value]) => `${name}: ${visible(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .sort((one, other) => one.length - other.length);
  const last = fields.pop() ?? '';
  const first = fields.join('\n');
  if (first.length > DETAIL_CHARS / 2) return tooLong('more than its text is long');
  const shown = head(last, DETAIL_CHARS - first.length);
  const rest = last.length > shown.length ? `\n(… and ${last.length - shown.length} characters more)` : '';
  const { action, path, url, target } = call.input;
  const about = [action, path ?? url ?? target].filter((one) => typeof one === 'string').join(' ');
  return {
    ok: true,
    title: titleOf(call.name, visible(about)),
    detail: `${[first, shown].filter((one) => one !== '').join('\n')}${rest}${reason}`,
  };
}

function tooLong(what: string): Asked {
  return {
    ok: false,
    text: `Not run: it needs permission, and whoever gives that must see all of it; ${what}, at most ${DETAIL_CHARS} characters can be shown. Put it into smaller calls.`,
  };
}

/** One line, which says so if it is not all. */
function titleOf(name: string, whole: string): string {
  const [line = '', ...more] = whole.split('\n');
  const cut = line.length > TITLE_CHARS || more.length > 0;
  const rest = more.length > 0 ? ` … (${more.length + 1} lines)` : ' …';
  return `${name}: ${head(line, TITLE_CHARS)}${cut ? rest : ''}`;
}

/** Characters that nobody sees, or that make others stand elsewhere, become their numbers. */
function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u3164\uffa0]/gu, (char) =>
      char === '\n' || char === '\t' ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`,
    );
}
