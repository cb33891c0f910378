/**
 * The HTTP door of the gateway as one Hono app that every host mounts. Owns the order of what a request goes
 * through: its number, headers, names and origins, the token or cookie, its scope, the chat that it may see, its route.
 * Knows no route by itself.
 */
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { makeAttempts } from './attempts.ts';
import { type Caller, lacking, nobody, sees } from './callers.ts';
import { careRoutes } from './care.ts';
import { chatRoutes } from './chats.ts';
import { feedRoutes } from './feeds.ts';
import { fileRoutes } from './files.ts';
import { makeTokenGate } from './guards.ts';
import { linkRoutes } from './link-routes.ts';
import { isProblem, noChat } from './lookup.ts';
import { mcpRoutes } from './mcp.ts';
import { makeHttpMeter } from './meter.ts';
import { newsRoutes } from './news.ts';
import { type OpenApi, openApiOf } from './openapi.ts';
import { foreign } from './origins.ts';
import { pageRoutes } from './page.ts';
import { hasChat, hasTarget, type Place, type Spot, spotsOf, subagentSpot } from './place.ts';
import type { AppPorts, FailedRequest } from './ports.ts';
import { type Problem, problem, problemResponse, Unreachable, unreachable } from './problem.ts';
import { repositoryRoutes } from './repositories.ts';
import { type Reply, type Route, responseOf } from './route.ts';
import { searchRoutes } from './search.ts';
import { hideTokens } from './secrets.ts';
import { serviceRoutes } from './service.ts';
import { makeSessionCookie } from './session-cookie.ts';
import { sessionRoutes } from './session-routes.ts';
import { socketRoutes } from './sockets.ts';
import { subagentRoutes } from './subagents.ts';
import { tokenRoutes } from './token-routes.ts';
import { usageRoutes } from './usage.ts';

interface Env {
  Variables: { requestId: string; caller: Caller | undefined; route?: string };
}

