/**
 * Which route and which subagent a path means. A subagent's path may stand in the address with its slashes as
 * they are, so the end decides: if it names an action, it is the action.
 */
import type { Route } from './route.ts';

const CHAT = '{chat}';
const TARGET = '{target}';

export interface Place {
  readonly chat: string;
  /** A subagent's label, path or id; empty where the route has none. */
  readonly target: string;
}

/** The routes of one path, in the order of their methods. */
export interface Spot {
  readonly path: string;
  readonly routes: readonly Route[];
}

export function spotsOf(routes: readonly Route[]): Spot[] {
  return [...Map.groupBy(routes, (route) => route.path)].map(([path, all]) => ({ path, routes: all }));
}

/** Whether a path lies in a chat. */
export function hasChat(route: Pick<Route, 'path'>): boolean {
  return route.path.includes(CHAT);
}

export function hasTarget(spot: Spot): boolean {
  return spot.path.includes(TARGET);
}

/**
 * @param spots those with a target
 * @param rest what follows `/subagents/` in the address, its slashes as they were sent
 */
export function subagentSpot(
  spots: readonly Spot[],
  rest: string,
): { readonly spot: Spot; readonly target: string } | undefined {
  const parts = rest.split('/');
  for (const spot of spots) {
    const action = actionOf(spot);
    const target = parts.slice(0, parts.length - action.length);
    if (action.length === 0 || target.length === 0) continue;
    if (action.every((part, at) => names(part, parts[target.length + at] ?? ''))) {
      return { spot, target: target.map(decoded).join('/') };
    }
  }
  const spot = spots.find((one) => actionOf(one).length === 0);
  return spot && { spot, target: parts.map(decoded).join('/') };
}

/** What follows the subagent in a path: nothing, `kill`, or `calls` and a number. */
function actionOf({ path }: Spot): string[] {
  return path
    .slice(path.indexOf(TARGET) + TARGET.length)
    .split('/')
    .slice(1);
}

/** Only numbers stand for what has a name of its own there: everything else may be a subagent's. */
function names(part: string, given: string): boolean {
  return part.startsWith('{') ? /^\d+$/.test(given) : part === given;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
