/**
 * Bundles a Worker for workerd, once a process for each entry, and reads what `wrangler.toml` says that it is to run
 * on. Starts nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');

export interface Bundle {
  readonly code: string;
  /** What it imports from outside, to be there at run time. */
  readonly outside: readonly string[];
}

/**
 * A module of Node that a package asks for by its bare name, with `require`: workerd has it under its whole name, as an
 * import. As `wrangler` does it under `nodejs_compat`.
 */
const nodeModules: Plugin = {
  name: 'modules of Node',
  setup({ onResolve, onLoad }) {
    const namespace = 'module-of-node';
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { namespace, path } : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `import all from ${JSON.stringify(`node:${path.replace(/^node:/, '')}`)};\nmodule.exports = all;`,
    }));
  },
};

const bundles = new Map<string, Promise<Bundle>>();

export function bundleWorker(entry: string): Promise<Bundle> {
  const made = bundles.get(entry) ?? bundle(entry);
  bundles.set(entry, made);
  return made;
}

async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    // Not that it is one: packages name in their `browser` field what stands in for Node elsewhere.
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2022',
    external: ['node:*', 'cloudflare:*', 'workerd:*'],
    loader: { '.md': 'text' },
    plugins: [nodeModules],
    logLevel: 'silent',
  });
  const outside = Object.values(result.metafile.outputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external).map((one) => one.path),
  );
  return { code: result.outputFiles[0]?.text ?? '', outside };
}

/** The date and the flags of the platform, and the page's files if they were built, as they are deployed. */
export function workerdSettings(): { date: string; flags: string[]; assets?: string } {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date = "([^"]+)"$/m.exec(toml)?.[1];
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1];
  const assets = join(root, z.string().parse(/^directory = "([^"]+)"$/m.exec(toml)?.[1]));
  return {
    date: z.string().parse(date),
    flags: z.array(z.string()).parse(JSON.parse(flags ?? 'null')),
    ...(existsSync(assets) ? { assets } : {}),
  };
}
