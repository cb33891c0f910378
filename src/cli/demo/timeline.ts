/** What the demo prints: lines with a time and who acts, wrapped to the terminal. Never decides what is said. */
import { styleText } from 'node:util';

export interface Look {
  readonly colour: boolean;
  /** Columns; no line is longer. */
  readonly width: number;
}

/** Who acts in the story. Subagents stand indented below whom they work for. */
export type Actor = 'person' | 'assistant' | 'gateway' | 'demo' | `sub:${string}`;

type Style = Parameters<typeof styleText>[0];

export interface Timeline {
  /** One thing that happened, now. */
  line(who: Actor, text: string, style?: Style): void;
  /** A heading across the page. */
  rule(text: string, style?: Style): void;
  /** A paragraph without a time. */
  say(text: string, style?: Style): void;
  /** A paragraph behind a mark, the later lines below its beginning. */
  item(mark: string, text: string, style?: Style): void;
  gap(): void;
}

const NARROWEST = 40;
const WIDEST = 100;
const WHO = 12;
/** `123.4s`, two blanks. */
const TIME = 8;

const styles: Readonly<Record<string, Style>> = {
  person: 'cyan',
  assistant: 'bold',
  gateway: 'red',
  demo: 'dim',
  'sub:fix-bug': 'green',
  'sub:write-docs': 'magenta',
  'sub:survey': 'yellow',
  'sub:decimals': 'green',
  'sub:tidy': 'yellow',
  'sub:euro': 'magenta',
  'sub:review': 'blue',
};

/** Colour only for a terminal, unless NO_COLOR asks for none; a width that fits. */
export function lookOf(
  out: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Look {
  const noColour = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const columns = out.isTTY === true && out.columns !== undefined && out.columns > 0 ? out.columns : WIDEST;
  return {
    colour: out.isTTY === true && !noColour,
    width: Math.min(WIDEST, Math.max(NARROWEST, columns)),
  };
}

/** @param now milliseconds since the demo began */
export function makeTimeline(print: (line: string) => void, look: Look, now: () => number): Timeline {
  const paint = (style: Style | undefined, text: string): string =>
    look.colour && style !== undefined && text !== ''
      ? styleText(style, text, { validateStream: false })
      : text;

  function hanging(head: string, plainHead: string, text: string, style?: Style): void {
    const lines = wrap(text, look.width - plainHead.length);
    lines.forEach((line, index) => {
      print(`${index === 0 ? head : ' '.repeat(plainHead.length)}${paint(style, line)}`.trimEnd());
    });
  }

  return {
    line(who, text, style) {
      const own = styles[who];
      const name = who.startsWith('sub:') ? `  ${who.slice(4)}` : who;
      const time = `${(now() / 1000).toFixed(1).padStart(5)}s`.padEnd(TIME);
      const padded = `${name.padEnd(WHO)} `;
      hanging(`${paint('dim', time)}${paint(own, padded)}`, `${time}${padded}`, text, style);
    },
    rule(text, style = 'bold') {
      const room = look.width - 6;
      print('');
      for (const line of wrap(text, room)) {
        print(paint(style, `── ${line} ${'─'.repeat(Math.max(2, look.width - line.length - 4))}`));
      }
    },
    say(text, style) {
      hanging('', '', text, style);
    },
    item(mark, text, style) {
      hanging(`${paint(style, mark)} `, `${mark} `, text);
    },
    gap: () => print(''),
  };
}

/** Breaks a text at blanks, and a word only where it is longer than a line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = '';
    }
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  lines.push(line);
  return lines;
}
