/**
 * The gateway on Node: opens the data folder, ends what an earlier gateway left running, serves HTTP, takes up
 * the work, and brings all of it to a clean stop. Owns the order of these, and nothing that they do.
 */
import { once } from 'node:events';
import { IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { nanoid } from 'nanoid';
import { installation } from '../../cli/installation.ts';
import { ConfigError } from '../../config/problems.ts';
import { allowLists, gatewayUrl } from '../../config/reach.ts';
import { makeGateway } from '../../gateway/gateway.ts';
import { makeApp } from '../../http/app.ts';
import { linkPath } from '../../http/link-routes.ts';
import { indexedSearch } from '../../http/search.ts';
import { localShelf } from '../../http/shelf.ts';
import { bookOf, digestOf } from '../../http/tokens.ts';
import { httpLog, runtimeLog } from '../../log/lines.ts';
import type { Log } from '../../log/log.ts';
import { dialectsOf } from '../../mcp/dialects.ts';
import { mcpDoor } from '../../mcp/door.ts';
import { makeCatalogue } from '../../model/catalogue.ts';
import { makeModel } from '../../model/client.ts';
import { createPersona } from '../../simulator/persona.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { makeSkills } from '../../skills/open.ts';
import { problemLine, type Shelf } from '../../skills/shelf.ts';
import { switchedOn } from '../../skills/skill.ts';
import { adminToken } from './admin-token.ts';
import { nodeClock } from './clock.ts';
import { usualConfigFile } from './config/file.ts';
import type { Config } from './config.ts';
import { watchEventLoop } from './event-loop.ts';
import { folderId } from './folder-id.ts';
import { lingerOn } from './lingering.ts';
import { pageFiles } from './page-files.ts';
import { makePlanFiles } from './plan-files.ts';
import { makeCompileSchema } from './schemas.ts';
import { makeSignInLinks } from './sign-in-links.ts';
import { nodeShelf } from './skills/find.ts';
import { makeSockets } from './sockets.ts';
import { openStore } from './store/sqlite-store.ts';
import { tokenKeeper } from './tokens/issue.ts';
import { namedTokens } from './tokens/named-tokens.ts';
import { serveUpgrades, type Upgrades, wantsSocket } from './upgrades.ts';
import { makeFolders } from './workshop/folders.ts';
import { makeWorkshop } from './workshop/workshop.ts';

export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Where the token is kept; absent when the configuration gave it. */
  readonly tokenPath?: string;
  /** Opened in a browser, it signs in with the admin token: once, within the hour. */
  readonly signInLink: string;
  /** Sentences for the person who started it. */
  readonly notices: readonly string[];
  /** Takes no more requests, ends what runs, writes the last word. Safe to repeat. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly log: Log;
  readonly version: string;
  /** Told when a commit failed: nothing of it was acknowledged, and the process must end. */
  readonly fatal: (error: unknown) => void;
}

/** Readers of the feed and slow requests are given this long at a stop. */
const DRAIN_MS = 500;
/** Lines about skills that a start prints. */
const NOTICED_SKILLS = 10;

