/** What is counted at the HTTP door: requests by route, how long they took, readers of feeds. */
import type { Counter, Metrics } from '../runtime/metrics.ts';
import type { About } from './ports.ts';

export interface HttpMeter {
  /** @param route its path with `{chat}` and `{target}`; undefined where none was reached */
  answered(request: { method: string; route: string | undefined; status: number; ms: number }): void;
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function makeHttpMeter(metrics: Metrics, about: About): HttpMeter {
  const requests = metrics.counter({
    name: 'tidings_http_requests_total',
    help: 'HTTP requests by route and status; route "none": refused before a route was reached, or there is none',
    labels: ['method', 'route', 'status'],
  });
  const time = metrics.histogram({
    name: 'tidings_http_request_seconds',
    help: 'How long HTTP requests took to the beginning of their answer; for feeds that is when they open',
    labels: ['route'],
    bounds,
  });
  openFeeds(metrics);
  metrics.reads({
    name: 'tidings_build_info',
    help: 'Which release this is, and whether the built-in simulator answers instead of a model',
    type: 'gauge',
    labels: ['version', 'simulator'],
    read: () => [[1, about.version, String(about.simulator)]],
  });
  return {
    answered({ method, route = 'none', status, ms }) {
      requests.add(1, methods.has(method) ? method : 'other', route, String(status));
      time.observe(ms / 1_000, route);
    },
  };
}

/** Readers of feeds, as streams and over sockets, from their first read to their end. */
export function openFeeds(metrics: Metrics): Counter {
  return metrics.level({
    name: 'tidings_feeds_open',
    help: 'Feeds that are being read, as a stream or over a socket',
  });
}
