/** The names that the gateway answers under, and the pages that may call it. Knows no token and no route. */
import type { AppPorts } from './ports.ts';
import { type Problem, problem } from './problem.ts';

/** The name, with its port, under which a request asks, in lower case. */
export function hostOf(request: Request): string {
  return (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
}

/** Refuses a foreign `Host` (a name that was made to point here) and a foreign `Origin` (a page elsewhere). */
export function foreign(request: Request, allowed: ReturnType<AppPorts['allowed']>): Problem | undefined {
  const host = hostOf(request);
  if (!allowed.hosts.includes(host)) {
    const whole = allowed.hosts.find((one) => one.startsWith(`${host}:`));
    if (whole !== undefined) {
      return problem(
        'foreign-host',
        `The gateway does not answer as ${host}, but as ${whole}: in the header Host the port is missing.`,
      );
    }
    return problem(
      'foreign-host',
      `The gateway does not answer as ${host.slice(0, 200)}. Behind a proxy or another name, set TIDINGS_PUBLIC_URL to the address that people use.`,
    );
  }
  const origin = request.headers.get('origin')?.toLowerCase();
  if (origin !== undefined && !allowed.origins.includes(origin)) {
    return problem(
      'foreign-origin',
      `Pages of ${origin.slice(0, 200)} may not call this gateway. Programs outside of a browser send no Origin.`,
    );
  }
  return undefined;
}

/**
 * Refuses a change that comes with a cookie and without an `Origin`: a browser sends a cookie whoever made it ask, and
 * with every change where the page is from. A foreign one was refused already.
 */
export function unsaidOrigin({ method, headers }: Request): Problem | undefined {
  if (method === 'GET' || method === 'HEAD' || headers.has('origin')) return undefined;
  return problem(
    'foreign-origin',
    'A request that changes something by a cookie must say in Origin which page it is from. Programs send a token instead: Authorization: Bearer <token>.',
  );
}
