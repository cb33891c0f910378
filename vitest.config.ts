import { matchesGlob } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The end-to-end tests that every host has to pass; what only a machine can do is said in each file
 * (`test/e2e/hosts.ts`). Those that aren't here are about what is decided above the hosts: one shows it for both.
 */
const everyHost = [
  'test/e2e/{care,conversation,dependencies,done-when,feed,files,forty,kill,limits,markers-live,mcp,mcp-conformance,news,plan}.test.ts',
  'test/e2e/{page-door,parking,permissions,questions,reading,steer}.test.ts',
  'test/browser/both-hosts.test.ts',
];

/**
 * What needs modules of its own: it changes its process (`PATH`, the clock), or has too few files for sharing to matter.
 */
const apart = [
  'test/{bench,demo,doctor,package,project,releases,simulation,workerd}/**/*.test.ts',
  'test/{workshop/sandbox-none,cloudflare/fetch-limit}.test.ts',
];

/**
 * What starts many processes and opens no house: a process that has read both hosts and a browser's driver has become
 * large, and each start of another one from there copies its page tables.
 */
const processes = ['test/{backup,runtime,store,workshop}/**/*.test.ts'];

/** Those that take longest, be it that they compute or that they wait: first, so that the last ones to end are short. */
const longest = [
  'simulation/{simulation,planted}',
  'e2e/{care,process,forty}',
  'fault/{kill,objects}',
  'cloudflare/{limits,bad-input-mail,sockets}',
  'cloudflare/faults/{alarms,slow}',
  'package/package',
  'demo/demo',
  'releases/migrations',
].map((path) => `**/test/${path}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const inOrder = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      longest.some((pattern) => matchesGlob(moduleId, pattern));
    return [...inOrder.filter(isLong), ...inOrder.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // Real processes, git and browsers share two cores: patience costs nothing where all is well.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Of one condition that is waited for; by itself it would be a second, which a busy machine may well take.
    expect: { poll: { timeout: 30_000 } },
    allowOnly: false,
    pool: 'forks',
    // Much of a test is waiting for processes: three keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // The houses of the end-to-end tests stand on the host that their project provides.
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: apart, provide: { host: 'node' } },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: processes,
          exclude: apart,
          isolate: false,
          provide: { host: 'node' },
        },
      },
      // Reading all modules anew for each file takes longer than most tests: nothing is kept in them.
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          // Those with outside agents are for `npm run agents`.
          exclude: [...apart, ...processes, 'test/agents/**'],
          isolate: false,
          provide: { host: 'node' },
        },
      },
      {
        extends: true,
        test: { name: 'workerd', include: everyHost, isolate: false, provide: { host: 'workerd' } },
      },
    ],
  },
});
