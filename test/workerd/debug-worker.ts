/**
 * The Worker as it is deployed, with a door for tests: calls on its objects that are reached by no other way, and a
 * session's objects that believe the mail they get to be of a later release. One isolate holds all objects of the local
 * runtime, which is why what is believed can lie in this module.
 */
import { z } from 'zod';
import type { Bindings } from '../../src/hosts/cloudflare/bindings.ts';
import { SessionObject as Session } from '../../src/hosts/cloudflare/session-object.ts';
import worker from '../../src/hosts/cloudflare/worker.ts';
import { debugPath, debugSchema } from './debug.ts';

export { DirectoryObject } from '../../src/hosts/cloudflare/directory-object.ts';
export { LanesObject } from '../../src/hosts/cloudflare/lanes-object.ts';

/** Sessions to which all mail looks as if a later release had sent it; by each, how often it came. */
const behind = new Map<string, number>();

/** What was written to the console. */
const printed: string[] = [];
for (const name of ['log', 'error'] as const) {
  console[name] = (...parts: unknown[]) => void printed.push(parts.map(String).join(' '));
}

const versioned = z.looseObject({ version: z.number() });

export class SessionObject extends Session {
  override async mail(message: unknown): Promise<unknown> {
    const own = this.ctx.id.name ?? '';
    const came = behind.get(own);
    if (came === undefined) return super.mail(message);
    behind.set(own, came + 1);
    const mail = versioned.parse(message);
    return super.mail({ ...mail, version: mail.version + 1 });
  }

  /** The platform lets nobody but itself call `alarm`. */
  async ring(): Promise<void> {
    await this.alarm();
  }
}

async function debug(asked: unknown, bindings: Bindings): Promise<unknown> {
  const wish = debugSchema.parse(asked);
  switch (wish.what) {
    case 'behind':
      behind.set(wish.session, 0);
      return null;
    case 'mend': {
      const came = behind.get(wish.session) ?? 0;
      behind.delete(wish.session);
      return came;
    }
    case 'came':
      return behind.get(wish.session) ?? 0;
    case 'printed':
      return printed;
    case 'call': {
      const stub: object = bindings[wish.binding].getByName(wish.name);
      const method: unknown = Reflect.get(stub, wish.method);
      if (typeof method !== 'function') throw new Error(`there is no ${wish.method}`);
      return (await Reflect.apply(method, stub, wish.given)) ?? null;
    }
  }
}

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    if (new URL(request.url).pathname !== debugPath) return worker.fetch(request, bindings);
    try {
      return Response.json({ value: await debug(await request.json(), bindings) });
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 500 });
    }
  },
};
