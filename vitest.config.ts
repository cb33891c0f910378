import { defineConfig } from 'vitest/config';

/**
 * The end-to-end tests that every host has to pass; what only a machine can do is said in each file
 * (`test/e2e/hosts.ts`). Those that aren't here are about what is decided above the hosts: one shows it for both.
 */
const everyHost = [
  'test/e2e/{care,conversation,done-when,feed,files,forty,kill,limits}.test.ts',
  'test/e2e/{page-door,parking,permissions,questions,reading,steer}.test.ts',
  'test/browser/both-hosts.test.ts',
];

/** Tests of what keeps nothing in its modules: they share them, since reading them anew for each file takes longer. */
const sharing = [
  'test/{client,config,core,http,logs,model,runtime,simulator,skills,store,tools,trust,web}/**/*.test.ts',
  'test/security/{cookies,owners,scopes}.test.ts',
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
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: sharing, provide: { host: 'node' } },
      },
      {
        extends: true,
        test: { name: 'sharing', include: sharing, isolate: false, provide: { host: 'node' } },
      },
      { extends: true, test: { name: 'workerd', include: everyHost, provide: { host: 'workerd' } } },
    ],
  },
});
