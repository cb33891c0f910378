/**
 * `npm run agents`: installs the outside agents, exactly as their lock says, and runs the tests with them. Ends with 1
 * if anything failed or nothing ran. Owns no test.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');

const reportSchema = z.object({
  numPassedTests: z.number(),
  numTotalTests: z.number(),
});

function step(command: string, args: readonly string[], cwd: string): boolean {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error) process.stdout.write(`${command}: ${error.message}\n`);
  return status === 0;
}

function main(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-report-'));
  const report = join(folder, 'report.json');
  // Their programs come as packages for each system: nothing needs to be run to install them.
  const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const ran =
    step('npm', install, import.meta.dirname) &&
    step(
      process.execPath,
      [
        join(root, 'node_modules', 'vitest', 'vitest.mjs'),
        'run',
        `--config=${join(import.meta.dirname, 'vitest.config.ts')}`,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...process.argv.slice(2),
      ],
      root,
    );
  const { numPassedTests: passed, numTotalTests: total } = existsSync(report)
    ? reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')))
    : { numPassedTests: 0, numTotalTests: 0 };
  rmSync(folder, { recursive: true, force: true });
  // A test that was skipped has shown nothing.
  const failed = Math.max(total - passed, ran && total > 0 ? 0 : 1);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
