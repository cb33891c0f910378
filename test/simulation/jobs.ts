/**
 * What is under way outside of one life of the gateway: model calls, tools, workspaces. Each ends when the
 * schedule says so, and none ends by itself.
 */

export interface Job {
  /** For traces. */
  readonly what: string;
  /** Ends it, the way the script wants it. */
  finish(): void;
  /** Lets a part of it arrive. */
  progress?(): void;
}

export interface Jobs {
  add(job: Job): void;
  remove(job: Job): void;
  readonly all: readonly Job[];
}

export function makeJobs(): Jobs {
  let all: Job[] = [];
  return {
    add(job) {
      all.push(job);
    },
    remove(job) {
      all = all.filter((one) => one !== job);
    },
    get all() {
      return all;
    },
  };
}
