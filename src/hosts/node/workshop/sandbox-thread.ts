/**
 * The thread that makes sandboxes: keeps the library and its proxy, whose timers, sockets and temporary files are
 * thus apart from the gateway's, and makes the argument list for each command. Never runs a command of a worker.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  getDefaultWritePaths,
  SandboxManager,
  type SandboxRuntimeConfig,
} from '@anthropic-ai/sandbox-runtime';
import { type Bounds, type SandboxNews, sandboxAskSchema, sandboxJobSchema } from './sandbox-job.ts';
import { fitLine } from './sandbox-line.ts';

const { hosts, socat } = sandboxJobSchema.parse(workerData);
const tell = (news: SandboxNews): void => parentPort?.postMessage(news);
const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const settings: SandboxRuntimeConfig = {
  network: { allowedDomains: hosts, deniedDomains: [], strictAllowlist: true },
  filesystem: { denyRead: [], allowRead: [], allowWrite: [], denyWrite: [] },
  // The library would look through the gateway's own folder, before each command, for files that it thinks better
  // not written. No command may write there.
  ripgrep: { command: 'true' },
  mandatoryDenySearchDepth: 1,
  ...(socat === undefined ? {} : { socatPath: socat }),
};

/** Names that no proxy is asked for: those of the sandbox's own loopback, unless the real one is allowed. */
const direct = ['localhost', '127.0.0.1', '::1']
  .filter((name) => !hosts.some((host) => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') === name))
  .join(',');
const variables = {
  NO_PROXY: direct,
  no_proxy: direct,
  TMPDIR: undefined,
  CLAUDE_CODE_HOST_HTTP_PROXY_PORT: undefined,
  CLAUDE_CODE_HOST_SOCKS_PROXY_PORT: undefined,
};

const literally = (paths: readonly string[]) => paths.map((path) => ({ path, literal: true }) as const);

/**
 * The library takes a program that it doesn't find within a second for missing, and a helper that doesn't listen soon
 * for broken. On a machine with more to do than it can both are there a moment later.
 */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

async function wrap({ write, hide, show, mounts }: Bounds, script: string): Promise<string[]> {
  const filesystem = {
    denyRead: literally(hide),
    allowRead: literally(show),
    allowWrite: literally(write),
    denyWrite: [],
  };
  // Without a name of ours it would take the script for one, and put it in each proxy's address.
  const name = { commandId: 'command' };
  const line = await again(() =>
    SandboxManager.wrapWithSandbox(script, 'sh', { filesystem }, undefined, name),
  );
  try {
    const shut = getDefaultWritePaths().filter((path) => !write.includes(path));
    return fitLine(line, { shut, mounts, variables });
  } catch (error) {
    SandboxManager.cleanupAfterCommand();
    throw error;
  }
}

parentPort?.on('message', (message: unknown) => {
  const ask = sandboxAskSchema.parse(message);
  switch (ask.kind) {
    case 'wrap':
      wrap(ask.bounds, ask.script).then(
        (argv) => tell({ kind: 'wrapped', id: ask.id, argv }),
        (error: unknown) => tell({ kind: 'refused', id: ask.id, message: words(error) }),
      );
      break;
    case 'ended':
      SandboxManager.cleanupAfterCommand();
      break;
    case 'close':
      void SandboxManager.reset()
        .catch(() => undefined)
        .then(() => {
          tell({ kind: 'closed' });
          parentPort?.close();
        });
      break;
  }
});

again(() => SandboxManager.initialize(settings)).then(
  () => tell({ kind: 'ready' }),
  (error: unknown) => tell({ kind: 'failed', message: words(error) }),
);
