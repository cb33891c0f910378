import { defineConfig } from 'vitest/config';

/**
 * The end-to-end tests that every host has to pass; what only a machine can do is said in each file
 * (`test/e2e/hosts.ts`).
 */
const everyHost = [
  'test/e2e/{answers,bad-input,care,conversation,done-when,feed,files,forty,kill,limits,money,oracle}.test.ts',
  'test/e2e/{page-door,parking,permissions,prefixes,questions,reading,skills,steer,transient,web}.test.ts',
  'test/browser/both-hosts.test.ts',
  'test/regressions/{control,news,truth,words}.test.ts',
];

export default defineConfig({
  test: {
    // Real processes, git and browsers share two cores: patience costs nothing where all is well.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    pool: 'forks',
    // Much of a test is waiting for processes: three keep two cores busy.
    maxWorkers: 3,
    // The houses of the end-to-end tests stand on the host that their project provides.
    projects: [
      { extends: true, test: { name: 'node', include: ['test/**/*.test.ts'], provide: { host: 'node' } } },
      { extends: true, test: { name: 'workerd', include: everyHost, provide: { host: 'workerd' } } },
    ],
  },
});
