/**
 * The Cloudflare host under a house: the Worker in a local workerd of this process, or of a process group of its own.
 * Owns that runtime, and how its objects' files are read; knows nothing of what the Worker does.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../src/core/events.ts';
import { openSessionStore } from '../../src/hosts/cloudflare/session-store.ts';
import { nodeSql } from '../cloudflare/node-sql.ts';
import type { StoredLog } from '../fault/log-book.ts';
import {
  startWorkerd,
  startWorkerdProcess,
  type WorkerdHost,
  type WorkerdOptions,
  type WorkerdProcess,
} from '../workerd/host.ts';
import type { GatewayProcess } from './gateway-child.ts';
import { apiKey } from './house-environment.ts';
import type { HouseHost, ProcessHost, Site } from './house-host.ts';

const entry = join(import.meta.dirname, '..', '..', 'src', 'hosts', 'cloudflare', 'worker.ts');
const classes = { SESSIONS: 'SessionObject', DIRECTORY: 'DirectoryObject', LANES: 'LanesObject' };
const adminToken = 'an-admin-token-of-these-houses';

/** A Worker has no files: what the configuration file holds is one of its variables. */
function optionsOf({ folder, data, simulator, env }: Site): WorkerdOptions {
  const file = join(folder, 'tidings.config.json');
  const bindings = {
    ANTHROPIC_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: simulator.url,
    TIDINGS_TOKEN: adminToken,
    TIDINGS_LOG: 'silent',
    ...(existsSync(file) ? { TIDINGS_CONFIG_JSON: readFileSync(file, 'utf8') } : {}),
    ...env,
  };
  return { entry, classes, bindings, folder: data };
}

function tokenOf({ env }: Site): string {
  return env.TIDINGS_TOKEN ?? adminToken;
}

/** The logs of all sessions, read from the files of their objects. */
function storedLogs(data: string): StoredLog[] {
  const folder = join(data, 'do', `tidings-${classes.SESSIONS}`);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]+\.sqlite$/.test(name))
    .flatMap((name) => {
      const db = new DatabaseSync(join(folder, name));
      try {
        return logIn(db);
      } finally {
        db.close();
      }
    });
}

/** An object that was reached and never became a session holds none. */
function logIn(db: DatabaseSync): StoredLog[] {
  const sql = nodeSql(db);
  if (sql.all("SELECT 1 FROM sqlite_schema WHERE name = 'session'").length === 0) return [];
  const [own] = sql.all('SELECT id, seq FROM session');
  if (typeof own?.id !== 'string' || typeof own.seq !== 'number') return [];
  const rows = openSessionStore(sql).events(own.id, 0, own.seq);
  return [{ session: own.id, rows, log: rows.map(decodeEvent) }];
}

export function workerdHost(): HouseHost {
  let worker: WorkerdHost | undefined;
  return {
    logs: storedLogs,
    async start(site) {
      worker = await startWorkerd(optionsOf(site));
      return { url: worker.url, token: tokenOf(site) };
    },
    async stop() {
      await worker?.stop();
      worker = undefined;
    },
  };
}

export function workerdProcessHost(): ProcessHost {
  let worker: WorkerdProcess | undefined;
  let gateway: GatewayProcess | undefined;
  return {
    logs: storedLogs,
    gateway: () => gateway,
    async start(site) {
      worker = await startWorkerdProcess(optionsOf(site));
      gateway = processOf(worker, { url: worker.url, token: tokenOf(site) });
      return gateway.ready();
    },
    async stop() {
      await worker?.stop();
      worker = undefined;
    },
  };
}

/** The group of processes, as tests know a gateway's one process. */
function processOf(worker: WorkerdProcess, address: { url: string; token: string }): GatewayProcess {
  let signalled: NodeJS.Signals | null = null;
  const gateway: GatewayProcess = {
    get pid() {
      return worker.pid;
    },
    // What it prints goes to this process's own standard output.
    printed: '',
    get ended() {
      return worker.pid === 0;
    },
    ready: async () => address,
    signal(signal) {
      if (worker.pid !== 0) process.kill(-worker.pid, signal);
    },
    async end(signal) {
      signalled = signal;
      if (signal === 'SIGKILL') await worker.kill();
      else await worker.stop();
      return gateway.exit();
    },
    exit: async () => ({ code: signalled === 'SIGKILL' ? null : 0, signal: signalled }),
  };
  return gateway;
}
