/**
 * `npm test`: the whole check, in the order in which a fault is cheapest to find. Says what it does, ends with
 * one line of counts, and with 1 if anything failed. Tests whose system package is missing are named as
 * NOT RUN; with CI=1 that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const inCI = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';

/** Commands that tests need from the system, and the tests that need them. */
const real = [
  'test/workshop/**',
  'test/demo/**',
  'test/e2e/**',
  'test/fault/**',
  'test/regressions/**',
  'test/package/**',
  'test/releases/**',
  'test/backup/**',
  'test/doctor/**',
  'test/security/{delegation,gateway-git,told-by-a-file}.test.ts',
];
const walls = [
  'test/workshop/sandbox*.test.ts',
  'test/security/{sandbox,told-by-a-file,delegation}.test.ts',
  'test/doctor/sandbox.test.ts',
];
const needs = [
  { command: 'git', package: 'git', tests: real },
  { command: 'bash', package: 'bash', tests: real },
  { command: 'bwrap', package: 'bubblewrap', tests: walls },
  { command: 'socat', package: 'socat', tests: walls },
  { command: 'chromium', package: 'chromium', tests: ['test/browser/**'] },
  // A terminal of its own for the command.
  {
    command: 'script',
    package: 'bsdutils',
    tests: ['test/cli/{chat-terminal,terminal-endings,terminal-screen}.test.ts'],
  },
];

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  numTotalTests: z.number(),
  success: z.boolean(),
});

function onPath(command: string): boolean {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, command)));
}

function bin(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}

function step(title: string, command: string, args: readonly string[]): boolean {
  process.stdout.write(`\n▸ ${title}\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) process.stdout.write(`${title}: ${error.message}\n`);
  return status === 0;
}

function main(): number {
  let failed = 0;
  const checks: [string, string, string[]][] = [
    ['format and lint (biome)', bin('biome'), ['check', '.']],
    ['types (tsc)', bin('tsc'), ['--noEmit']],
    ['dead code (knip)', bin('knip'), []],
    // The tests open it as it is now, not as it was when it was last built.
    ['page (vite build)', process.execPath, [join('build', 'web.ts')]],
  ];
  for (const [title, command, args] of checks) if (!step(title, command, args)) failed += 1;

  const missing = needs.filter(({ command }) => !onPath(command));
  for (const one of missing) {
    process.stdout.write(`NOT RUN: needs ${one.command} (package ${one.package}): ${one.tests.join(', ')}\n`);
    if (inCI) failed += 1;
  }
  const excluded = missing.flatMap(({ tests }) => tests.flatMap((glob) => ['--exclude', glob]));

  const folder = mkdtempSync(join(tmpdir(), 'tidings-report-'));
  const report = join(folder, 'report.json');
  const ran = step('tests (vitest)', process.execPath, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...excluded,
    ...process.argv.slice(2),
  ]);
  let passed = checks.length - failed;
  if (existsSync(report)) {
    const counts = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
    passed += counts.numPassedTests;
    // A test that was skipped has shown nothing.
    failed += counts.numFailedTests + counts.numPendingTests + counts.numTodoTests;
    if (counts.numTotalTests === 0) failed += 1;
    if (!ran && counts.numFailedTests === 0) failed += 1;
  } else {
    failed += 1;
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
