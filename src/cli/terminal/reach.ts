/**
 * Where the gateway is that a command of this terminal speaks to, and the token that lets it in. Owns the order in which
 * both are looked for; starts a gateway in this process only for who asks for that.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Client, makeClient, ProblemError } from '../../client/index.ts';
import { gatewayUrl, isLoopback } from '../../config/reach.ts';
import { clientVariable } from '../../config/schema.ts';
import { adminTokenPath } from '../../hosts/node/admin-token.ts';
import { type Config, loadConfig } from '../../hosts/node/config.ts';
import { version } from '../version.ts';
import { UsageError } from './usage-error.ts';

export interface Reached {
  readonly client: Client;
  readonly url: string;
  /** Whether the built-in simulator answers there. */
  readonly simulator: boolean;
  /** What a gateway that was started for this has to say, in sentences; absent: it was there. */
  readonly started?: readonly string[];
  /** Ends what was started for this. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Place {
  readonly env: Environment;
  readonly cwd: string;
}

const PATIENCE_MS = 5_000;

/** @throws UsageError in words if none answers, or it can't be spoken to */
export async function reach(place: Place): Promise<Reached> {
  const found = await look(place);
  if (found.reached) return found.reached;
  throw new UsageError(
    `No gateway answers at ${found.url}. Start one with tidings start, or name another in TIDINGS_URL.`,
  );
}

/** A gateway that is not there and can be started in this process. */
export interface Startable {
  /** That it will be, and for how long, in a sentence. */
  readonly why: string;
  start(): Promise<Reached>;
}

/** The same, or, if none answers where one is configured to be, how one is started. Starts none itself. */
export async function wayTo(place: Place): Promise<Reached | Startable> {
  const { url, reached, config } = await look(place);
  if (reached) return reached;
  if (!config) {
    throw new UsageError(
      `No gateway answers at ${url}, which TIDINGS_URL names. Start it, or unset TIDINGS_URL: then one runs here.`,
    );
  }
  return {
    why: `No gateway answers at ${url}, so one runs here until this ends. Chats are kept in ${config.data}.`,
    start: () => startHere(config, url),
  };
}

interface Found {
  readonly url: string;
  readonly reached?: Reached;
  /** Absent: TIDINGS_URL names the place, and nothing is started there. */
  readonly config?: Config;
}

async function look({ env, cwd }: Place): Promise<Found> {
  const named = env[clientVariable]?.trim() ?? '';
  if (named !== '') {
    const url = originOf(named);
    const about = await answering(url);
    if (!about) return { url };
    const token =
      env.TIDINGS_TOKEN?.trim() || (isHere(url) ? keptToken(loadConfig({ env, cwd })) : undefined);
    if (!token) throw new UsageError(`A token is needed for ${url}: put it into TIDINGS_TOKEN.`);
    return { url, reached: await admitted(url, token, about) };
  }
  const config = loadConfig({ env, cwd });
  const { publicUrl: _, ...local } = config;
  // A public address is for others; this is the machine that it runs on.
  const url = gatewayUrl(local, config.port);
  const about = config.port === 0 ? undefined : await answering(url);
  if (!about) return { url, config };
  const token = config.token ?? keptToken(config);
  if (token === undefined) {
    throw new UsageError(
      `A gateway answers at ${url}, and there is no token for it in ${adminTokenPath(config.data)}: put one into TIDINGS_TOKEN, or start from the folder that the gateway was started from.`,
    );
  }
  return { url, config, reached: await admitted(url, token, about) };
}

function originOf(text: string): string {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  } catch {
    // Told below.
  }
  throw new UsageError(`TIDINGS_URL is "${text}": it must be an address such as http://127.0.0.1:8787.`);
}

function isHere(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

function keptToken({ data }: Pick<Config, 'data'>): string | undefined {
  const path = adminTokenPath(data);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** What answers there; undefined: nothing does. One try, since the usual case is that there is none. */
async function answering(url: string): Promise<{ readonly simulator: boolean } | undefined> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    return undefined;
  }
  const about: { name?: unknown; simulator?: unknown } | null = await response.json().catch(() => null);
  if (about?.name !== 'tidings') {
    throw new UsageError(
      `Something answers at ${url}, and it is no Tidings gateway. Name the right address in TIDINGS_URL, or another port in PORT.`,
    );
  }
  return { simulator: about.simulator === true };
}

async function admitted(
  url: string,
  token: string,
  about: { readonly simulator: boolean },
): Promise<Reached> {
  const client = makeClient({ url, token });
  // A wrong token is told now, not with the first thing that is asked.
  await client.listChats({ limit: 1 }).catch((error: unknown) => {
    if (!(error instanceof ProblemError) || error.status !== 401) throw error;
    throw new UsageError(
      `The gateway at ${url} does not know this token: put one of its own into TIDINGS_TOKEN. There, tidings token add makes one.`,
    );
  });
  return { client, url, simulator: about.simulator, close: async () => {} };
}

async function startHere(config: Config, url: string): Promise<Reached> {
  const [{ startGateway }, { makeLog }] = await Promise.all([
    import('../../hosts/node/main.ts'),
    import('../../hosts/node/log.ts'),
  ]);
  const gateway = await startGateway(config, {
    // Its lines would run through the conversation.
    log: makeLog('silent'),
    version,
    fatal(error) {
      // What could not be written was not acknowledged; the next start goes on from what was.
      process.stderr.write(`The log could not be written, so the gateway ends at once: ${String(error)}\n`);
      process.exit(1);
    },
  });
  const local = `http://${new URL(url).hostname}:${gateway.port}`;
  return {
    client: makeClient({ url: local, token: gateway.token }),
    url: local,
    simulator: config.simulator,
    started: gateway.notices,
    close: () => gateway.close(),
  };
}
