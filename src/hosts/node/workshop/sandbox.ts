/**
 * Owns the sandbox of this machine: finds out once, by really running something in it, whether there is one, and puts
 * commands into it. Never decides what a command may reach, and never runs one without walls that were asked for.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../thread.ts';
import { allowed, type Environment } from './environment.ts';
import { type Isolation, tryOut } from './isolation.ts';
import { type Marker, markerVariable } from './marker.ts';
import { carrierOf, guardedBy, insideScript } from './sandbox-inside.ts';
import { type Bounds, type SandboxAsk, sandboxNewsSchema } from './sandbox-job.ts';
import { sandboxFault } from './sandbox-probe.ts';

export interface Sandboxed {
  /** Says `up` from inside, as `Isolation.wrap` does with `upFromInside`. */
  readonly argv: readonly string[];
  /** To be called once the command has ended, or was not started. */
  readonly ended: () => void;
}

export interface Sandbox {
  /** Rejects with words that say why when no sandbox can be made for it. */
  wrap(argv: readonly string[], bounds: Bounds): Promise<Sandboxed>;
  /** Whether nothing can be wrapped any more. */
  isLost(): boolean;
  /** Ends the proxy; nothing is wrapped after that. */
  close(): Promise<void>;
}

export type SandboxFinding =
  | { readonly works: true; readonly sandbox: Sandbox }
  | { readonly works: false; readonly why: string };

export interface SandboxSearch {
  readonly isolation: Isolation;
  /** Hosts that commands may reach: exact, or `*.` and what is above, with or without a port. */
  readonly hosts: readonly string[];
  readonly source: Readonly<Record<string, string | undefined>>;
  /** By which a later gateway finds the proxy's helper, should this one be killed. */
  readonly marker: Marker;
  /** A folder to try in; made if it is missing. */
  readonly folder: string;
}

/** How long the thread gets for its part; on a machine with more to do than it can this is not enough for a false no. */
const patienceMs = 30_000;
/** Where the proxy's socket lies: not below /tmp, which commands see their own of, and short enough for a socket. */
const socketsIn = '/var/tmp';

/** What is needed of the system, and what it comes in. */
const programs = [
  { name: 'bwrap', pack: 'bubblewrap' },
  { name: 'socat', pack: 'socat' },
  // The library asks it where the others are.
  { name: 'which', pack: 'debianutils' },
] as const;

/** Tries once whether a sandbox can be made here. What it took up is given back if it can't. */
export async function findSandbox(search: SandboxSearch): Promise<SandboxFinding> {
  if (process.platform !== 'linux') return no('there is one on Linux only');
  const missing = programs.filter(({ name }) => !onPath(search.source, name));
  if (missing.length > 0) {
    const names = missing.map((program) => program.pack).join(' ');
    const what = missing.length === 1 ? 'is missing' : 'are missing';
    return no(
      `${names.replaceAll(' ', ' and ')} ${what}: apt-get install ${names}, or as your system installs packages`,
    );
  }
  let sandbox: Sandbox | undefined;
  try {
    sandbox = await startSandbox(search);
    const fault = await sandboxFault(sandbox, search);
    if (fault === undefined) return { works: true, sandbox };
    await sandbox.close();
    return no(fault);
  } catch (error) {
    await sandbox?.close();
    return no(error instanceof Error ? error.message : String(error));
  }
}

function no(why: string): SandboxFinding {
  return { works: false, why };
}

