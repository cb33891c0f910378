/**
 * The `tidings` command in a real terminal of its own, made by `script` (util-linux) and led by a shell with job control,
 * with keys to press and a screen to look at. The terminal can get another size, and be closed under it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { makeScreenModel, type ScreenModelOptions } from './screen-model.ts';
import { program } from './tidings.ts';

export interface PtyOptions extends Partial<ScreenModelOptions> {
  readonly env: Readonly<Record<string, string>>;
}

export interface Pty {
  /** Presses keys; Enter is `\r`, Ctrl-C `\x03`, Tab `\t`. */
  press(keys: string): void;
  /** All lines, those that went out at the top first. */
  readonly lines: readonly string[];
  readonly text: string;
  /** What stands in the cursor's row before it. */
  readonly beforeCursor: string;
  /** Each byte that came. */
  readonly raw: string;
  /** Resolves once the text is there, blanks and line breaks taken for the same. */
  sees(what: string | RegExp): Promise<void>;
  resize(columns: number, rows: number): void;
  /** The command's own process, once it runs. */
  readonly pid: number;
  /** The exit code, once it has ended, from the line that the shell prints behind it. */
  code(): Promise<number>;
  /** Closes the terminal. Resolves with the exit code of the command. */
  hangUp(): Promise<number>;
}

const PATIENCE_MS = 30_000;
export const ESCAPE = '\u001b';

/**
 * Says which terminal and process it is, goes on with what was suspended, as somebody would who types fg, and tells how
 * it ended, be it that nobody sees it.
 */
function shellScript(command: string, { columns, rows, codeFile }: Shell): string {
  return `
    trap : HUP
    set -m
    stty cols ${columns} rows ${rows}
    sh -c 'echo "terminal $(tty) process $$"; exec ${command}'
    code=$?
    while [ $code = 147 ] || [ $code = 148 ]; do
      echo "suspended"; stty -a; echo "goes on"
      fg > /dev/null
      code=$?
    done
    echo $code > ${codeFile}
    echo "ended with $code"
    stty -a`;
}

interface Shell {
  readonly columns: number;
  readonly rows: number;
  readonly codeFile: string;
}

export function openPty(
  args: readonly string[],
  { env, columns = 80, rows = 24, rewraps = true }: PtyOptions,
): Pty {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-pty-'));
  const codeFile = join(folder, 'code');
  const command = [process.execPath, program, ...args].map((one) => `"${one}"`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    [
      '-qfec',
      `exec bash -c '${shellScript(command, { columns, rows, codeFile }).replaceAll("'", "'\\''")}'`,
      '/dev/null',
    ],
    {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    },
  );
  const screen = makeScreenModel({ columns, rows, rewraps });
  let raw = '';
  let broken: unknown;
  const looks = new Set<() => void>();
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    raw += piece;
    try {
      screen.write(piece);
    } catch (error) {
      broken ??= error;
    }
    for (const look of [...looks]) look();
  });
  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const closed = once(child, 'close');
    process.kill(-child.pid, 'SIGKILL');
    await closed;
  }
  onTestFinished(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  function place(): { readonly terminal: string; readonly pid: number } {
    const [, terminal, pid] = /terminal (\S+) process (\d+)/.exec(raw) ?? [];
    if (terminal === undefined) throw new Error('the command has not begun');
    return { terminal, pid: Number(pid) };
  }

  const pty: Pty = {
    press: (keys) => void child.stdin?.write(keys),
    get lines() {
      if (broken !== undefined) throw broken;
      return screen.lines;
    },
    get text() {
      return pty.lines.join(' ').replace(/\s+/g, ' ').trim();
    },
    get beforeCursor() {
      if (broken !== undefined) throw broken;
      return screen.beforeCursor;
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
          try {
            if (there()) finish(resolve);
          } catch (error) {
            finish(() => reject(error));
          }
        };
        looks.add(look);
        look();
      });
    },
    resize(newColumns, newRows) {
      const { terminal } = place();
      execFileSync('stty', ['-F', terminal, 'cols', String(newColumns), 'rows', String(newRows)]);
      screen.resize(newColumns, newRows);
    },
    get pid() {
      return place().pid;
    },
    async code() {
      await pty.sees(/ended with \d+ .* -?extproc/);
      return Number(/ended with (\d+)/.exec(pty.text)?.[1]);
    },
    async hangUp() {
      await end();
      await expect.poll(() => existsSync(codeFile) && readFileSync(codeFile, 'utf8')).toMatch(/\d\n/);
      return Number(readFileSync(codeFile, 'utf8'));
    },
  };
  return pty;
}
