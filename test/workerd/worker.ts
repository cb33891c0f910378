/** The host-neutral parts in one Durable Object, with logs in memory: what the workerd test bundles and runs. */

import type { Clock } from '../../src/core/ports.ts';
import { makeGateway } from '../../src/gateway/gateway.ts';
import { makeApp } from '../../src/http/app.ts';
import { indexedSearch } from '../../src/http/search.ts';
import { localShelf } from '../../src/http/shelf.ts';
import { makeCatalogue } from '../../src/model/catalogue.ts';
import { makeModel } from '../../src/model/client.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { makeSkills } from '../../src/skills/open.ts';
import { readShelf } from '../../src/skills/shelf.ts';
import type { SkillFolder } from '../../src/skills/skill.ts';

interface Env {
  readonly MODEL_URL: string;
  readonly HOST: string;
  readonly TOKEN: string;
}

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  soon: (fire) => void setTimeout(fire, 0),
};

const budget = { chatUsd: 1_000, subagentUsd: 100 };

/** A skill as it comes with a bundle, where there is no disk to find it on. */
const bundled: SkillFolder = {
  name: 'riddles',
  place: 'the bundle',
  async read() {
    const text =
      '---\nname: riddles\ndescription: "How to solve: riddles."\n---\nThink of six times seven.\n';
    return { kind: 'bytes', bytes: new TextEncoder().encode(text) };
  },
  list: async () => ({ files: [], outside: [], more: false }),
};

async function makeHandler(env: Env): Promise<(request: Request) => Response | Promise<Response>> {
  const catalogue = makeCatalogue();
  const store = memoryStore();
  const gateway = makeGateway(
    {
      model: 'claude-sonnet-5-5',
      subagentModel: 'claude-haiku-5-5',
      repositories: [],
      maxChildren: 8,
      maxDepth: 3,
      maxSpawns: 200,
      subagentMinutes: 60,
      idleMinutes: 10,
      mainToolSeconds: 15,
      modelCalls: 4,
      budget,
    },
    {
      store,
      clock,
      catalogue,
      model: makeModel({ apiKey: 'none', baseURL: env.MODEL_URL, catalogue, clock }),
      skills: makeSkills(await readShelf({ folders: [bundled], problems: [] }, [])),
      random: Math.random,
      fatal: (error) => console.error('fatal', error),
      log: {
        retried: (session, failure) => console.error('retried', session, failure.message),
        gaveUp: (session, to, refusal) => console.error('gave up', session, to, refusal.message),
        unreached: (session, to, error) => console.error('unreached', session, to, error),
        broken: (session, effect, error) => console.error('broken', session, effect.key, error),
        removed: () => {},
        retentionFailed: (error) => console.error('retention', error),
      },
    },
  );
  gateway.runtime.start();
  const app = makeApp({
    runtime: gateway.runtime,
    store,
    shelf: localShelf({
      runtime: gateway.runtime,
      store,
      clock,
      budget,
      search: indexedSearch({ runtime: gateway.runtime, store, clock }),
    }),
    clock,
    token: () => env.TOKEN,
    allowed: () => ({ hosts: [env.HOST], origins: [] }),
    newId: () => crypto.randomUUID(),
    about: { version: '0.0.0', simulator: false, model: gateway.model },
    resolveModel: catalogue.resolve,
    budget,
    spawn: gateway.toolset.spawn,
    ready: () => true,
    log: { answered: () => {}, failed: (id, error) => console.error('failed', id, error) },
  });
  return (request) => app.fetch(request);
}

export class Chats {
  readonly fetch: (request: Request) => Promise<Response>;
  constructor(_state: unknown, env: Env) {
    const handler = makeHandler(env);
    this.fetch = async (request) => (await handler)(request);
  }
}

interface Namespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

export default {
  fetch: (request: Request, env: { readonly CHATS: Namespace }): Promise<Response> =>
    env.CHATS.get(env.CHATS.idFromName('all')).fetch(request),
};
