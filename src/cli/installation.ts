/**
 * Where this copy of Tidings lies: its root, the program to start another of it, the skills that ship, the page. Owns the
 * one way from a file to the root, which is the same in a checkout (src/cli) and in the package (dist/cli, where
 * the build puts all it makes).
 */
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const installation = {
  manifest: at('package.json'),
  /** What Node is to run for a `tidings` of its own. */
  program: at('bin/tidings.js'),
  skills: at('skills'),
  /** The page, where a build has put it. */
  page: at('dist/web'),
  compileCache: at('node_modules/.cache/tidings'),
};
