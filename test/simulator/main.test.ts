import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { raw } from './harness.ts';

const source = resolve(import.meta.dirname, '../../src/simulator');

/** Runs the simulator as a program; `ready` resolves to what it said when it said the first thing. */
function run(...args: string[]) {
  const child = spawn(process.execPath, [join(source, 'main.ts'), ...args], { stdio: 'pipe' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let said = '';
  const ready = new Promise<string>((tell) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        tell(said);
      });
  });
  const ended = new Promise<number | null>((tell) => child.once('exit', (code) => tell(code)));
  return { child, ready, ended };
}

function scenarioFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'scenario.json');
  writeFileSync(file, content);
  return file;
}

test('the program follows a scenario file until it is told to stop', async () => {
  const file = scenarioFile('{"rows":[{"reply":{"text":"from the file"}}]}');
  const { child, ready, ended } = run(file, '--port', '0');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await ready)?.[0] ?? '';
  expect((await raw(url)).text).toContain('from the file');
  child.kill('SIGTERM');
  expect(await ended).toBe(143);
});

test.each([
  ['a scenario with a misspelt key', () => [scenarioFile('{"lines":[]}')], /lines/],
  ['a port that is none', () => ['--port', 'high'], /--port is a number/],
  ['a file that is not there', () => ['nowhere.json'], /nowhere\.json/],
])('%s ends it with code 2 and words', async (_what, args, words) => {
  const { ready, ended } = run(...args());
  expect(await ready).toMatch(words);
  expect(await ended).toBe(2);
});

test('the rules need nothing of Node and nothing outside the simulator, so they run anywhere', () => {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) [^;]*?from '([^']+)'/gms,
    )) {
      if (from.startsWith('.')) visit(resolve(dirname(file), from));
      else expect(from, `imported by ${file}`).toMatch(/^(@noble\/hashes\/|zod$)/);
    }
  };
  visit(join(source, 'rules.ts'));
  expect(seen.size).toBeGreaterThan(10);
  for (const file of seen) expect(file.startsWith(source)).toBe(true);
});