function onPath(source: SandboxSearch['source'], program: string): boolean {
  const { PATH = '' } = allowed(source);
  return PATH.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

async function startSandbox(search: SandboxSearch): Promise<Sandbox> {
  const sockets = await socketFolder(search.marker);
  const env: Environment = {
    ...allowed(search.source),
    TMPDIR: sockets,
    [markerVariable]: search.marker,
  };
  const socat = await mortalSocat(sockets);
  const worker = new Worker(moduleBeside(import.meta.url, 'sandbox-thread'), {
    workerData: { hosts: search.hosts, ...(socat === undefined ? {} : { socat }) },
    env,
    stdout: true,
    stderr: true,
  });
  // The gateway doesn't stay for its sake.
  worker.unref();
  const guarded = process.getuid?.() === 0;
  const waiting = new Map<number, { done: (argv: string[]) => void; failed: (error: Error) => void }>();
  let number = 0;
  let gone: Error | undefined;
  const ask = (message: SandboxAsk): void => worker.postMessage(message);
  const closed = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: unknown) => {
      const news = sandboxNewsSchema.parse(message);
      switch (news.kind) {
        case 'ready':
          return resolve();
        case 'failed':
          return reject(new Error(news.message));
        case 'wrapped':
          waiting.get(news.id)?.done(news.argv);
          return;
        case 'refused':
          waiting.get(news.id)?.failed(new Error(news.message));
          return;
        case 'closed':
          return;
      }
    });
    const lost = (why: string): void => {
      gone = new Error(`no sandbox can be made any more: ${why}`);
      reject(gone);
      for (const { failed } of waiting.values()) failed(gone);
    };
    worker.once('error', (error) => lost(error instanceof Error ? error.message : String(error)));
    worker.once('exit', () => lost('its thread has ended'));
  });

  async function close(): Promise<void> {
    if (gone === undefined) ask({ kind: 'close' });
    const late = setTimeout(() => void worker.terminate(), 3_000);
    await closed;
    clearTimeout(late);
    await rm(sockets, { recursive: true, force: true });
  }

  const late = setTimeout(() => void worker.terminate(), patienceMs);
  try {
    await ready;
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(late);
  }

  return {
    async wrap(argv, bounds) {
      if (gone !== undefined) throw gone;
      number += 1;
      const id = number;
      const script = insideScript(argv.length, guarded);
      try {
        const wrapped = await new Promise<string[]>((done, failed) => {
          const late = setTimeout(() => failed(new Error('the sandbox took too long')), patienceMs);
          waiting.set(id, {
            done(argv) {
              clearTimeout(late);
              done(argv);
            },
            failed(error) {
              clearTimeout(late);
              failed(error);
            },
          });
          ask({ kind: 'wrap', id, bounds, script });
        });
        const carried = carrierOf(argv, wrapped);
        let over = false;
        return {
          argv: guarded ? guardedBy(carried) : carried,
          ended() {
            if (!over) ask({ kind: 'ended' });
            over = true;
          },
        };
      } finally {
        waiting.delete(id);
      }
    },
    isLost: () => gone !== undefined,
    close,
  };
}

/**
 * A `socat` that, as the proxy's helper, dies with the gateway, even by SIGKILL. Undefined where that can't be had: then
 * the next gateway ends it, by its mark.
 */
async function mortalSocat(folder: string): Promise<string | undefined> {
  const file = join(folder, 'socat');
  const lines = [
    '#!/bin/sh',
    'case $1 in UNIX-LISTEN:*) exec setpriv --pdeathsig KILL socat "$@" ;; esac',
    'exec socat "$@"',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o700 });
  const works = (await tryOut(['setpriv', '--pdeathsig', 'KILL', file, '-V'])) !== undefined;
  return works ? file : undefined;
}

/** A folder for the sockets, for this user alone; those that killed gateways on the same data left are cleared away. */
async function socketFolder(marker: Marker): Promise<string> {
  const beginning = `tidings-${marker.replace(/[^A-Za-z0-9_-]/g, '-')}-`;
  for (const name of await readdir(socketsIn).catch((): string[] => [])) {
    if (!name.startsWith(beginning)) continue;
    const old = await lstat(join(socketsIn, name)).catch(() => undefined);
    if (old?.isDirectory() && old.uid === process.getuid?.()) {
      await rm(join(socketsIn, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return mkdtemp(join(socketsIn, beginning));
}
