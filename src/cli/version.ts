/** This release's number, as package.json tells it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { installation } from './installation.ts';

export const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(installation.manifest, 'utf8'))).version;
