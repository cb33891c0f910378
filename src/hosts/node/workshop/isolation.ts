/**
 * Owns how a command is put where it can be ended with all that it starts: in a PID namespace of its own if
 * this machine allows one, else only marked. Finds out once what is allowed; never runs a worker's command.
 */
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allowed } from './environment.ts';

export interface Isolation {
  /** With `namespace` the end of a command is the end of everything it started, by the kernel's own hand. */
  readonly kind: 'namespace' | 'marker';
  /** Whether a command sees the chat's folder as /tmp. */
  readonly privateTmp: boolean;
  /**
   * The argument list that runs `argv`; `tmp` is the chat's folder. It writes `up` and a line end to descriptor
   * 2 when the command is about to run, or else what prevents it. With `upFromInside` that is left to `argv`,
   * which finds the command's standard error at descriptor 3.
   */
  wrap(argv: readonly string[], tmp: string, how?: { readonly upFromInside: boolean }): string[];
}

/** Ends a command when the gateway dies, even by SIGKILL. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL'];
const unshare = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
/**
 * Process 1 of the namespace: puts the chat's folder on /tmp, says that all stands, runs the command as its
 * child (so that the command keeps the ordinary handling of signals, and orphans have someone to end them) and
 * leaves with its code.
 */
const prepare = 'tmp=$1; shift; if [ -n "$tmp" ]; then mount --bind "$tmp" /tmp || exit 125; fi;';
// Descriptor 3 is the command's standard error; 2 is for those that bring it up.
const init = `${prepare} echo up >&2; exec 2>/dev/null; ("$@" 2>&3 3>&-); exit $?`;
const initForInside = `${prepare} ("$@"); exit $?`;
/** The same without a namespace: becomes the command. */
const begin = 'echo up >&2; exec "$@" 2>&3 3>&-';
const beginForInside = 'exec "$@"';

interface Way {
  readonly unshare: readonly string[];
  /** Gives back, before the command runs, the rights that only the mounts needed. */
  readonly drop: readonly string[];
}
const asRoot: Way = { unshare, drop: [] };
const asUser: Way = {
  unshare: ['--user', '--map-current-user', '--keep-caps', ...unshare],
  drop: ['setpriv', '--inh-caps=-all', '--ambient-caps=-all'],
};

/**
 * Tries, in this order: a PID namespace made with root's rights, one inside a user namespace, the mark alone.
 * Each is taken only if a command really ran in it as the child of process 1. `bindTmp` says whether the
 * chat's folder may cover /tmp (it must not where something that is needed lies below /tmp).
 */
export async function findIsolation(options: {
  readonly bindTmp: boolean;
  /** A folder to try in; made if it is missing. */
  readonly folder: string;
  /** `marker` skips the namespaces. */
  readonly only?: 'marker';
}): Promise<Isolation> {
  const parentDeath = (await tryOut([...dieWithParent, 'true'])) !== undefined ? dieWithParent : [];
  const marked: Isolation = {
    kind: 'marker',
    privateTmp: false,
    wrap: (argv, _tmp, how) => [
      ...parentDeath,
      'sh',
      '-c',
      how?.upFromInside ? beginForInside : begin,
      'tidings',
      ...argv,
    ],
  };
  if (options.only === 'marker') return marked;
  const tmp = join(options.folder, 'probe');
  await mkdir(tmp, { recursive: true });
  await writeFile(join(tmp, 'seen'), 'yes');
  try {
    for (const way of process.getuid?.() === 0 ? [asRoot, asUser] : [asUser]) {
      for (const privateTmp of options.bindTmp ? [true, false] : [false]) {
        const isolation = namespaced(way, parentDeath, privateTmp);
        const look = privateTmp ? 'echo $PPID $(cat /tmp/seen)' : 'echo $PPID yes';
        const said = await tryOut(isolation.wrap(['sh', '-c', look], tmp));
        if (said === '1 yes\n') return isolation;
      }
    }
    return marked;
  } finally {
    await rm(tmp, { recursive: true, force: true });
  }
}

function namespaced(way: Way, parentDeath: readonly string[], privateTmp: boolean): Isolation {
  return {
    kind: 'namespace',
    privateTmp,
    wrap: (argv, tmp, how) => [
      ...parentDeath,
      'unshare',
      ...way.unshare,
      'sh',
      '-c',
      how?.upFromInside ? initForInside : init,
      'tidings',
      privateTmp ? tmp : '',
      ...way.drop,
      ...argv,
    ],
  };
}

/**
 * What a short command printed, or undefined if it couldn't start, failed, or took over twenty seconds: a machine that
 * has more to do than it can must not be taken for one without namespaces.
 */
export function tryOut(argv: readonly string[]): Promise<string | undefined> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    let printed = '';
    const child = spawn(file, args, {
      // Node leaves an ignored descriptor above 2 closed, and the commands of `wrap` need a 3.
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      env: allowed(process.env),
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? printed : undefined));
  });
}
