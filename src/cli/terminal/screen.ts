/**
 * The terminal while people talk in it: what was said goes up and stays, a few live rows and the line that is typed
 * stay below. Owns the keys, when it is drawn, and that the terminal is as it was in every end and while this is
 * suspended. Knows nothing of chats. The line's editing, its history and its completion are Node's readline, which draws
 * nothing itself.
 */
import { createInterface, type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { addedScreen } from './added-screen.ts';
import { clean } from './clean.ts';
import { makeDrawing } from './drawing.ts';
import { cut, wrap } from './measure.ts';
import { layOut, type Picture } from './typed-line.ts';

export interface ScreenOptions {
  readonly input: ReadStream & { readonly fd: number };
  readonly output: WriteStream;
  /** The rows above the prompt, each within `width`. */
  readonly frame: (width: number) => readonly string[];
  readonly prompt: string;
  /** What was entered; what was pasted with line breaks is one with what is typed behind it. */
  readonly onEntered: (text: string) => void;
  /** Ctrl-C; `typed`: there is text on the line. */
  readonly onInterrupt: (typed: boolean) => void;
  /** Ctrl-D. */
  readonly onEnd: () => void;
  /** The terminal is gone: what stood on the line was not entered. */
  readonly onGone: () => void;
  /** What could stand in place of the line so far. */
  readonly complete: (line: string) => readonly string[];
  /** Whether it can be drawn on; otherwise lines are only added. */
  readonly drawn: boolean;
}

export interface Screen {
  /** Columns that a line may have. */
  readonly width: number;
  /** What stands on the line and was not entered. */
  readonly typed: string;
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

/** How often it is drawn at most, apart from what is typed. */
const DRAW_MS = 80;
export const NARROWEST = 10;
/** Whether the terminal tells what is pasted from what is typed. */
const PASTES_TOLD = '\x1b[?2004h';
const PASTES_UNTOLD = '\x1b[?2004l';
const EMPTIED = '\x1b[H\x1b[2J';
/** Rows for what Tab offers. */
const MOST_OFFERED = 3;

export function openScreen(options: ScreenOptions): Screen {
  return options.drawn ? drawnScreen(options) : addedScreen(options);
}

function drawnScreen(options: ScreenOptions): Screen {
  const { input, output, frame, prompt, onEntered, onInterrupt, onEnd, onGone, complete } = options;
  const drawing = makeDrawing(output);
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let closed = false;
  let gone = false;
  /** Lines that were pasted: they go out as one with the line that Enter ends. */
  let entered: string[] = [];
  let pasting = false;
  let offered: readonly string[] = [];
  /** Whether nothing was drawn when this was stopped. */
  let erased = false;

  function lost(): void {
    gone = true;
    if (!closed) onGone();
  }
  // Before readline, for which the end enters what stands on the line.
  input.once('end', lost);
  const rl: Interface = createInterface({
    input,
    terminal: true,
    historySize: 500,
    removeHistoryDuplicates: true,
    completer(line: string): [string[], string] {
      const found = complete(line);
      offered = found.length > 1 ? found : [];
      // What there is only one of is put in behind this.
      keyPressed();
      return [[...found], line];
    },
  });
  const width = (): number => Math.max(NARROWEST, (output.columns || 80) - 1);

  /** All that is drawn; where there is too little room, what is typed comes first, then what is nearest to it. */
  function picture(): Picture {
    const most = Math.max(2, (output.rows || 24) - 1);
    const line = layOut({ prompt, text: rl.line, cursor: rl.cursor }, width(), most - 1);
    const names = offered.map((one) => one.trim().split(' ').at(-1)).join('  ');
    const above = [
      ...frame(width()),
      ...entered.map((one) => cut(`  ${clean(one)}`, width())),
      ...(names === '' ? [] : wrap(names, width()).slice(0, MOST_OFFERED)),
    ];
    const room = above.slice(Math.max(0, above.length - (most - line.rows.length)));
    return { rows: [...room, ...line.rows], row: room.length + line.row, column: line.column };
  }

  function draw(): void {
    clearTimeout(timer);
    timer = undefined;
    clearImmediate(soon);
    soon = undefined;
    if (closed) return;
    const lines = waiting;
    waiting = [];
    drawing.draw(lines, picture());
  }

  function changed(): void {
    timer ??= setTimeout(draw, DRAW_MS);
  }

  /** What is typed is seen at once; a whole paste is one. */
  function keyPressed(): void {
    soon ??= setImmediate(draw);
  }

  function onKey(_: unknown, { name, ctrl }: { name?: string; ctrl?: boolean }): void {
    if (name === 'paste-start') pasting = true;
    if (name === 'paste-end') pasting = false;
    if (name !== 'tab') offered = [];
    if (ctrl && name === 'l') {
      output.write(EMPTIED);
      drawing.forget();
    }
    keyPressed();
  }

  rl.on('line', (line) => {
    if (gone) return;
    entered.push(line);
    if (pasting) return;
    const text = entered.join('\n');
    entered = [];
    onEntered(text);
  });
  // Line breaks in what is pasted are no Enter; readline tells where it begins and ends, and takes the rest as typed.
  input.on('keypress', onKey);
  rl.on('SIGINT', () => onInterrupt(rl.line !== '' || entered.length > 0));
  rl.on('close', () => {
    if (!closed && !gone) onEnd();
  });
  // A terminal that is gone is one that was left; nothing is written to it any more.
  rl.on('error', lost);
  output.on('error', lost);
  input.on('error', lost);
  const resized = (): void => {
    drawing.doubt();
    changed();
  };
  output.on('resize', resized);

  function take(): void {
    // Whoever had the terminal meanwhile may have set it otherwise, which Node can't know.
    input.setRawMode(false);
    input.setRawMode(true);
    output.write(PASTES_TOLD);
  }
  function restore(): void {
    if (input.isTTY) input.setRawMode(false);
    output.write(PASTES_UNTOLD);
  }
  /** Ctrl-Z, which in raw mode is a key: all that belongs to this job stops, as it would by the terminal. */
  function suspend(): void {
    drawing.erase(waiting);
    waiting = [];
    restore();
    process.kill(0, 'SIGTSTP');
    // Where there is no job control it did not stop; otherwise this is after it was continued.
    take();
    changed();
    erased = true;
  }
  /** Continued, whoever stopped it: the shell has written since, and the size may be another. */
  function onContinued(): void {
    take();
    if (!erased) drawing.forget();
    erased = false;
    process.kill(process.pid, 'SIGWINCH');
    draw();
  }
  rl.on('SIGTSTP', suspend);
  process.on('SIGCONT', onContinued);
  process.once('exit', restore);
  output.write(PASTES_TOLD);
  draw();

  return {
    get width() {
      return width();
    },
    get typed() {
      return [...entered, rl.line].join('\n');
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
      keyPressed();
    },
    bell: () => void output.write('\x07'),
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      clearImmediate(soon);
      output.off('resize', resized);
      process.off('SIGCONT', onContinued);
      input.off('keypress', onKey);
      input.off('end', lost);
      drawing.erase(waiting);
      rl.close();
      restore();
      process.off('exit', restore);
    },
  };
}
