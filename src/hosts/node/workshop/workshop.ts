/**
 * Owns the workshop of the Node host: which tool a call means, where its worker works, and that whatever goes
 * wrong comes back as words. Never decides whether a call should run.
 */
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';
import type { ToolCall, ToolOutcome, Worker, Workshop } from '../../../core/ports.ts';
import type { Metrics } from '../../../runtime/metrics.ts';
import { bash } from '../../../tools/bash.ts';
import { edit } from '../../../tools/edit.ts';
import { type FetchRules, makeFetchPolicy } from '../../../tools/fetch-policy.ts';
import { glob } from '../../../tools/glob.ts';
import { grep } from '../../../tools/grep.ts';
import { harmless } from '../../../tools/harmless.ts';
import { type FetchLimits, usualLimits } from '../../../tools/page-fetch.ts';
import { read } from '../../../tools/read.ts';
import { webFetch } from '../../../tools/web-fetch.ts';
import { write } from '../../../tools/write.ts';
import { fetchPage } from '../fetch/fetch-page.ts';
import { type Lookup, systemLookup } from '../fetch/names.ts';
import { runBash } from './bash.ts';
import { editText, readLines, writeWhole } from './files.ts';
import { makeFolders } from './folders.ts';
import { type Git, makeGit } from './git.ts';
import { findIsolation, type Isolation } from './isolation.ts';
import { keepWork } from './keep-work.ts';
import { keepPage } from './kept-output.ts';
import { makeLeavings } from './leavings.ts';
import { endMarked, markerOf } from './marker.ts';
import { scratchNote, type TmpNote, worktreeNote } from './note.ts';
import type { OutputLimits } from './output.ts';
import { isInside, type Places } from './places.ts';
import { makeProcessQueue } from './process-queue.ts';
import { loadRecord, notePath } from './record.ts';
import type { Repositories } from './repository.ts';
import { closedPlaces } from './sandbox-closed.ts';
import { findFiles, findLines, type SearchSetting } from './search.ts';
import { makeSentFiles, type SentFilePorts, type SentFiles } from './sent-files.ts';
import { makeLine } from './serial.ts';
import { makeWalls, type SandboxSetting } from './worker-sandbox.ts';
import { makeWorktrees } from './worktree-care.ts';
import { openWorktree } from './worktrees.ts';

export interface WorkshopSetting {
  readonly dataFolder: string;
  /** Drawn once for a data folder: marks its processes among those of other gateways. */
  readonly dataFolderId: string;
  /** Name → path. */
  readonly repositories: Repositories;
  /** How many commands run at the same time. */
  readonly processes: number;
  /** The environment that commands get a few variables of. Default: the gateway's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Folders that commands need besides their own and those of PATH. Default: HOME, and that of the running Node. */
  readonly needed?: readonly string[];
  /** `marker` does without PID namespaces even where they work. */
  readonly isolation?: 'marker';
  /** Default: off. */
  readonly sandbox?: SandboxSetting;
  readonly output?: OutputLimits;
  /** The files that come with messages; absent: there are none. */
  readonly sent?: SentFilePorts;
  /** Which addresses of the web may be fetched besides the public ones, or not at all. */
  readonly fetch?: FetchRules & { readonly lookup?: Lookup; readonly limits?: Partial<FetchLimits> };
}

export interface NodeWorkshop extends Workshop {
  /** Puts a file of a message where the chat's tools find it, and says where. */
  readonly place: SentFiles['place'];
  /** Ends the processes of earlier gateways on this data folder; to be called before any session goes on. */
  sweepAll(): Promise<{ left: string[] }>;
  /** How commands are kept together on this machine. */
  isolation(): Promise<'namespace' | 'marker'>;
  /** Whether commands run in a sandbox, and if they don't, why not. */
  sandbox(): Promise<{ readonly on: boolean; readonly why?: string }>;
  /** Ends what serves the sandbox. */
  shut(): Promise<void>;
  /** Adds how many commands run and wait to what is counted. */
  measure(metrics: Metrics): void;
}

/** Milliseconds that the processes of a worker get to die before they are named. */
const sweepPatienceMs = 3000;
const defaultTimeoutSeconds = 300;
const defaultLines = 2000;
/** Searches that run at once: each is a thread. */
const searches = 4;
/** Pages that are fetched at once. */
const fetches = 16;

