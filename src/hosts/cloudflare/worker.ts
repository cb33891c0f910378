/**
 * The Worker: every request comes in here. Owns the answer for a configuration that is wrong; all else is the front's
 * and the objects'.
 */
import { ConfigError } from '../../config/problems.ts';
import { problem, problemResponse } from '../../http/problem.ts';
import type { Bindings } from './bindings.ts';
import { makeFront } from './front.ts';
import { type Host, hostOf } from './host.ts';

export { DirectoryObject } from './directory-object.ts';
export { LanesObject } from './lanes-object.ts';
export { SessionObject } from './session-object.ts';

const fronts = new WeakMap<Host, (request: Request) => Promise<Response>>();

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    try {
      const host = await hostOf(bindings);
      const front = fronts.get(host) ?? makeFront(host, bindings);
      fronts.set(host, front);
      return await front(request);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // Whoever asks need not know what is wrong with it; whoever keeps it reads the log.
      console.error(error.message);
      return problemResponse(
        problem(
          'unavailable',
          "The gateway's configuration is wrong, and its log says what: npx wrangler tail, or the terminal of wrangler dev.",
        ),
        crypto.randomUUID(),
        (text) => text,
      );
    }
  },
};
