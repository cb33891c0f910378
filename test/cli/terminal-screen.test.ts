/** What `tidings chat` draws: it stays whole when the terminal changes, is emptied, taken away or given back. */
import { describe, expect, test } from 'vitest';
import { shareSetting } from '../client/setting.ts';
import { TOKEN } from '../http/door.ts';
import { openPty, type Pty, type PtyOptions } from './pty.ts';

const setting = shareSetting();

async function opened(more: Omit<PtyOptions, 'env'> = {}): Promise<Pty> {
  const chat = await setting.door.chat();
  const pty = openPty(['chat', chat], {
    ...more,
    env: { TIDINGS_URL: setting.proxy.url, TIDINGS_TOKEN: TOKEN },
  });
  await pty.sees('/help');
  return pty;
}

/** How often it is seen, wherever lines are broken in it. */
function count(pty: Pty, what: string): number {
  const all = pty.lines.map((line) => line.trim()).join('');
  return all.split(what).length - 1;
}

/** Changes the size and types a letter, so that all that the change led to is drawn once the letter is seen. */
async function resized(pty: Pty, [columns, rows]: readonly [number, number], letter: string): Promise<void> {
  const before = pty.raw.length;
  pty.resize(columns, rows);
  await expect.poll(() => pty.raw.slice(before)).toContain('›');
  pty.press(letter);
  await expect.poll(() => pty.beforeCursor).toMatch(new RegExp(`${letter}$`));
}

const sizes = [
  [40, 24],
  [28, 24],
  [100, 24],
  [60, 12],
  [80, 30],
] as const;

describe('a terminal that gets another size', () => {
  test('keeps nothing of what was drawn before, while words stream and a line is half typed', async () => {
    const pty = await opened();
    pty.press(`say:${'word-'.repeat(20)} hold:sizes\r`);
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press(`half:${'typed-'.repeat(15)}`);
    await expect.poll(() => count(pty, 'typed-')).toBe(15);
    for (const [at, size] of sizes.entries()) {
      await resized(pty, size, String(at));
      const counts = ['speaking (Ctrl-C stops)', 'half:', 'typed-', 'word-'].map((one) => count(pty, one));
      expect([...size, ...counts], pty.lines.join('\n')).toEqual([...size, 1, 1, 15, 40]);
    }
    setting.door.model.release('sizes');
    await expect.poll(() => count(pty, 'speaking')).toBe(0);
    expect(count(pty, 'word-')).toBe(40);
    pty.press('\x03');
    await expect.poll(() => count(pty, 'typed-')).toBe(0);
    expect(count(pty, 'half:')).toBe(0);
    pty.press('\x03');
    expect(await pty.code()).toBe(0);
  });

  test('keeps nothing of it either where the terminal only cuts what does not fit', async () => {
    const pty = await opened({ rewraps: false });
    pty.press(`say:${'word-'.repeat(20)} hold:cut\r`);
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press(`half:${'typed-'.repeat(15)}`);
    await expect.poll(() => count(pty, 'typed-')).toBe(15);
    for (const [at, size] of sizes.entries()) {
      await resized(pty, size, String(at));
      const counts = ['speaking (Ctrl-C stops)', 'half:', 'typed-'].map((one) => count(pty, one));
      expect([...size, ...counts], pty.lines.join('\n')).toEqual([...size, 1, 1, 15]);
    }
    setting.door.model.release('cut');
    pty.press('\x03\x03');
    expect(await pty.code()).toBe(0);
  });
});

describe('the line that is typed', () => {
  test('may be longer than the screen is high: what is around the cursor is seen, and nothing of it stays', async () => {
    const pty = await opened({ columns: 30, rows: 6 });
    pty.press(`begin ${'middle '.repeat(40)}end`);
    await expect.poll(() => pty.beforeCursor).toMatch(/end$/);
    expect(count(pty, 'begin')).toBe(0);
    pty.press('\x01');
    await expect.poll(() => pty.beforeCursor).toBe('› ');
    expect([count(pty, '› begin'), count(pty, 'end')]).toEqual([1, 0]);
    pty.press('\x03');
    await expect.poll(() => count(pty, 'begin')).toBe(0);
    expect(count(pty, 'middle')).toBe(0);
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('is edited where the cursor is seen, between wide characters, too', async () => {
    const pty = await opened();
    pty.press('日本👩‍👩‍👧語');
    await expect.poll(() => pty.beforeCursor).toContain('語');
    pty.press('\x1b[D');
    pty.press('x');
    await expect.poll(() => pty.beforeCursor).toMatch(/^› 日本👩‍👩‍👧x$/u);
    pty.press('\r');
    await pty.sees(/heard: [^›]*日本👩‍👩‍👧x語/);
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });

  test('is shown again by Ctrl-L on an emptied screen, and offers with Tab what it may go on with', async () => {
    const pty = await opened();
    pty.press('say:so hold:emptied\r');
    await pty.sees('speaking (Ctrl-C stops)');
    pty.press('half typed');
    await pty.sees('› half typed');
    pty.press('\x0c');
    await expect.poll(() => count(pty, '/help')).toBe(0);
    await pty.sees('so … speaking (Ctrl-C stops) › half typed');
    expect(pty.lines.filter((line) => line !== '')).toHaveLength(3);
    pty.press('\x15/st');
    await pty.sees('› /st');
    pty.press('\t');
    await pty.sees('/steer /steer! /stop › /st');
    pty.press('o');
    await pty.sees(/stops\) › \/sto/);
    expect(count(pty, '/steer')).toBe(0);
    setting.door.model.release('emptied');
    pty.press('\x15');
    pty.press('/quit\r');
    expect(await pty.code()).toBe(0);
  });

  test('is still there after Ctrl-Z and fg, and the shell has its terminal as it was meanwhile', async () => {
    const pty = await opened();
    pty.press('half');
    await pty.sees('› half');
    pty.press('\x1a');
    await pty.sees(/suspended .* goes on › half$/);
    // The shell has asked for the settings; what pastes are told by was taken back before.
    expect(pty.text).toMatch(/suspended .* icanon .* goes on/);
    expect(pty.raw).toMatch(/\[\?2004l[\s\S]*suspended[\s\S]*\[\?2004h/);
    expect(count(pty, '› half')).toBe(1);
    pty.press(' a word');
    await pty.sees('› half a word');
    // Stopped by somebody else, it could not take away what was drawn: that stays above.
    process.kill(pty.pid, 'SIGSTOP');
    await pty.sees(/suspended .* goes on .* suspended .* goes on › half a word$/);
    pty.press(' more\r');
    await pty.sees(/heard: [^›]*half a word more/);
    pty.press('\x04');
    expect(await pty.code()).toBe(0);
  });
});
