/**
 * The hosts that other tests stand on: what a Worker stored, and its alarms, outlive whatever is done to it. An alarm
 * that had just rung may ring again after a restart.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startWorkerd, startWorkerdProcess, type WorkerdOptions } from './host.ts';

const options = {
  entry: join(import.meta.dirname, 'host-worker.ts'),
  classes: { WORDS: 'Words', OTHERS: 'Others' },
  bindings: { GREETING: 'hello', NUMBERS: [1, 2] },
} satisfies WorkerdOptions;

const wordsSchema = z.object({ born: z.string(), words: z.array(z.string()) });

async function ask(url: string, path: string): Promise<z.infer<typeof wordsSchema>> {
  const response = await fetch(`${url}${path}`);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return wordsSchema.parse(JSON.parse(text));
}

async function words(url: string, path: string): Promise<string[]> {
  return (await ask(url, path)).words;
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'host-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether this process is left; one that has ended, and that nobody asked about yet, is not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The processes that `pid` started and that still run. */
function children(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

describe('a Worker in this process', () => {
  test('gets its variables, and sees the host that the client named', async () => {
    const host = await startWorkerd(options);
    onTestFinished(() => host.stop());
    const response = await fetch(host.url);
    expect(await response.json()).toEqual({
      host: new URL(host.url).host,
      greeting: 'hello',
      numbers: [1, 2],
    });
  });

  test('keeps what it stored, and its alarm, over a restart and a stop', async () => {
    const folder = emptyFolder();
    const first = await startWorkerd({ ...options, folder });
    onTestFinished(() => first.stop());
    await words(first.url, '/words/a?word=one');
    await words(first.url, '/others/a?word=other&alarm=1');
    await first.restart();
    expect(await words(first.url, '/words/a?word=two')).toEqual(['one', 'two']);
    await expect.poll(() => words(first.url, '/others/a')).toContain('alarm of a');
    await words(first.url, '/words/a?alarm=500');
    await first.stop();

    const second = await startWorkerd({ ...options, folder });
    onTestFinished(() => second.stop());
    await expect.poll(() => words(second.url, '/words/a')).toContain('alarm of a');
    expect((await words(second.url, '/words/a')).slice(0, 2)).toEqual(['one', 'two']);
  });

  test('shows which objects there are and what they stored', async () => {
    const host = await startWorkerd(options);
    onTestFinished(() => host.stop());
    expect(await host.ids('Words')).toEqual([]);
    await words(host.url, '/words/a?word=one');
    const ids = await host.ids('Words');
    expect(ids).toHaveLength(1);
    expect(await host.ids('Others')).toEqual([]);
    const select = 'SELECT word FROM words WHERE word = ?';
    expect(await host.rows('Words', { name: 'a' }, select, 'one')).toEqual([{ word: 'one' }]);
    expect(await host.rows('Words', { id: ids[0] ?? '' }, select, 'two')).toEqual([]);
  });

  test('loses what its objects had in memory, and only that, when they are reset or put to sleep', async () => {
    const host = await startWorkerd({ ...options, chaos: true });
    onTestFinished(() => host.stop());
    const first = await ask(host.url, '/words/a?word=one');
    const held = fetch(`${host.url}/words/a?word=held&wait=60000`);
    await expect.poll(() => words(host.url, '/words/a')).toContain('held');
    await host.abortAll();
    expect((await held).status).toBe(500);
    const second = await ask(host.url, '/words/a?word=two');
    expect(second.words).toEqual(['one', 'held', 'two']);
    expect(second.born).not.toBe(first.born);
    await host.evict('WORDS', 'a');
    const third = await ask(host.url, '/words/a');
    expect(third.words).toEqual(['one', 'held', 'two']);
    expect(third.born).not.toBe(second.born);
    await expect(host.evict('WORDS', 'nobody')).rejects.toThrow('it is not currently running');
  });

  test('takes its own folder away when it stops', async () => {
    const host = await startWorkerd(options);
    await words(host.url, '/words/a?word=one');
    expect(existsSync(host.folder)).toBe(true);
    await host.stop();
    expect(existsSync(host.folder)).toBe(false);
  });
});

describe('a Worker in a process of its own', () => {
  test('keeps what it stored, and its alarms, over SIGKILL of the whole group and a stop', async () => {
    const folder = emptyFolder();
    const host = await startWorkerdProcess({ ...options, folder, chaos: true });
    onTestFinished(() => host.stop());
    const first = host.url;
    expect(await words(host.url, '/words/a?word=one')).toEqual(['one']);
    await words(host.url, '/words/due?alarm=1000');
    await words(host.url, '/others/later?alarm=4000');
    await host.kill();
    await expect(fetch(first)).rejects.toThrow();

    await host.start();
    expect(await words(host.url, '/words/a?word=two')).toEqual(['one', 'two']);
    await host.abortAll();
    await expect.poll(() => words(host.url, '/words/due')).toContain('alarm of due');
    await host.stop();
    await host.start();
    await expect.poll(() => words(host.url, '/others/later')).toContain('alarm of later');
    expect(await words(host.url, '/words/a')).toEqual(['one', 'two']);
  });

  test('leaves no process behind when whoever started it is killed', async () => {
    const folder = emptyFolder();
    const source = `
      const { startWorkerdProcess } = await import(${JSON.stringify(join(import.meta.dirname, 'host.ts'))});
      const host = await startWorkerdProcess(${JSON.stringify({ ...options, folder })});
      console.log(JSON.stringify({ pid: host.pid }));
      setInterval(() => {}, 1000);
    `;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void starter.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: starter.stdout }), 'line');
    const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(z.string().parse(line)));
    const all = [pid, ...children(pid)];
    expect(all.length).toBeGreaterThan(1);
    expect(all.filter(runs)).toEqual(all);
    starter.kill('SIGKILL');
    await expect.poll(() => all.filter(runs)).toEqual([]);
  });
});
