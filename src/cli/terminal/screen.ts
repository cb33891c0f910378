/**
 * The terminal while people talk in it: what was said goes up and stays, a few live rows and the line that is typed
 * stay below. Owns the drawing, the keys and that the terminal is as it was in every end. Knows nothing of chats. The
 * line's editing, its history and its completion are Node's readline.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { clean } from './clean.ts';
import { cut, widthOf } from './measure.ts';

export interface ScreenOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** The rows above the prompt, each within `width`. */
  readonly frame: (width: number) => readonly string[];
  readonly prompt: string;
  /** What was entered; what was pasted with line breaks is one with what is typed behind it. */
  readonly onEntered: (text: string) => void;
  /** Ctrl-C; `typed`: there is text on the line. */
  readonly onInterrupt: (typed: boolean) => void;
  /** Ctrl-D, or the terminal is gone. */
  readonly onEnd: () => void;
  /** What could stand in place of the line so far. */
  readonly complete: (line: string) => readonly string[];
  /** Whether it can be drawn on; otherwise lines are only added. */
  readonly drawn: boolean;
}

export interface Screen {
  /** Columns that a line may have. */
  readonly width: number;
  /** Whole lines, to stay. */
  print(lines: readonly string[]): void;
  /** The live rows have changed. */
  changed(): void;
  /** Empties the line that is typed. */
  clearLine(): void;
  bell(): void;
  /** Takes the live rows away and gives the terminal back. */
  close(): void;
}

/** How often it is drawn at most. */
const DRAW_MS = 80;
const NARROWEST = 10;
/** Whether the terminal tells what is pasted from what is typed. */
const PASTES_TOLD = '\x1b[?2004h';
const PASTES_UNTOLD = '\x1b[?2004l';

export function openScreen(options: ScreenOptions): Screen {
  return options.drawn ? drawnScreen(options) : addedScreen(options);
}

function drawnScreen(options: ScreenOptions): Screen {
  const { input, output, frame, onEntered, onInterrupt, onEnd, complete } = options;
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let shown = options.prompt;
  /** Lines that were pasted: they go out as one with the line that Enter ends. */
  let entered: string[] = [];
  let pasting = false;

  const rl: Interface = createInterface({
    input,
    output,
    prompt: shown,
    historySize: 500,
    removeHistoryDuplicates: true,
    tabSize: 4,
    completer: (line: string): [string[], string] => [[...complete(line)], line],
  });
  const width = (): number => Math.max(NARROWEST, (output.columns || 80) - 1);

  /** From the first row of what is drawn, wherever the cursor is in it. */
  function erase(rowsAbove: number): void {
    moveCursor(output, 0, -rowsAbove);
    cursorTo(output, 0);
    clearScreenDown(output);
  }

  function draw(): void {
    timer = undefined;
    if (closed) return;
    const { rows } = rl.getCursorPos();
    output.cork();
    erase(rows);
    if (waiting.length > 0) output.write(`${waiting.join('\n')}\n`);
    waiting = [];
    // Readline goes up by as many rows as it last drew above the cursor.
    output.write('\n'.repeat(rows));
    const above = [...frame(width()), ...entered.map((line) => cut(`  ${clean(line)}`, width()))];
    shown = [...above.slice(-Math.max(1, (output.rows || 24) - 4)), options.prompt].join('\n');
    rl.setPrompt(shown);
    rl.prompt(true);
    output.uncork();
  }

  function changed(): void {
    timer ??= setTimeout(draw, DRAW_MS);
  }

  function onKey(_: unknown, { name }: { name?: string }): void {
    if (name === 'paste-start') pasting = true;
    if (name === 'paste-end') pasting = false;
  }

  rl.on('line', (line) => {
    // Readline has left what was drawn, and stands below it.
    erase(rowsOf(shown + line, output.columns || 80) + 1);
    entered.push(line);
    if (!pasting) {
      const text = entered.join('\n');
      entered = [];
      onEntered(text);
    }
    rl.prompt();
    changed();
  });
  // Line breaks in what is pasted are no Enter; readline tells where it begins and ends, and takes the rest as typed.
  input.on('keypress', onKey);
  output.write(PASTES_TOLD);
  rl.on('SIGINT', () => onInterrupt(rl.line !== '' || entered.length > 0));
  rl.on('close', () => {
    if (!closed) onEnd();
  });
  output.on('resize', changed);
  // A terminal that is gone is one that was left; nothing is written to it any more.
  output.on('error', () => {
    if (!closed) onEnd();
  });
  const restore = (): void => {
    if (input.isTTY) input.setRawMode(false);
    output.write(PASTES_UNTOLD);
  };
  process.once('exit', restore);
  rl.prompt();
  changed();

  return {
    get width() {
      return width();
    },
    print(lines) {
      waiting.push(...lines);
      changed();
    },
    changed,
    clearLine() {
      entered = [];
      rl.write(null, { ctrl: true, name: 'e' });
      rl.write(null, { ctrl: true, name: 'u' });
    },
    bell: () => void output.write('\x07'),
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      output.off('resize', changed);
      erase(rl.getCursorPos().rows);
      if (waiting.length > 0) output.write(`${waiting.join('\n')}\n`);
      rl.close();
      input.off('keypress', onKey);
      restore();
      process.off('exit', restore);
    },
  };
}

/** For terminals that can't be drawn on: what is said is added, and lines come in as the terminal gives them. */
function addedScreen({ input, output, onEntered, onInterrupt, onEnd }: ScreenOptions): Screen {
  let closed = false;
  const rl = createInterface({ input, terminal: false });
  const interrupt = (): void => onInterrupt(false);
  rl.on('line', onEntered);
  rl.on('close', () => {
    if (!closed) onEnd();
  });
  process.on('SIGINT', interrupt);
  return {
    get width() {
      return Math.max(NARROWEST, (output.columns || 80) - 1);
    },
    print: (lines) => void output.write(`${lines.join('\n')}\n`),
    changed() {},
    clearLine() {},
    bell: () => void output.write('\x07'),
    close() {
      if (closed) return;
      closed = true;
      process.off('SIGINT', interrupt);
      rl.close();
    },
  };
}

/** How many rows below its first the end of a text is, drawn so many columns wide. */
function rowsOf(text: string, columns: number): number {
  const lines = stripVTControlCharacters(text).split('\n');
  const last = widthOf(lines.pop() ?? '');
  const above = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
  return above + Math.floor(last / columns);
}
