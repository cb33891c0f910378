/**
 * Makes dist/ for the package: the command as JavaScript with everything that it imports, since Node strips no
 * types below node_modules, and the licences of what was bundled. Changes nothing else.
 */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { notices } from './notices.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    'src/cli/main.ts',
    // Threads of their own are loaded by name, from beside what starts them.
    'src/hosts/node/workshop/search-thread.ts',
    'src/hosts/node/fetch/page-thread.ts',
  ],
  // As deep as src/cli, and all of it there: src/cli/installation.ts finds its way by that.
  outdir: 'dist/cli',
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  // The first file only turns on the compile cache; the rest is loaded through it.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Packages that are CommonJS ask for Node's modules with `require`, which an ES module has not by itself.
  banner: {
    js: "import { createRequire as tidingsRequire } from 'node:module';\nconst require = tidingsRequire(import.meta.url);",
  },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices(root, Object.keys(metafile.inputs)));

for (const file of Object.keys(metafile.outputs)) {
  process.stdout.write(`${file}  ${Math.round(statSync(join(root, file)).size / 1024)} KiB\n`);
}
