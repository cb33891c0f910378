/**
 * How the page is built: from src/web into dist/web, all of it from this origin, nothing inlined, so that the strictest
 * policy holds. In development (`npm run dev:web`) the API is the gateway's on its usual port.
 */
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const root = join(import.meta.dirname, '..');
const gateway = process.env.TIDINGS_URL ?? 'http://127.0.0.1:8787';

/**
 * Of marked the page needs what reads, not what writes HTML: that stays in a bundle only since the module makes an
 * instance of it when it is loaded.
 */
function readingOnly(): Plugin {
  return {
    name: 'marked-reading-only',
    transform(code, id) {
      if (!/\/marked\/lib\/marked\.esm\.js$/.test(id)) return undefined;
      const from = code.search(/var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse\(/);
      const lexer = /export\{[^}]*?\b(\w+) as Lexer\b/.exec(code)?.[1];
      if (from === -1 || lexer === undefined)
        throw new Error('marked is built in another way: see build/web.config.ts');
      return { code: `${code.slice(0, from)}export{${lexer} as Lexer};`, map: null };
    },
  };
}

export default defineConfig({
  root: join(root, 'src', 'web'),
  publicDir: false,
  plugins: [readingOnly()],
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(root, 'dist', 'web'),
    emptyOutDir: true,
    target: 'es2022',
    // A policy that lets in no inline script and no data: fonts wants files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/session', '/docs', '/openapi.json'].map((path) => [
        path,
        { target: gateway, changeOrigin: true },
      ]),
    ),
  },
});