/** @throws DataFolderError, ConfigError, or the server's error when the port is taken */
export async function startGateway(config: Config, options: StartOptions): Promise<RunningGateway> {
  const store = openStore(config.data);
  let simulator: Simulator | undefined;
  let shut: (() => Promise<void>) | undefined;
  try {
    const admin = adminToken(config, store.folder);
    options.log.hide(admin.token, config.anthropic.apiKey, config.anthropic.authToken);
    const workshop = makeWorkshop({
      dataFolder: store.folder,
      dataFolderId: folderId(store.folder),
      repositories: config.repositories,
      processes: config.processes,
      fetch: config.fetch,
      sent: {
        files: store.files,
        stays(chat) {
          const state = gateway.runtime.state(chat);
          return state !== undefined && !state.deleting;
        },
        trouble: (error) =>
          options.log.warn({ err: error }, "a file of a message is not in its chat's folder"),
      },
      sandbox: {
        ...config.sandbox,
        // Each may hold a token.
        hide: [...config.sandbox.hide, config.file.path, resolve(usualConfigFile)],
      },
    });
    shut = workshop.shut;
    // No process of an earlier gateway may live on into the work of this one.
    const swept = await workshop.sweepAll();
    const enclosing = workshop.sandbox();
    // Should the start fail before it is waited for, that is the failure that counts.
    enclosing.catch(() => undefined);
    if (config.simulator) simulator = await startSimulator({ script: createPersona(), record: 'none' });
    const catalogue = makeCatalogue(config.models);
    const { apiKey, authToken, baseUrl } = config.anthropic;
    const baseURL = simulator?.url ?? baseUrl;
    const model = makeModel({
      ...(simulator ? { apiKey: 'simulator' } : apiKey ? { apiKey } : authToken ? { authToken } : {}),
      ...(baseURL ? { baseURL } : {}),
      catalogue,
      clock: nodeClock,
    });
    const repositories = Object.keys(config.repositories);
    const on = switchedOn({ markers: config.markers, repositories });
    const shelf = await nodeShelf([installation.skills, ...config.skills], on);
    const { on: sandboxed, why } = await enclosing;
    const unenclosed = config.sandbox.mode === 'off' ? undefined : why;
    if (unenclosed !== undefined) {
      if (config.sandbox.mode === 'required') {
        const line = `The sandbox is required (${config.sources.sandbox}), and there is none: ${unenclosed}.`;
        throw new ConfigError([line]);
      }
      options.log.warn({ why: unenclosed }, 'commands run without a sandbox');
    }
    const { instructions, ...settings } = config;
    const budget = {
      chatUsd: config.chatBudgetUsd,
      subagentUsd: config.subagentBudgetUsd,
      ...(config.chatBudgetTokens === undefined ? {} : { chatTokens: config.chatBudgetTokens }),
      ...(config.subagentBudgetTokens === undefined ? {} : { subagentTokens: config.subagentBudgetTokens }),
    };
    const plans = makePlanFiles({
      folders: makeFolders(store.folder),
      clock: nodeClock,
      trouble: (error) => options.log.warn({ err: error }, 'the file of a plan could not be written'),
    });
    const gateway = makeGateway(
      {
        ...settings,
        budget,
        ...(instructions ? { instructions } : {}),
        repositories,
      },
      {
        store,
        clock: nodeClock,
        model,
        catalogue,
        workshop,
        skills: makeSkills(shelf),
        canFetch: true,
        sandboxed,
        compileSchema: makeCompileSchema(),
        random: Math.random,
        stands: plans.stands,
        fatal: options.fatal,
        log: runtimeLog(options.log, (session) => store.session(session)?.chat),
      },
    );
    const links = makeSignInLinks(nodeClock);
    let port = config.port;
    let ready = false;
    const app = makeApp({
      runtime: gateway.runtime,
      store,
      place: workshop.place,
      clock: nodeClock,
      token: () => admin.token,
      figures: () => gateway.runtime.metrics.text(),
      shelf: localShelf({
        runtime: gateway.runtime,
        store,
        clock: nodeClock,
        budget,
        search: indexedSearch({ runtime: gateway.runtime, store, clock: nodeClock }),
      }),
      named: bookOf(
        namedTokens(store.folder, {
          clock: nodeClock,
          trouble: (words) => options.log.error(words),
        }),
      ),
      tokens: tokenKeeper(store.folder, nodeClock),
      links,
      page: pageFiles(installation.page),
      sockets: makeSockets({
        store,
        clock: nodeClock,
        runtime: gateway.runtime,
        newTicket: () => `tkt_${nanoid(32)}`,
        failed: (error) => options.log.error({ err: error }, 'a feed over a socket broke off'),
      }),
      allowed: () => allowLists(config, port),
      newId: () => nanoid(),
      about: { version: options.version, model: gateway.model, simulator: config.simulator },
      resolveModel: catalogue.resolve,
      budget,
      spawn: gateway.toolset.spawn,
      mcp: mcpDoor(dialectsOf(gateway.toolset.spawn.input, config.mcp.dialects), {
        version: options.version,
        alone: true,
      }),
      ready: () => ready,
      log: httpLog(options.log),
      clientOf: (env) => connectionOf(env)?.remoteAddress,
      hangUp: (env) => void connectionOf(env)?.destroy(),
    });
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { shouldUpgradeCallback: wantsSocket },
    });
    lingerOn(server);
    const upgrades = serveUpgrades(server, app.fetch);
    port = await listen(server, config.host, config.port);
    const { metrics } = gateway.runtime;
    workshop.measure(metrics);
    const unwatch = watchEventLoop(metrics);
    gateway.runtime.start();
    const planners = new Set(store.wanting().flatMap((id) => store.session(id)?.parent ?? []));
    plans.anew(planners, (id) => void gateway.runtime.state(id));
    ready = true;
    options.log.info({ version: options.version, url: gatewayUrl(config, port) }, 'started');
    let closing: Promise<void> | undefined;
    return {
      url: gatewayUrl(config, port),
      port,
      token: admin.token,
      ...(admin.path ? { tokenPath: admin.path } : {}),
      signInLink: `${gatewayUrl(config, port)}${linkPath(links.make(digestOf(admin.token)).code)}`,
      notices: [
        ...config.warnings,
        ...(admin.notice ? [admin.notice] : []),
        ...(unenclosed === undefined
          ? []
          : [`Commands run WITHOUT A SANDBOX, and reach what this user does: ${unenclosed}.`]),
        ...swept.left.map((one) => `A process of an earlier gateway could not be ended: ${one}`),
        ...skillNotices(shelf),
      ],
      close() {
        closing ??= stop(server, upgrades, async () => {
          ready = false;
          await gateway.runtime.stop();
          await plans.close();
          await workshop.shut();
          store.close();
          await simulator?.close();
          unwatch();
          options.log.info('stopped');
        });
        return closing;
      },
    };
  } catch (error) {
    store.close();
    await simulator?.close();
    await shut?.();
    throw error;
  }
}

/** What people should know of the skills at a start; the rest is for `tidings skills`. */
function skillNotices({ problems }: Shelf): string[] {
  const lines = problems.filter(({ kind }) => kind !== 'note' && kind !== 'off').map(problemLine);
  const rest = lines.length - NOTICED_SKILLS;
  return rest <= 0
    ? lines
    : [...lines.slice(0, NOTICED_SKILLS), `${rest} more skills are left out: see tidings skills.`];
}

async function listen(
  server: ReturnType<typeof createAdaptorServer>,
  host: string,
  port: number,
): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function stop(
  server: ReturnType<typeof createAdaptorServer>,
  upgrades: Upgrades,
  end: () => Promise<void>,
): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const connections = isHttp1(server) ? server : undefined;
  connections?.closeIdleConnections();
  upgrades.close();
  const cut = setTimeout(() => {
    connections?.closeAllConnections();
    upgrades.cut();
  }, DRAIN_MS);
  await end();
  await closed;
  clearTimeout(cut);
}

function connectionOf(env: unknown): Socket | undefined {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  return env.incoming instanceof IncomingMessage ? env.incoming.socket : undefined;
}

function isHttp1(server: ReturnType<typeof createAdaptorServer>): server is Server {
  return 'closeAllConnections' in server;
}
