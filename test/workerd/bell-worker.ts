/**
 * The Worker as it is deployed, whose alarms are lost, come late or twice when a test says so. One isolate holds all
 * objects of the local runtime and outlives each of them, which is why what is wished can lie in this module.
 */
import {
  type Bindings,
  type DirectoryMethods,
  type LanesMethods,
  type Objects,
  type SessionMethods,
  theOne,
} from '../../src/hosts/cloudflare/bindings.ts';
import { DirectoryObject as Directory } from '../../src/hosts/cloudflare/directory-object.ts';
import { LanesObject as Lanes } from '../../src/hosts/cloudflare/lanes-object.ts';
import { mailAnswerSchema } from '../../src/hosts/cloudflare/messages.ts';
import { SessionObject as Session } from '../../src/hosts/cloudflare/session-object.ts';
import worker from '../../src/hosts/cloudflare/worker.ts';
import { bellPath, bellSchema } from './bell.ts';

interface Resets {
  reset(): Promise<void>;
}

interface BellMethods extends SessionMethods {
  ring(times: number): Promise<void>;
  reset(keepAlarm: boolean): Promise<void>;
  hurry(): Promise<void>;
  due(): Promise<number | null>;
}

interface BellBindings extends Bindings {
  readonly SESSIONS: Objects<BellMethods>;
  readonly DIRECTORY: Objects<DirectoryMethods & Resets>;
  readonly LANES: Objects<LanesMethods & Resets>;
}

let alarms: 'heard' | 'lost' | 'heard twice' = 'heard';
let count = 0;
let ahead = 0;

const now = Date.now;
Date.now = () => now() + ahead;

export class SessionObject extends Session implements BellMethods {
  override async alarm(): Promise<void> {
    count += 1;
    switch (alarms) {
      case 'lost':
        return;
      case 'heard':
        return super.alarm();
      case 'heard twice':
        await Promise.all([super.alarm(), super.alarm()]);
        return super.alarm();
    }
  }

  async ring(times: number): Promise<void> {
    await Promise.all(Array.from({ length: times }, () => super.alarm()));
  }

  async reset(keepAlarm: boolean): Promise<void> {
    if (!keepAlarm) {
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.sync();
    }
    this.ctx.abort('the test resets it');
  }

  async hurry(): Promise<void> {
    await this.ctx.storage.setAlarm(now());
  }

  async due(): Promise<number | null> {
    const at = await this.ctx.storage.getAlarm();
    return at === null ? null : at - Date.now();
  }
}

export class DirectoryObject extends Directory implements Resets {
  async reset(): Promise<void> {
    this.ctx.abort('the test resets it');
  }
}

export class LanesObject extends Lanes implements Resets {
  async reset(): Promise<void> {
    this.ctx.abort('the test resets it');
  }
}

async function bell(asked: unknown, bindings: BellBindings): Promise<number | null> {
  const { SESSIONS } = bindings;
  const wish = bellSchema.parse(asked);
  switch (wish.what) {
    case 'alarms':
      alarms = wish.are;
      return null;
    case 'later':
      ahead += wish.ms;
      return null;
    case 'count':
      return count;
    case 'lose':
    case 'reset':
      // Whoever asks an object to be reset hears of it as a failure.
      await SESSIONS.getByName(wish.session)
        .reset(wish.what === 'reset')
        .catch(() => {});
      return null;
    case 'reset-shared':
      await bindings[wish.which]
        .getByName(theOne)
        .reset()
        .catch(() => {});
      return null;
    case 'remove':
      await SESSIONS.getByName(wish.session).remove();
      return null;
    case 'mail': {
      const message: unknown = JSON.parse(wish.message);
      const answer = mailAnswerSchema.parse(await SESSIONS.getByName(wish.session).mail(message));
      return answer.kind === 'accepted' ? answer.upTo : 0;
    }
    case 'ring':
      await SESSIONS.getByName(wish.session).ring(wish.times);
      return null;
    case 'hurry':
      await SESSIONS.getByName(wish.session).hurry();
      return null;
    case 'due':
      return SESSIONS.getByName(wish.session).due();
    case 'nudge':
      await SESSIONS.getByName(wish.session).nudge();
      return null;
  }
}

export default {
  async fetch(request: Request, bindings: BellBindings): Promise<Response> {
    if (new URL(request.url).pathname !== bellPath) return worker.fetch(request, bindings);
    try {
      return Response.json({ value: await bell(await request.json(), bindings) });
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 500 });
    }
  },
};
