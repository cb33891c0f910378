/** How `tidings chat` ends when a signal comes or its terminal is closed: with what code, and what it leaves. */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { shareSetting } from '../client/setting.ts';
import { bash, cast, spawn } from '../e2e/cast.ts';
import { environmentOf } from '../e2e/house-environment.ts';
import { TOKEN } from '../http/door.ts';
import { alive, oddSleep } from '../workshop/setup.ts';
import { openPty, type Pty } from './pty.ts';

const setting = shareSetting();

async function opened(chat: string, env: Record<string, string> = {}): Promise<Pty> {
  const pty = openPty(['chat', chat], {
    env: { TIDINGS_URL: setting.proxy.url, TIDINGS_TOKEN: TOKEN, ...env },
  });
  await pty.sees('/help');
  return pty;
}

/** A terminal whose gateway runs in it, with a command at work and the assistant speaking. */
async function busy(): Promise<{ pty: Pty; data: string; sleep: string }> {
  const sleep = oddSleep();
  const simulator = await startSimulator({
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) {
          return { toolCalls: [spawn('Run it.', { label: 'run' })] };
        }
        return request.lastUserText.includes('Speak')
          ? { text: 'Speaking.', gate: 'speak' }
          : { text: 'Well.' };
      },
      'Run it': { toolCalls: [bash(`setsid ${sleep} & sleep 300`)] },
    }),
  });
  const data = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-busy-')));
  onTestFinished(async () => {
    await simulator.close();
    rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  });
  const pty = openPty(['chat'], { env: environmentOf(simulator, data) });
  await pty.sees('/help');
  pty.press('Begin.\r');
  await pty.sees('● run at work');
  await expect.poll(() => alive(sleep)).toBe(1);
  pty.press('Speak.\r');
  await simulator.until(() => simulator.waiting('speak') === 1);
  pty.press('half typed');
  await pty.sees('› half typed');
  return { pty, data, sleep };
}

const kept = / icanon .* echo /;

test('SIGTERM and SIGHUP at rest, and SIGINT while words stream, end it with their codes and give the terminal back', async () => {
  const { door } = setting;
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const) {
    const pty = await opened(await door.chat());
    if (signal === 'SIGINT') {
      pty.press('say:so hold:streaming\r');
      await pty.sees('speaking (Ctrl-C stops)');
    }
    pty.press('half typed');
    await pty.sees('› half typed');
    process.kill(pty.pid, signal);
    expect(await pty.code()).toBe(code);
    expect(pty.text).toMatch(kept);
    expect(pty.text).toContain('Not sent: half typed');
    // What was drawn is gone, and what comes next begins a line.
    expect(pty.text).not.toContain('› half typed');
    expect(pty.lines).toContain(`ended with ${code}`);
    expect(pty.raw.lastIndexOf('[?2004l')).toBeGreaterThan(pty.raw.lastIndexOf('[?2004h'));
  }
  door.model.release('streaming');
});

test('a terminal that is closed ends it with 129, and what was half typed is not sent', async () => {
  const chat = await setting.door.chat();
  const pty = await opened(chat);
  pty.press('half typed');
  await pty.sees('› half typed');
  // One that can't be drawn on keeps to itself what is typed.
  const dumb = await opened(chat, { TERM: 'dumb' });
  expect(await Promise.all([pty.hangUp(), dumb.hangUp()])).toEqual([129, 129]);
  expect((await setting.client.messages(chat)).messages).toEqual([]);
});

test('SIGTERM in the middle of everything ends the gateway that runs in the terminal in order, with its commands', async () => {
  const { pty, data, sleep } = await busy();
  process.kill(pty.pid, 'SIGTERM');
  expect(await pty.code()).toBe(143);
  expect(alive(sleep)).toBe(0);
  expect(readdirSync(data)).not.toContain('tidings.db-wal');
  expect(pty.text).toMatch(kept);
  expect(pty.text).toContain("This terminal's gateway ends now; at the next start the work goes on");
});

test('so does closing the terminal', async () => {
  const { pty, data, sleep } = await busy();
  expect(await pty.hangUp()).toBe(129);
  expect(alive(sleep)).toBe(0);
  expect(readdirSync(data)).not.toContain('tidings.db-wal');
});
