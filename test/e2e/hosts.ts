/**
 * The host that the end-to-end tests run on, and tests that are not for every host. A test that a host can't pass is
 * not there at all: a skipped one would have shown nothing.
 */
import { describe, inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the houses of this project stand on. */
    host: 'node' | 'workerd';
  }
}

export const host = inject('host');

type Add = (name: string, body: () => Promise<void>) => void;

const add: Add = (name, body) => void test(name, body);
const leaveOut: Add = () => {};

/** A test that needs what only a machine has: processes, folders, repositories. */
export const testWithProcesses: Add = host === 'node' ? add : leaveOut;

/** The same for all tests of a group. */
export function describeWithProcesses(name: string, tests: () => void): void {
  if (host === 'node') describe(name, tests);
}

/** Rows of a test that hold only where there are processes, folders and repositories. */
export function whereProcessesAre<Row>(rows: readonly Row[]): readonly Row[] {
  return host === 'node' ? rows : [];
}
