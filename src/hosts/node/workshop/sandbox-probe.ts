/**
 * Owns the proof that a sandbox holds on this machine: a command that tries its walls. Never repairs anything.
 */
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allowed } from './environment.ts';
import type { Isolation } from './isolation.ts';
import type { Sandbox } from './sandbox.ts';

/** Long enough for a machine that has more to do than it can. */
const patienceMs = 20_000;

/** What is to be found from inside, and what it means for the sandbox if it isn't. */
const trials = [
  ['written', 'echo x > "$1/open/new"', 'commands could not write in their own folder'],
  ['closed', '! echo x > "$1/new"', 'commands could write outside of their folders'],
  ['hidden', '! cat "$1/hidden/secret"', 'commands could read what is hidden'],
  ['filtered', `grep -q '^Seccomp:[[:space:]]*2' /proc/self/status`, 'no filter for system calls was put on'],
  ['private', '[ "$(cat /proc/1/comm)" = apply-seccomp ]', 'commands could see other processes'],
  ['alone', `! grep -qv -e lo: -e '|' /proc/net/dev`, 'commands could use the network'],
  ['guarded', '! [ -w /proc/sys/kernel/core_pattern ]', "commands could change the kernel's settings"],
] as const;

/** What is wrong with the sandbox, in words; undefined if it holds. Must find its walls in the usual place. */
export async function sandboxFault(
  sandbox: Sandbox,
  where: {
    readonly isolation: Isolation;
    readonly folder: string;
    readonly source: Readonly<Record<string, string | undefined>>;
  },
): Promise<string | undefined> {
  const folder = join(where.folder, 'sandbox-probe');
  const [open, hidden] = [join(folder, 'open'), join(folder, 'hidden')];
  await mkdir(open, { recursive: true });
  await mkdir(hidden, { recursive: true });
  await writeFile(join(hidden, 'secret'), 'secret');
  const script = trials.map(([word, trial]) => `if ${trial}; then echo ${word}; fi`).join('\n');
  const { argv, ended } = await sandbox.wrap(['sh', '-c', `exec 2>/dev/null\n${script}`, 'sh', folder], {
    write: [open],
    hide: [hidden],
    show: [],
    mounts: [],
  });
  try {
    const wrapped = where.isolation.wrap(argv, open, { upFromInside: true });
    const { printed, said } = await run(wrapped, allowed(where.source));
    if (!said.startsWith('up\n')) {
      const words = said.trim().split('\n').slice(0, 3).join(' ') || 'it ended without a word';
      return `bubblewrap can't make one here (${words}). It needs user namespaces: sysctl kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0, or a profile that allows them to bwrap`;
    }
    const held = printed.split('\n');
    return trials.find(([word]) => !held.includes(word))?.[2];
  } finally {
    ended();
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly printed: string; readonly said: string }> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    let printed = '';
    let said = '';
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env,
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    child.on('error', (error) => resolve({ printed: '', said: error.message }));
    child.on('close', () => resolve({ printed, said }));
  });
}
