/**
 * A Worker in workerd for tests to talk to over HTTP, in this process or in one that can be killed. Owns its folder,
 * if none is given, and what it started; knows nothing of what the Worker does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Miniflare } from 'miniflare';
import { bundleWorker, workerdSettings } from './bundle.ts';
import { chaosPath, type RuntimeOptions, startRuntime, workerName } from './runtime.ts';

const program = join(import.meta.dirname, 'host-process.ts');

export interface WorkerdOptions {
  /** The Worker's source. */
  readonly entry: string;
  /** The class behind each binding of objects. */
  readonly classes: Readonly<Record<string, string>>;
  /** Its variables: texts as they are, anything else as JSON. */
  readonly bindings?: RuntimeOptions['bindings'];
  /** Where storage and alarms are kept. Without it they are in a folder that goes with `stop`. */
  readonly folder?: string;
  /** The origin under which the Worker believes to be reached; else it is the Host that the client sends. */
  readonly upstream?: string;
  /** Whether `abortAll` and `evict` are wanted. */
  readonly chaos?: boolean;
}

interface Host {
  /** Where it answers; the same after a restart, unless the port was taken meanwhile. */
  readonly url: string;
  readonly folder: string;
  /** Ends it in order. What it stored stays, if the folder was given. */
  stop(): Promise<void>;
  /** Resets every object that is awake, whatever it is at: its calls fail, what was not yet stored is lost. */
  abortAll(): Promise<void>;
  /** Puts one object to sleep, after its open calls; it must be awake. Its sockets sleep too, or are closed. */
  evict(binding: string, name: string, webSockets?: 'hibernate' | 'close'): Promise<void>;
}

export interface WorkerdHost extends Host {
  /** Ends it in order, and starts it again on the same folder. */
  restart(): Promise<void>;
  /** The ids of the objects of a class that have stored anything. */
  ids(className: string): Promise<string[]>;
  /** What a statement finds in an object's own database; wakes the object. */
  rows(
    className: string,
    object: ObjectKey,
    sql: string,
    ...values: (string | number | null)[]
  ): Promise<unknown[]>;
}

type ObjectKey = { readonly name: string } | { readonly id: string };

export interface WorkerdProcess extends Host {
  /** Of the process that leads the group; 0 while none runs. */
  readonly pid: number;
  /** Starts it again on the same folder, after `kill` or `stop`. */
  start(): Promise<void>;
  /** SIGKILL to it and to all that it started, at once. */
  kill(): Promise<void>;
}

async function runtimeOptions(options: WorkerdOptions, folder: string): Promise<RuntimeOptions> {
  const { entry, classes, bindings = {}, upstream, chaos = false } = options;
  const { code } = await bundleWorker(entry);
  return {
    code,
    ...workerdSettings(),
    bindings,
    classes: { ...classes },
    folder,
    port: 0,
    chaos,
    ...(upstream === undefined ? {} : { upstream }),
  };
}

/** The given folder, or one that is removed by `remove`, or at the latest when this process ends. */
function openFolder(given: string | undefined): { folder: string; remove: () => void } {
  if (given !== undefined) return { folder: given, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'workerd-'));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return { folder, remove };
}

/** What reaches into a Worker that was started with `chaos`. */
function chaosAt(url: () => string): Pick<Host, 'abortAll' | 'evict'> {
  const ask = async (what: string): Promise<void> => {
    const response = await fetch(`${url()}${chaosPath}/${what}`, { method: 'POST' });
    const text = await response.text();
    if (text !== 'done') throw new Error(`${what}: ${response.status} ${text}`);
  };
  return {
    abortAll: () => ask('abort-all'),
    evict: (binding, name, webSockets = 'hibernate') =>
      ask(`evict?${new URLSearchParams({ binding, name, webSockets })}`),
  };
}

/** Starts a Worker in a workerd of this process, and resolves once it answers. */
export async function startWorkerd(options: WorkerdOptions): Promise<WorkerdHost> {
  const { folder, remove } = openFolder(options.folder);
  const settings = await runtimeOptions(options, folder);
  let worker: Miniflare = await startRuntime(settings);
  let url = (await worker.ready).origin;
  return {
    get url() {
      return url;
    },
    folder,
    async stop() {
      await worker.dispose();
      remove();
    },
    async restart() {
      await worker.dispose();
      worker = await startRuntime({ ...settings, port: Number(new URL(url).port) });
      url = (await worker.ready).origin;
    },
    ids: (className) => worker.listDurableObjectIds(className),
    async rows(className, object, sql, ...values) {
      const storage = await worker.unsafeGetDurableObjectStorage(workerName, className, object);
      return storage.exec(sql, ...values);
    },
    ...chaosAt(() => url),
  };
}

/** Starts a Worker in a process group of its own, which goes with this process, and resolves once it answers. */
export async function startWorkerdProcess(options: WorkerdOptions): Promise<WorkerdProcess> {
  const { folder, remove } = openFolder(options.folder);
  const settings = await runtimeOptions(options, folder);
  let url = '';
  let child: ChildProcess | undefined;
  let closed: Promise<unknown> = Promise.resolve();

  const signal = (which: NodeJS.Signals): void => {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, which);
    } catch {
      // The group has ended by itself.
    }
  };
  const atExit = (): void => signal('SIGKILL');

  async function start(): Promise<void> {
    if (child) throw new Error('it runs already');
    // What miniflare leaves behind when it is killed goes with the folder.
    const scratch = join(folder, 'tmp');
    mkdirSync(scratch, { recursive: true });
    const started = spawn(process.execPath, [program], {
      detached: true,
      env: { ...process.env, TMPDIR: scratch },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = started;
    process.once('exit', atExit);
    started.once('exit', () => {
      // However it ended, what it started ends too.
      signal('SIGKILL');
      rmSync(scratch, { recursive: true, force: true });
      process.off('exit', atExit);
      child = undefined;
    });
    closed = once(started, 'close');
    const port = url === '' ? 0 : Number(new URL(url).port);
    // Its input stays open: that it closes is how it learns that this process is gone.
    started.stdin.write(`${JSON.stringify({ ...settings, port })}\n`);
    started.stdin.on('error', () => {});
    url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: started.stdout }).on('line', (line) => {
        const found = /^listens on (\S+)$/.exec(line)?.[1];
        if (found) resolve(found);
        else process.stdout.write(`${line}\n`);
      });
      started.once('close', (code, by) => reject(new Error(`workerd's process ended: ${code ?? by}`)));
    });
  }

  await start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    get url() {
      return url;
    },
    folder,
    start,
    async kill() {
      signal('SIGKILL');
      await closed;
    },
    async stop() {
      // Only the process itself: it ends what it started.
      child?.kill('SIGTERM');
      await closed;
      remove();
    },
    ...chaosAt(() => url),
  };
}