export function makeWorkshop(setting: WorkshopSetting): NodeWorkshop {
  const folders = makeFolders(setting.dataFolder);
  const source = setting.environment ?? process.env;
  const limits = setting.output ?? { shown: 30_000, kept: 50_000_000 };
  const queue = makeProcessQueue(setting.processes);
  const searching = makeProcessQueue(searches);
  const fetching = makeProcessQueue(fetches);
  const policy = makeFetchPolicy(setting.fetch ?? { allow: [], refuse: [] });
  const serially = makeLine();
  const readable = Object.values(setting.repositories).flatMap((path) =>
    existsSync(path) ? [realpathSync(path)] : [],
  );
  let found: Promise<Isolation> | undefined;
  const gitOf = (session: string): Git => makeGit(source, markerOf(setting.dataFolderId, session, 'git'));
  const sent =
    setting.sent &&
    makeSentFiles({ ...setting.sent, folders, serially, isTmp: async () => (await isolation()).privateTmp });
  const leavings = makeLeavings({
    folders,
    serially,
    gitOf,
    sweep: (session) => endMarked({ mark: `${markerOf(setting.dataFolderId, session)}/` }, sweepPatienceMs),
  });

  function isolation(): Promise<Isolation> {
    // Commands may see the chat's folder as /tmp only if nothing that they need lies below the real one.
    const needed = [
      folders.data,
      ...readable,
      ...(setting.needed ?? [homedir(), dirname(process.execPath)]),
      ...(source.PATH ?? '').split(delimiter),
      ...(setting.sandbox === undefined ? [] : [import.meta.dirname, ...setting.sandbox.write]),
    ];
    found ??= findIsolation({
      bindTmp: !needed.some((path) => path !== '' && isInside('/tmp', path)),
      folder: folders.partial,
      ...(setting.isolation === undefined ? {} : { only: setting.isolation }),
    });
    return found;
  }

  const walls = makeWalls(
    setting.sandbox ?? { mode: 'off', hosts: [], write: [], hide: [] },
    async ({ hosts, write, hide }) => {
      const { partial: folder } = folders;
      const marker = markerOf(setting.dataFolderId, 'sandbox');
      const found = await isolation();
      return {
        search: { isolation: found, hosts, source, marker, folder },
        places: { folders, privateTmp: found.privateTmp, source, write, hide },
      };
    },
  );

  /** Asked for anew each time: what there is of it may change. */
  async function hidden(): Promise<string[]> {
    const places = [...(await closedPlaces(source.HOME ?? homedir())), ...(setting.sandbox?.hide ?? [])];
    const real = await Promise.all(places.map((path) => realpath(path).catch(() => undefined)));
    return real.filter((path) => path !== undefined);
  }

  async function tmpOf(worker: Worker): Promise<TmpNote> {
    const tmp = folders.tmp(worker.chat);
    await mkdir(tmp, { recursive: true });
    return { tmp, isTmp: (await isolation()).privateTmp };
  }

  async function workspaceOf(worker: Worker): Promise<{ folder: string; trusted: string[] } | undefined> {
    if (worker.repo !== undefined) {
      const record = await loadRecord(folders.record(worker.session));
      if (record?.state !== 'made' || !existsSync(record.folder)) return undefined;
      return { folder: record.folder, trusted: [record.folder, record.top, record.common] };
    }
    const folder = folders.scratch(worker.session);
    await mkdir(folder, { recursive: true });
    return { folder, trusted: [] };
  }

  function searchOf(worker: Worker, places: Places): SearchSetting {
    const git = makeGit(source, markerOf(setting.dataFolderId, worker.session, 'git'));
    return { places, git, queue: searching };
  }

  async function fetchIt(worker: Worker, call: ToolCall, options: RunOptions): Promise<ToolOutcome> {
    const given = webFetch.parse(call.input);
    if (!given.ok) return wrong(given.error);
    const { tmp, isTmp } = await tmpOf(worker);
    const patience = options.limitMs ?? usualLimits.totalMs;
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(patience)]);
    const leave = await fetching.enter({ chat: worker.chat, first: worker.path === '' }, signal);
    try {
      const limits = { ...usualLimits, ...setting.fetch?.limits };
      const lookup = setting.fetch?.lookup ?? systemLookup;
      const place = { tmp, isTmp, partial: folders.partial };
      const keep = (text: string): Promise<string | undefined> => keepPage(place, call.id, text);
      return await fetchPage({ policy, lookup, limits, keep }, given.input, options);
    } finally {
      leave();
    }
  }

  async function dispatch(worker: Worker, call: ToolCall, options: RunOptions): Promise<ToolOutcome> {
    if (call.name === webFetch.name) return fetchIt(worker, call, options);
    const workspace = await workspaceOf(worker);
    if (workspace === undefined) {
      return { ok: false, text: 'Your workspace is not there any more, so no tool can work in it.' };
    }
    const { tmp } = await tmpOf(worker);
    await sent?.again(worker.chat);
    const places: Places = {
      workspace: workspace.folder,
      tmp,
      readable,
      closed: folders.data,
      hidden: await hidden(),
    };
    const files = { places, partial: folders.partial };
    switch (call.name) {
      case bash.name: {
        const given = bash.parse(call.input);
        if (!given.ok) return wrong(given.error);
        const { command, timeout_seconds = defaultTimeoutSeconds } = given.input;
        const sandbox = await walls.sandbox();
        return runBash(
          {
            isolation: await isolation(),
            ...(sandbox === undefined ? {} : { sandbox }),
            queue,
            source,
            limits,
            partial: folders.partial,
            ceiling: folders.data,
          },
          {
            worker,
            callId: call.id,
            marker: markerOf(setting.dataFolderId, worker.session, String(worker.attempt), call.id),
            command,
            timeoutMs: timeout_seconds * 1000,
            workspace: workspace.folder,
            tmp,
            trusted: workspace.trusted,
            ...options,
          },
        );
      }
      case read.name: {
        const given = read.parse(call.input);
        if (!given.ok) return wrong(given.error);
        const { path, offset = 1, limit = defaultLines } = given.input;
        return readLines(files, { path, offset, limit });
      }
      case glob.name: {
        const given = glob.parse(call.input);
        return given.ok
          ? findFiles(searchOf(worker, places), given.input, { worker, ...options })
          : wrong(given.error);
      }
      case grep.name: {
        const given = grep.parse(call.input);
        return given.ok
          ? findLines(searchOf(worker, places), given.input, { worker, ...options })
          : wrong(given.error);
      }
      case write.name: {
        const given = write.parse(call.input);
        return given.ok ? writeWhole(files, given.input) : wrong(given.error);
      }
      case edit.name: {
        const given = edit.parse(call.input);
        if (!given.ok) return wrong(given.error);
        const { path, old_text, new_text, replace_all = false } = given.input;
        return editText(files, { path, oldText: old_text, newText: new_text, all: replace_all });
      }
      default:
        return wrong(
          `There is no work tool ${JSON.stringify(call.name)}; there are bash, read, write, edit, glob, grep and web_fetch.`,
        );
    }
  }

  async function run(worker: Worker, call: ToolCall, options: RunOptions): Promise<ToolOutcome> {
    options.signal.throwIfAborted();
    try {
      return await dispatch(worker, call, options);
    } catch (error) {
      options.signal.throwIfAborted();
      return wrong(`${call.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return {
    run,

    async verify(worker, commands, { signal, limitMs, onAlive }) {
      for (const [at, command] of commands.entries()) {
        const input = { command, timeout_seconds: Math.ceil(limitMs / 1_000) };
        const check = { id: `check-${at + 1}`, name: bash.name, input };
        const { ok, text } = await run(worker, check, { signal, onAlive });
        if (!ok) return { ok, command, text };
      }
      return { ok: true };
    },

    async open(worker, signal) {
      signal.throwIfAborted();
      try {
        const tmp = await tmpOf(worker);
        if (worker.repo === undefined)
          return { kind: 'ready', note: scratchNote(folders.scratch(worker.session), tmp) };
        const git = makeGit(source, markerOf(setting.dataFolderId, worker.session, 'git'));
        const opened = await openWorktree(
          { git, folders, repositories: setting.repositories, serially },
          worker,
          worker.repo,
          signal,
        );
        if (opened.kind === 'failed') return { kind: 'failed', message: harmless(opened.message) };
        return {
          kind: 'ready',
          note: await worktreeNote(opened.record, opened.remarks, tmp, worker.reviewer === true),
        };
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        return { kind: 'failed', message: harmless(`The workspace could not be made: ${why}`) };
      }
    },

    async close(worker) {
      if (worker.repo === undefined) return undefined;
      const file = folders.record(worker.session);
      const record = await loadRecord(file);
      if (record?.state !== 'made' || !existsSync(record.common)) return undefined;
      return serially(record.common, async () => {
        // Only for the name on the commit that lands it: a full disk must not keep the work from being saved.
        await notePath(file, worker.path).catch(() => undefined);
        return keepWork(gitOf(worker.session), record, worker.path);
      });
    },

    async sweep(worker) {
      const mark = `${markerOf(setting.dataFolderId, worker.session, String(worker.attempt))}/`;
      return { left: await endMarked({ mark }, sweepPatienceMs) };
    },

    worktrees: makeWorktrees({ folders, serially, gitOf }),
    unlanded: (sessions) => leavings.unlanded(sessions),
    discard(gone) {
      if (!gone.whole) return leavings.discard(gone);
      // No file of a message is put into a folder that goes.
      return serially(folders.tmp(gone.chat), () => leavings.discard(gone));
    },
    place: async (chat, file) => sent?.place(chat, file),
    outputs: () => leavings.outputs(),
    dropOutput: (chat, before) => leavings.dropOutput(chat, before),

    async sweepAll() {
      await walls.close();
      const left = await endMarked({ mark: `${markerOf(setting.dataFolderId)}/` }, sweepPatienceMs);
      await rm(folders.partial, { recursive: true, force: true });
      await mkdir(folders.partial, { recursive: true, mode: 0o700 });
      await isolation();
      return { left };
    },

    isolation: async () => (await isolation()).kind,

    async sandbox() {
      const why = await walls.fault();
      return why === undefined ? { on: true } : { on: false, why };
    },

    shut: () => walls.close(),

    measure(metrics) {
      metrics.reads({
        name: 'tidings_processes',
        help: 'Commands of tools, by whether they run or wait for a place',
        type: 'gauge',
        labels: ['state'],
        read: () => [
          [queue.running, 'running'],
          [queue.waiting, 'waiting'],
        ],
      });
    },
  };
}

interface RunOptions {
  readonly signal: AbortSignal;
  readonly limitMs?: number;
  readonly onAlive: () => void;
}

function wrong(text: string): ToolOutcome {
  return { ok: false, text: harmless(text) };
}
