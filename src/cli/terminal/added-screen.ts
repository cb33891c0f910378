/**
 * The screen for terminals that can't be drawn on: what is said is added, and lines come in as the terminal gives them.
 * Sends no escape sequence.
 */
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import { NARROWEST, type Screen, type ScreenOptions } from './screen.ts';

export function addedScreen({
  input,
  output,
  onEntered,
  onInterrupt,
  onEnd,
  onGone,
}: Omit<ScreenOptions, 'drawn'>): Screen {
  let closed = false;
  const rl = createInterface({ input, terminal: false });
  const interrupt = (): void => onInterrupt(false);
  const gone = (): void => {
    if (!closed) onGone();
  };
  rl.on('line', onEntered);
  rl.on('close', () => {
    // Both look like the end of what is typed, but a terminal that is gone is none any more.
    if (!isatty(input.fd)) gone();
    else if (!closed) onEnd();
  });
  rl.on('error', gone);
  output.on('error', gone);
  process.on('SIGINT', interrupt);
  return {
    get width() {
      return Math.max(NARROWEST, (output.columns || 80) - 1);
    },
    typed: '',
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
