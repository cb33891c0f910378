/**
 * Which route and which subagent a path means. A subagent's path may stand in the address with its slashes as
 * they are, so the last part decides: if it names an action, it is the action.
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
  const action =
    parts.length > 1 ? spots.find((spot) => spot.path.endsWith(`${TARGET}/${parts.at(-1)}`)) : undefined;
  const spot = action ?? spots.find((one) => one.path.endsWith(TARGET));
  const target = (action ? parts.slice(0, -1) : parts).map(decoded).join('/');
  return spot && { spot, target };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