export function makeApp(ports: AppPorts): Hono<Env> {
  const app = new Hono<Env>();
  const attempts = makeAttempts(ports.clock);
  const cookie = makeSessionCookie(ports);
  const gate = makeTokenGate(ports, attempts, cookie);
  const meter = makeHttpMeter(ports.runtime.metrics, ports.about);
  let api: OpenApi | undefined;
  const described = (): OpenApi => {
    api ??= openApiOf(routes, ports);
    return api;
  };
  const hide = (text: string): string => hideTokens(text, ports.token());
  const routes: readonly Route[] = [
    ...serviceRoutes(ports, described),
    ...pageRoutes(ports),
    ...sessionRoutes(ports, { gate, cookie, attempts }),
    ...chatRoutes(ports),
    ...careRoutes(ports),
    ...fileRoutes(ports),
    ...usageRoutes(ports),
    ...searchRoutes(ports),
    ...repositoryRoutes(ports),
    ...feedRoutes(ports),
    ...socketRoutes(ports),
    ...subagentRoutes(ports),
    ...newsRoutes(ports),
    ...mcpRoutes(ports, async (request) => app.fetch(request)),
    ...tokenRoutes(ports),
    ...linkRoutes(ports),
  ];

  function respond(c: Context<Env>, reply: Reply): Response {
    // What is wrong is told in the asker's own words, and a token may be among them.
    return responseOf(reply, (one) => problemResponse(one, c.get('requestId'), hide));
  }

  async function take(c: Context<Env>, spot: Spot, target: string): Promise<Response> {
    c.set('route', spot.path);
    // A HEAD is a GET whose answer is left out.
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
    const route = spot.routes.find((one) => one.method === method);
    if (!route) return respond(c, wrongMethod(c, spot.routes));
    return respond(c, await entitled(c, route, { chat: c.req.param('chat') ?? '', target }));
  }

  /** Runs a route for whom it is meant: here, and not in the routes, so that none can forget it. */
  async function entitled(c: Context<Env>, route: Route, place: Place): Promise<Reply> {
    if (route.scope === 'open')
      return route.run(c, { ...place, caller: nobody, requestId: c.get('requestId') });
    const caller = c.get('caller') ?? (await admitted(c));
    if (isProblem(caller)) return caller;
    const refusal = lacking(caller, route.scope);
    if (refusal) return refusal;
    if (hasChat(route)) {
      if (!(await sees(ports.shelf, caller, place.chat))) return noChat(place.chat);
      const there = ports.elsewhere?.(place.chat);
      if (there) return there(c.req.raw, { caller, requestId: c.get('requestId') });
    }
    const full = route.adds ? ports.full?.() : undefined;
    if (full !== undefined) return problem('full', full);
    return route.run(c, { ...place, caller, requestId: c.get('requestId') });
  }

  async function admitted(c: Context<Env>): Promise<Caller | Problem> {
    return ports.handed?.(c.req.raw) ?? gate.admit(c.req.raw, ports.clientOf?.(c.env));
  }

  app.use(async (c, next) => {
    const requestId = givenId(c.req.header('x-request-id')) ?? ports.newId();
    const began = ports.clock.monotonic();
    c.set('requestId', requestId);
    await next();
    c.res.headers.set('x-request-id', requestId);
    // What may be kept says so itself.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
    const { status } = c.res;
    const ms = ports.clock.monotonic() - began;
    meter.answered({ method: c.req.method, route: c.get('route'), status, ms });
    ports.log.answered({ ...requestOf(c), path: hide(c.req.path), status, ms });
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      referrerPolicy: 'no-referrer',
      // Whether there is TLS in front is for the proxy that has it to say.
      strictTransportSecurity: false,
      // A page brings a policy of its own that lets in its style.
      overwrite: false,
    }),
  );
  app.use(async (c, next) => {
    const refusal = foreign(c.req.raw, ports.allowed(c.req.raw));
    if (refusal) return respond(c, refusal);
    return next();
  });
  app.use('/v1/*', async (c, next) => {
    const caller = await admitted(c);
    if (!isProblem(caller)) {
      c.set('caller', caller);
      return next();
    }
    const refusal = respond(c, caller);
    // Whoever wasn't let in doesn't send its body either.
    if (hasBody(c.req.raw)) refusal.headers.set('connection', 'close');
    return refusal;
  });
  const spots = spotsOf(routes);
  for (const spot of spots.filter((one) => !hasTarget(one))) {
    app.all(spot.path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => take(c, spot, ''));
  }
  const targets = spots.filter(hasTarget);
  app.all('/v1/chats/:chat/subagents/:rest{.+}', (c) => {
    const rest = c.req.path.split('/').slice(5).join('/');
    const found = subagentSpot(targets, rest);
    return found ? take(c, found.spot, found.target) : respond(c, nothing(c));
  });
  app.notFound((c) => respond(c, nothing(c)));
  app.onError((error, c) => {
    if (error instanceof Unreachable) return respond(c, unreachable(error));
    ports.log.failed(requestOf(c), error);
    return respond(
      c,
      ports.ready()
        ? problem('internal', 'Something went wrong inside. The log has more under this request id.')
        : problem('unavailable', 'The gateway is starting or stopping. Try again in a moment.', {
            headers: { 'retry-after': '1' },
          }),
    );
  });
  return app;
}

function hasBody({ headers }: Request): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

/** A proxy's own number for a request, if it is one: then its log and ours speak of the same. */
function givenId(header: string | undefined): string | undefined {
  return header !== undefined && /^[A-Za-z0-9_.:-]{1,64}$/.test(header) ? header : undefined;
}

function requestOf(c: Context<Env>): FailedRequest {
  const route = c.get('route');
  const chat = /^\/v1\/chats\/([A-Za-z0-9_-]{1,64})(?:\/|$)/.exec(c.req.path)?.[1];
  return {
    requestId: c.get('requestId'),
    method: c.req.method.slice(0, 20),
    ...(route === undefined ? {} : { route }),
    ...(chat === undefined ? {} : { chat }),
  };
}

function nothing(c: Context<Env>): Problem {
  return problem('not-found', `There is no ${nameOf(c)} here; /docs lists what there is.`);
}

function wrongMethod(c: Context<Env>, routes: readonly Route[]): Problem {
  const allowed = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return problem('wrong-method', `There is no ${nameOf(c)}; this path has ${allowed}.`, {
    headers: { allow: allowed },
  });
}

function nameOf(c: Context<Env>): string {
  return `${c.req.method} ${c.req.path.slice(0, 200).toWellFormed()}`;
}
