/**
 * Makes dist/web, the page, as `npm run build:web` does, and says what went into it. The old one is replaced when the
 * new one is whole: a gateway that runs has one or the other.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'vite';

/** @returns the files it is made of and those it made, relative to `root`, with `/` */
export async function buildWeb(root: string): Promise<{ inputs: string[]; outputs: string[] }> {
  const web = join(root, 'dist', 'web');
  const made = `${web}.new`;
  const result = await build({
    configFile: join(root, 'build', 'web.config.ts'),
    build: { outDir: made },
  });
  if (!('output' in result)) throw new Error('the page was built more than once, or not at all');
  const old = `${web}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(web)) renameSync(web, old);
  renameSync(made, web);
  rmSync(old, { recursive: true, force: true });
  return {
    inputs: result.output.flatMap((one) =>
      // A module that a plugin made has a name that is no path.
      one.type === 'chunk'
        ? one.moduleIds.filter((id) => !id.startsWith('\0')).map((id) => within(root, id))
        : [],
    ),
    outputs: result.output.map(({ fileName }) => `dist/web/${fileName}`),
  };
}

function within(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

if (import.meta.main) await buildWeb(join(import.meta.dirname, '..'));
