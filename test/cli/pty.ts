/**
 * The `tidings` command in a real terminal of its own, made by `script` (util-linux), with keys to press and a screen to
 * look at. The screen understands what the command may send, and fails on anything else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { widthOf } from '../../src/cli/terminal/measure.ts';
import { program } from './tidings.ts';

export interface PtyOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Pty {
  /** Presses keys; Enter is `\r`, Ctrl-C `\x03`, Tab `\t`. */
  press(keys: string): void;
  /** All lines, those that went out at the top first. */
  readonly lines: readonly string[];
  readonly text: string;
  /** Each byte that came. */
  readonly raw: string;
  /** Resolves once the text is there, blanks and line breaks taken for the same. */
  sees(what: string | RegExp): Promise<void>;
  /** The exit code, once it has ended, from the line that the shell prints behind it. */
  code(): Promise<number>;
}

const PATIENCE_MS = 20_000;
export const ESCAPE = '\u001b';

export function openPty(args: readonly string[], { env, columns = 80, rows = 24 }: PtyOptions): Pty {
  const command = [process.execPath, program, ...args].map((one) => `'${one}'`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    ['-qfec', `stty cols ${columns} rows ${rows}; ${command}; echo "ended with $?"; stty -a`, '/dev/null'],
    {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    },
  );
  let raw = '';
  const looks = new Set<() => void>();
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    raw += piece;
    for (const look of [...looks]) look();
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    const closed = once(child, 'close');
    process.kill(-child.pid, 'SIGKILL');
    await closed;
  });

  const pty: Pty = {
    press: (keys) => void child.stdin?.write(keys),
    get lines() {
      return drawn(raw, columns, rows);
    },
    get text() {
      return pty.lines.join(' ').replace(/\s+/g, ' ');
    },
    get raw() {
      return raw;
    },
    sees(what) {
      const there = (): boolean => (typeof what === 'string' ? pty.text.includes(what) : what.test(pty.text));
      return new Promise((resolve, reject) => {
        const finish = (then: () => void): void => {
          clearTimeout(timer);
          looks.delete(look);
          then();
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`${what} was not seen:\n${pty.lines.join('\n')}`))),
          PATIENCE_MS,
        );
        const look = (): void => {
          if (there()) finish(resolve);
        };
        looks.add(look);
        look();
      });
    },
    async code() {
      await pty.sees(/ended with \d+ .* -?extproc/);
      return Number(/ended with (\d+)/.exec(pty.text)?.[1]);
    },
  };
  return pty;
}

/** What is seen of all that came: text, line breaks, the cursor moved, rows cleared. */
function drawn(raw: string, columns: number, rows: number): string[] {
  const gone: string[] = [];
  const screen = Array.from({ length: rows }, () => blank(columns));
  let x = 0;
  let y = 0;
  const down = (): void => {
    if (y < rows - 1) y += 1;
    else {
      gone.push((screen.shift() ?? []).join('').trimEnd());
      screen.push(blank(columns));
    }
  };
  const known = new RegExp(`${ESCAPE}\\[(\\d*)(?:;\\d+)*([A-HJKm])|${ESCAPE}\\[\\?2004[hl]|[\\s\\S]`, 'gu');
  for (const [whole, count = '', kind] of raw.matchAll(known)) {
    const n = Number(count || 1);
    if (kind === 'A') y = Math.max(0, y - n);
    else if (kind === 'B') y = Math.min(rows - 1, y + n);
    else if (kind === 'C') x = Math.min(columns - 1, x + n);
    else if (kind === 'D') x = Math.max(0, x - n);
    else if (kind === 'G') x = n - 1;
    else if (kind === 'J' || kind === 'K') {
      screen[y]?.fill(' ', x);
      if (kind === 'J') for (let row = y + 1; row < rows; row += 1) screen[row] = blank(columns);
    } else if (whole === '\r') x = 0;
    else if (whole === '\n') down();
    else if (kind === undefined && whole.length <= 2 && whole !== '\x07') {
      if (whole === '\x1b')
        throw new Error(`an escape that is not known: ${JSON.stringify(raw.slice(-200))}`);
      const width = widthOf(whole);
      if (x + width > columns) {
        x = 0;
        down();
      }
      const row = screen[y];
      if (row) row[x] = whole;
      if (row && width === 2) row[x + 1] = '';
      x += width;
    }
  }
  return [...gone, ...screen.map((row) => row.join('').trimEnd())];
}

function blank(columns: number): string[] {
  return Array.from({ length: columns }, () => ' ');
}
