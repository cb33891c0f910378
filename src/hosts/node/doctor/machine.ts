/** Looks at what the machine brings: Node, git, bash, and how well a command can be ended with all it started. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from '../workshop/git.ts';
import { findIsolation, tryOut } from '../workshop/isolation.ts';
import { findBase, inspect, type Repositories } from '../workshop/repository.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** What the code needs: SQLite's backup and types that Node strips by itself. */
const leastNode = 24;
/** The first git that knows all options the worktrees are made with. */
const leastGit = [2, 31] as const;

/** @param version as `process.versions.node` has it */
export function nodeFinding(version: string): Finding {
  return Number.parseInt(version, 10) >= leastNode
    ? ok('node', version)
    : problem('node', `${version}, which is too old`, `Install Node ${leastNode} or later.`);
}

/** @param repositories whether any is configured: without one git is not needed */
export async function gitFinding(repositories: boolean): Promise<Finding> {
  const lacking = repositories ? problem : warning;
  const said = await tryOut(['git', '--version']);
  if (said === undefined) {
    return lacking(
      'git',
      'no git can be run, and subagents in repositories need one',
      'Install git, or put it on the PATH.',
    );
  }
  const version = /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? said.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < leastGit[0] || (major === leastGit[0] && minor < leastGit[1])) {
    return lacking('git', `${version}, which is too old`, `Install git ${leastGit.join('.')} or later.`);
  }
  const [name, email] = await Promise.all(
    ['user.name', 'user.email'].map(async (key) => (await tryOut(['git', 'config', '--get', key]))?.trim()),
  );
  if (!name || !email) {
    const missing = [...(name ? [] : ['user.name']), ...(email ? [] : ['user.email'])].join(' and ');
    return warning(
      'git',
      `${version}; ${missing} not set, so what you commit by hand of a subagent's work has no author`,
      'git config --global user.name "Your Name"; git config --global user.email you@example.com',
    );
  }
  return ok('git', `${version}, commits by ${name} <${email}>`);
}

export async function bashFinding(): Promise<Finding> {
  const said = await tryOut(['bash', '-c', 'echo "$BASH_VERSION"']);
  return said === undefined
    ? problem(
        'bash',
        'no bash can be run, so the tool of that name can not work',
        'Install bash, or put it on the PATH.',
      )
    : ok('bash', said.trim());
}

export async function isolationFinding(): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-doctor-'));
  try {
    const { kind } = await findIsolation({ bindTmp: false, folder });
    return kind === 'namespace'
      ? ok('processes', 'each command runs in a PID namespace of its own, and ends with all it started')
      : warning(
          'processes',
          'PID namespaces are not to be had here: a program that empties its environment and leaves its process group can outlive a kill',
          'Install util-linux (unshare, setpriv), and allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or in AppArmor).',
        );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function repositoryFindings(git: Git, repositories: Repositories): Promise<Finding[]> {
  return Promise.all(
    Object.entries(repositories).map(async ([name, path]): Promise<Finding> => {
      const check = `repository ${name}`;
      const todo = 'Mend it, or take it out of "repositories" in the configuration file.';
      const found = await inspect(git, name, path);
      if (!found.ok) return problem(check, found.message, todo);
      const base = await findBase(git, found.value, undefined);
      if (!base.ok) return problem(check, base.message, todo);
      return ok(check, `${found.value.top}, work starts from ${base.value.name}`);
    }),
  );
}
