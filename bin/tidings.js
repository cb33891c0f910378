#!/usr/bin/env node
/**
 * The `tidings` program, in plain JavaScript so that any Node can say what it lacks: runs the sources in a
 * checkout, what the build made of them in the package.
 */
import { existsSync } from 'node:fs';

const least = 24;

if (Number(process.versions.node.split('.')[0]) < least) {
  process.stderr.write(`Tidings needs Node ${least} or newer; this is ${process.version}.\n`);
  process.exit(2);
}
const sources = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(sources) ? sources.href : new URL('../dist/cli/main.js', import.meta.url).href);
