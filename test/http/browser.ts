/**
 * A browser before a door, as far as cookies go: it keeps those that it is given, sends them with every request, and
 * says in `Origin` which page a change comes from. Runs no page.
 */
import { parse } from 'hono/utils/cookie';
import { type Answer, type Door, HOST } from './door.ts';

export const ORIGIN = `http://${HOST}`;

export interface Browser {
  /** Its cookies, by name. Tests may put others in. */
  readonly jar: Map<string, string>;
  /** As the latest `Set-Cookie` had it. */
  readonly latest: string | undefined;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Any request, with the answer as it came. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export function openBrowser(door: Pick<Door, 'get' | 'post' | 'request'>): Browser {
  const jar = new Map<string, string>();
  let latest: string | undefined;

  function sent(method: string, more: Record<string, string>): Record<string, string> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      authorization: '',
      ...(cookie === '' ? {} : { cookie }),
      ...(method === 'GET' || method === 'HEAD' ? {} : { origin: ORIGIN }),
      ...more,
    };
  }

  function keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      latest = line;
      const [pair = ''] = line.split(';');
      const [name = ''] = Object.keys(parse(pair));
      if (/; max-age=0(;|$)/i.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
  }

  return {
    jar,
    get latest() {
      return latest;
    },
    async get(path, headers = {}) {
      const answer = await door.get(path, sent('GET', headers));
      keep(answer.headers);
      return answer;
    },
    async post(path, body = {}, headers = {}) {
      const answer = await door.post(path, body, sent('POST', headers));
      keep(answer.headers);
      return answer;
    },
    async request(method, path, body, headers = {}) {
      const response = await door.request(method, path, body, sent(method, headers));
      keep(response.headers);
      return response;
    },
  };
}
