/**
 * The Worker's own door: the app with nothing behind it but the directory. It lets in or refuses, lists chats, and
 * hands everything about one chat on to the object that keeps it. Keeps nothing but which chats it has seen.
 */
import { nanoid } from 'nanoid';
import { z } from 'zod';
import { chatAnswer } from '../../http/answers.ts';
import { makeApp } from '../../http/app.ts';
import type { AppPorts } from '../../http/ports.ts';
import type { Shelf } from '../../http/shelf.ts';
import { keeperAnswerSchema, type TokenKeeper } from '../../http/token-keeper.ts';
import { keptTokenSchema } from '../../http/token-rules.ts';
import type { NamedToken, TokenBook } from '../../http/tokens.ts';
import { dialectsOf } from '../../mcp/dialects.ts';
import { mcpDoor } from '../../mcp/door.ts';
import { makeMetrics } from '../../runtime/metrics.ts';
import { again } from './again.ts';
import type { Bindings } from './bindings.ts';
import { workerClock as clock } from './clock.ts';
import { allowedAt } from './config.ts';
import { type ReachedDirectory, reachDirectory } from './directory.ts';
import { forward } from './forward.ts';
import { frontSearch } from './front-search.ts';
import type { Host } from './host.ts';
import { pageFiles } from './page-files.ts';
import { version } from './release.ts';

/** Chats whose owner is remembered: it never changes, and one that is gone says so itself. */
const KNOWN = 10_000;

export function makeFront(host: Host, bindings: Bindings): (request: Request) => Promise<Response> {
  const { config, catalogue, rules } = host;
  const directory = reachDirectory(bindings.DIRECTORY, (error) =>
    host.log.error({ err: error }, 'the directory could not be asked'),
  );
  const page = pageFiles(bindings);
  const app = makeApp({
    ...nothingHere,
    ...(page ? { page } : {}),
    clock,
    shelf: directoryShelf(directory, bindings, (chat, error) =>
      host.log.error({ chat, err: error }, 'a chat could not be listed or searched'),
    ),
    token: () => config.token,
    named: directoryBook(directory),
    tokens: directoryKeeper(directory),
    // Whether a chat has room for more, its own object says.
    full: () => undefined,
    allowed: (request) => allowedAt(config, request.url),
    newId: () => nanoid(),
    about: { version, model: rules.model, simulator: false },
    resolveModel: catalogue.resolve,
    budget: config.budget,
    spawn: rules.toolset.spawn,
    mcp: mcpDoor(dialectsOf(rules.toolset.spawn.input, config.mcp.dialects), {
      version,
      // Any isolate may answer the next request.
      alone: false,
    }),
    elsewhere: (session) => forward(bindings, session),
    ready: () => true,
    log: host.http,
    // Whoever tries wrong tokens shuts out nobody else.
    clientOf,
  });
  return async (request) => app.fetch(request, { client: request.headers.get('cf-connecting-ip') });
}

const clientSchema = z.object({ client: z.string().nullable() });

/** The address that the platform saw; absent in a local runtime that tells none. */
function clientOf(env: unknown): string | undefined {
  return clientSchema.safeParse(env).data?.client ?? undefined;
}

function absent(): never {
  throw new Error('no session is kept at the front');
}

/** What the routes of a chat work on, and are never run with here. */
const nothingHere: Pick<AppPorts, 'runtime' | 'store' | 'sockets'> = {
  runtime: {
    send: absent,
    state: absent,
    sessions: { row: absent, events: absent, glance: absent },
    worktrees: { list: absent, diff: absent, land: absent, remove: absent },
    confirmDead: absent,
    gone: absent,
    broadcast: {
      follow: absent,
      hears: absent,
      events: absent,
      ephemeral: absent,
      words: absent,
      end: absent,
      silence: absent,
    },
    metrics: makeMetrics(),
  },
  store: {
    session: absent,
    events: absent,
    key: absent,
    files: {
      put: absent,
      brought: absent,
      facts: absent,
      bytes: absent,
      base64: absent,
      keep: absent,
      loose: absent,
    },
  },
  sockets: { give: absent, open: absent },
};

function directoryShelf(
  directory: ReachedDirectory,
  bindings: Bindings,
  unlisted: (chat: string, error: unknown) => void,
): Shelf {
  const { SESSIONS } = bindings;
  const known = new Map<string, string>();
  const names = z.array(z.string());
  const viewed = chatAnswer.shape.chat.nullable();
  return {
    async owner(chat) {
      const seen = known.get(chat);
      if (seen !== undefined) return seen;
      // Ids are short; nobody is to fill the directory's time with others.
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(chat)) return undefined;
      const owner = (await directory.owner(chat)) ?? undefined;
      if (owner === undefined) return undefined;
      for (const oldest of known.keys()) {
        if (known.size < KNOWN) break;
        known.delete(oldest);
      }
      known.set(chat, owner);
      return owner;
    },
    page: async (query) => names.parse(await directory.page(query)),
    async view(chat) {
      try {
        return viewed.parse(await again(() => SESSIONS.getByName(chat).view())) ?? undefined;
      } catch (error) {
        // One chat that can't be opened must not hide all others from whoever lists them.
        unlisted(chat, error);
        return undefined;
      }
    },
    search: frontSearch(directory, bindings, unlisted),
  };
}

/** Each request with a named token asks: a revoked one opens nothing from the next request on. */
function directoryBook(directory: ReachedDirectory): TokenBook {
  return {
    async find(digest) {
      try {
        const kept = keptTokenSchema.nullable().parse(await directory.token(digest));
        return kept ? named(kept) : undefined;
      } catch {
        return 'unreadable';
      }
    },
    // Whoever reads on is let go by the object that it reads from.
    onceRevoked: () => () => {},
  };
}

function directoryKeeper(directory: ReachedDirectory): TokenKeeper {
  return {
    list: async () => z.array(keptTokenSchema).parse(await directory.tokens()),
    add: async (token, request) =>
      keeperAnswerSchema.parse(await directory.addToken({ token, ...(request ? { request } : {}) })),
    revoke: async (name, request) =>
      keeperAnswerSchema.parse(await directory.revokeToken({ name, ...(request ? { request } : {}) })),
  };
}

function named({ name, digest, scopes, owner, revokedAt }: z.infer<typeof keptTokenSchema>): NamedToken {
  return { name, digest, scopes, owner, revoked: revokedAt !== undefined };
}
