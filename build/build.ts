/**
 * Makes dist/ for the package: the command as JavaScript with everything that it imports, since Node strips no
 * types below node_modules, the client for others, the page, the programs that the sandbox needs, and the licences of
 * what was taken in. Changes nothing else.
 */
import { cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildClient } from './client.ts';
import { notices } from './notices.ts';
import { buildWeb } from './web.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

for (const made of ['cli', 'client', 'THIRD-PARTY-NOTICES.txt']) {
  rmSync(join(dist, made), { recursive: true, force: true });
}
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    'src/cli/main.ts',
    // Threads of their own are loaded by name, from beside what starts them.
    'src/hosts/node/workshop/search-thread.ts',
    'src/hosts/node/workshop/sandbox-thread.ts',
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
const client = await buildClient(root);
const web = await buildWeb(root);
const inputs = [...Object.keys({ ...metafile.inputs, ...client.inputs }), ...web.inputs];
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices(root, inputs));

// What the sandbox's library runs is looked for beside its code.
for (const file of [
  'seccomp/x64/apply-seccomp',
  'seccomp/arm64/apply-seccomp',
  'java-proxy-agent/srt-proxy-agent.jar',
]) {
  cpSync(
    join(root, 'node_modules/@anthropic-ai/sandbox-runtime/vendor', file),
    join(dist, 'cli/vendor', file),
  );
}

for (const file of [...Object.keys({ ...metafile.outputs, ...client.outputs }), ...web.outputs]) {
  process.stdout.write(`${file}  ${Math.round(statSync(join(root, file)).size / 1024)} KiB\n`);
}
