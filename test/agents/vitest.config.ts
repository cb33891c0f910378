import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Tests with outside agents: for `npm run agents` alone, since those are as large as all the rest. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..', '..'),
    include: ['test/agents/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    allowOnly: false,
    pool: 'forks',
    maxWorkers: 1,
    provide: { host: 'node' },
  },
});
