/**
 * Owns whether a workshop's commands run in a sandbox: finds it when it is first asked for, and puts each worker's
 * commands behind that worker's walls. Never goes on without a sandbox once one was found.
 */
import type { Worker } from '../../../core/ports.ts';
import { findSandbox, type Sandbox, type Sandboxed, type SandboxSearch } from './sandbox.ts';
import { boundsOf, type PlacesSetting } from './sandbox-places.ts';

export interface SandboxSetting {
  readonly mode: 'required' | 'preferred' | 'off';
  /** Hosts that commands may reach. */
  readonly hosts: readonly string[];
  /** Folders that they may write in besides, absolute. */
  readonly write: readonly string[];
  /** Files and folders that they may not read besides, absolute. */
  readonly hide: readonly string[];
}

/** How a call's command is put into the sandbox. Rejects with words if that can't be done: then it must not run. */
export interface WorkerSandbox {
  wrap(
    argv: readonly string[],
    call: { readonly worker: Worker; readonly workspace: string; readonly tmp: string },
  ): Promise<Sandboxed>;
}

export interface Walls {
  /** The sandbox, or undefined if commands run without. One that must be there and is not refuses each command. */
  sandbox(): Promise<WorkerSandbox | undefined>;
  /** Why there is none, in words; undefined if there is one. */
  fault(): Promise<string | undefined>;
  /** Ends the proxy. Who asks after that finds the sandbox anew. */
  close(): Promise<void>;
}

type Found =
  | { readonly works: true; readonly sandbox: Sandbox; readonly places: PlacesSetting }
  | { readonly works: false; readonly why: string };

export function makeWalls(
  setting: SandboxSetting,
  machine: (
    setting: SandboxSetting,
  ) => Promise<{ readonly search: SandboxSearch; readonly places: PlacesSetting }>,
): Walls {
  let found: Promise<Found> | undefined;
  let needed = setting.mode === 'required';

  async function find(): Promise<Found> {
    if (setting.mode === 'off') return { works: false, why: 'it is switched off' };
    const { search, places } = await machine(setting);
    const finding = await findSandbox(search);
    if (!finding.works) return finding;
    needed = true;
    return { ...finding, places };
  }

  function here(): Promise<Found> {
    found ??= find();
    return found;
  }

  const wrap: WorkerSandbox['wrap'] = async (argv, call) => {
    const now = await here();
    if (!now.works) throw new Error(`there must be a sandbox, and there is none: ${now.why}`);
    try {
      return await now.sandbox.wrap(argv, await boundsOf(now.places, call.worker, call));
    } catch (error) {
      // The next command finds out whether another can be had.
      if (now.sandbox.isLost()) found = undefined;
      throw error;
    }
  };

  return {
    sandbox: async () => ((await here()).works || needed ? { wrap } : undefined),
    async fault() {
      const now = await here();
      return now.works ? undefined : now.why;
    },
    async close() {
      const now = await found;
      found = undefined;
      if (now?.works) await now.sandbox.close();
    },
  };
}
