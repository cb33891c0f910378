/**
 * One Worker in workerd, through miniflare, its Durable Objects on SQLite in a folder. Owns how the two are set up;
 * bundles nothing, and ends nothing that it started.
 */
import { Miniflare, MiniflareCoreError, type MiniflareOptions } from 'miniflare';
import { z } from 'zod';

export const runtimeOptionsSchema = z.object({
  /** The bundled Worker. */
  code: z.string(),
  date: z.string(),
  flags: z.array(z.string()),
  /** Variables: texts as they are, anything else as JSON. */
  bindings: z.record(z.string(), z.json()),
  /** The class behind each binding of objects. */
  classes: z.record(z.string(), z.string()),
  /** Where the objects' storage and alarms are kept. */
  folder: z.string(),
  /** The port to have again; 0 takes any. */
  port: z.number().int(),
  /** The origin under which the Worker believes to be reached; else what the client says. */
  upstream: z.string().optional(),
  /** The folder of the page's files, bound as `ASSETS`; absent: nothing is bound. */
  assets: z.string().optional(),
  /** Whether objects can be put an end to from outside (see `chaosModule`). */
  chaos: z.boolean(),
});

export type RuntimeOptions = z.infer<typeof runtimeOptionsSchema>;

export const chaosPath = '/__chaos';

/** Stands before the Worker, and ends its objects when a test says so; nothing else in workerd can. */
const chaosModule = `
import unsafe from 'workerd:unsafe';
import worker from './worker.mjs';
export * from './worker.mjs';
export default {
  ...worker,
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (!url.pathname.startsWith('${chaosPath}/')) return worker.fetch(request, env, ctx);
    try {
      const { binding, name, webSockets } = Object.fromEntries(url.searchParams);
      if (url.pathname === '${chaosPath}/abort-all') await unsafe.abortAllDurableObjects();
      else await unsafe.evict(env[binding].getByName(name), { webSockets });
      return new Response('done');
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
`;

export const workerName = 'tidings';

/** What workerd has to say when objects are reset because a test asked for it. */
const askedFor = /Application called abortAllDurableObjects\(\)|the test resets it/;

function print({ level, message }: { readonly level: string; readonly message: string }): void {
  if (askedFor.test(message)) return;
  const to = level === 'error' || level === 'warn' ? process.stderr : process.stdout;
  to.write(`${message}\n`);
}

function miniflareOptions(options: RuntimeOptions, port: number): MiniflareOptions {
  const { code, date, flags, bindings, classes, folder, assets, upstream, chaos } = options;
  const variables = Object.entries(bindings).map(([name, value]) => [
    name,
    typeof value === 'string' ? { type: 'text', value } : { type: 'json', value },
  ]);
  const objects = Object.entries(classes).map(([name, exportName]) => [
    name,
    { type: 'durable-object', worker: workerName, exportName },
  ]);
  const exported = Object.values(classes).map((name) => [
    name,
    { type: 'durable-object', storage: 'sqlite' },
  ]);
  return {
    host: '127.0.0.1',
    port,
    resourcePersistencePath: folder,
    // Neither other runs on this machine nor the network have a part in a test.
    enableDevRegistry: false,
    cf: false,
    logRequests: false,
    handleStructuredLogs: print,
    unsafeInspectDurableObjects: true,
    ...(upstream === undefined ? {} : { upstream }),
    workers: [
      {
        config: {
          name: workerName,
          compatibilityDate: date,
          compatibilityFlags: chaos ? [...flags, 'unsafe_module'] : flags,
          manifest: {
            mainModule: chaos ? 'chaos.mjs' : 'worker.mjs',
            modulesRoot: '/',
            modules: {
              'worker.mjs': { type: 'esm', contents: code },
              ...(chaos ? { 'chaos.mjs': { type: 'esm', contents: chaosModule } } : {}),
            },
          },
          env: Object.fromEntries([
            ...variables,
            ...objects,
            ...(assets === undefined ? [] : [['ASSETS', { type: 'assets' }]]),
          ]),
          ...(assets === undefined
            ? {}
            : {
                assets: {
                  directory: assets,
                  hasUserWorker: true,
                  runWorkerFirst: true,
                  htmlHandling: 'none',
                  notFoundHandling: 'none',
                },
              }),
          exports: Object.fromEntries(exported),
        },
      },
    ],
  };
}

async function listen(options: RuntimeOptions, port: number): Promise<Miniflare> {
  const worker = new Miniflare(miniflareOptions(options, port));
  try {
    await worker.ready;
    return worker;
  } catch (error) {
    await worker.dispose().catch(() => {});
    throw error;
  }
}

/** Resolves once it answers. Takes any port if the wished one was taken meanwhile. */
export async function startRuntime(options: RuntimeOptions): Promise<Miniflare> {
  try {
    return await listen(options, options.port);
  } catch (error) {
    const taken = error instanceof MiniflareCoreError && error.code === 'ERR_ADDRESS_IN_USE';
    if (!taken || options.port === 0) throw error;
    return await listen(options, 0);
  }
}
