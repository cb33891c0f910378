/**
 * The HTTP door of the gateway as one Hono app that every host mounts. Owns the order of what a request goes
 * through: its number, headers, names and origins, the token, its route. Knows no route by itself.
 */
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { chatRoutes } from './chats.ts';
import { feedRoutes } from './feeds.ts';
import { foreign, makeTokenGate } from './guards.ts';
import { type OpenApi, openApiOf } from './openapi.ts';
import { hasTarget, type Spot, spotsOf, subagentSpot } from './place.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, problem, problemResponse } from './problem.ts';
import type { Reply, Route } from './route.ts';
import { serviceRoutes } from './service.ts';
import { subagentRoutes } from './subagents.ts';
import { usageRoutes } from './usage.ts';

interface Env {
  Variables: { requestId: string };
}

export function makeApp(ports: AppPorts): Hono<Env> {
  const app = new Hono<Env>();
  const gate = makeTokenGate(ports.token, ports.clock);
  let api: OpenApi | undefined;
  const described = (): OpenApi => {
    api ??= openApiOf(routes, ports.about);
    return api;
  };
  const routes: readonly Route[] = [
    ...serviceRoutes(ports, described),
    ...chatRoutes(ports),
    ...usageRoutes(ports),
    ...feedRoutes(ports),
    ...subagentRoutes(ports),
  ];

  function respond(c: Context<Env>, reply: Reply): Response {
    if (reply instanceof Response) return reply;
    if (reply.reply === 'problem') return problemResponse(reply, c.get('requestId'));
    return new Response(JSON.stringify(reply.body), {
      status: reply.status,
      headers: { 'content-type': 'application/json' },
    });
  }

  async function take(c: Context<Env>, spot: Spot, target: string): Promise<Response> {
    // A HEAD is a GET whose answer is left out.
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
    const route = spot.routes.find((one) => one.method === method);
    if (!route) return respond(c, wrongMethod(c, spot.routes));
    return respond(c, await route.run(c, { chat: c.req.param('chat') ?? '', target }));
  }

  app.use(async (c, next) => {
    const requestId = ports.newId();
    const began = ports.clock.monotonic();
    c.set('requestId', requestId);
    await next();
    c.res.headers.set('x-request-id', requestId);
    c.res.headers.set('cache-control', 'no-store');
    ports.log.answered({
      requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: ports.clock.monotonic() - began,
    });
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
    const refusal = foreign(c.req.raw, ports.allowed());
    if (refusal) return respond(c, refusal);
    return next();
  });
  app.use('/v1/*', async (c, next) => {
    const refusal = gate.check(c.req.header('authorization'), ports.clientOf?.(c.env));
    if (refusal) return respond(c, refusal);
    return next();
  });
  const spots = spotsOf(routes);
  for (const spot of spots.filter((one) => !hasTarget(one))) {
    app.all(spot.path.replaceAll('{chat}', ':chat'), (c) => take(c, spot, ''));
  }
  const targets = spots.filter(hasTarget);
  app.all('/v1/chats/:chat/subagents/:rest{.+}', (c) => {
    const rest = c.req.path.split('/').slice(5).join('/');
    const found = subagentSpot(targets, rest);
    return found ? take(c, found.spot, found.target) : respond(c, nothing(c));
  });
  app.notFound((c) => respond(c, nothing(c)));
  app.onError((error, c) => {
    ports.log.failed(c.get('requestId'), error);
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
