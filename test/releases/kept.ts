/**
 * The data folders that earlier releases left, unpacked for a test, with what their gateways had answered.
 * Reads `test/releases/<release>/<how it ended>`; changes nothing there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';

const here = import.meta.dirname;

export interface Kept {
  /** Such as `0.1.0, killed`. */
  readonly name: string;
  /** Puts the database into `folder` as it lay there, write-ahead log included. */
  unpack(folder: string): void;
  /** What the gateway answered just before its end, by path. */
  answers(): Readonly<Record<string, unknown>>;
  /** By session: digests of the prefix's parameters and of each message of the request its log made. */
  transcripts(): Readonly<Record<string, { params: string; messages: readonly string[] }>>;
}

export const keptReleases: readonly Kept[] = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: release }) =>
    ['stopped', 'killed'].map((end) => kept(`${release}, ${end}`, join(here, release, end))),
  );

function kept(name: string, folder: string): Kept {
  const read = (file: string): Buffer => brotliDecompressSync(readFileSync(join(folder, `${file}.br`)));
  return {
    name,
    unpack(into) {
      mkdirSync(into, { recursive: true, mode: 0o700 });
      for (const file of ['tidings.db', 'tidings.db-wal']) {
        if (existsSync(join(folder, `${file}.br`)))
          writeFileSync(join(into, file), read(file), { mode: 0o600 });
      }
    },
    answers: () => z.record(z.string(), z.unknown()).parse(JSON.parse(read('answers.json').toString())),
    transcripts: () =>
      z
        .record(z.string(), z.object({ params: z.string(), messages: z.array(z.string()) }))
        .parse(JSON.parse(read('transcripts.json').toString())),
  };
}

/** A digest of a part of a request, cache marks aside. */
export function digest(value: unknown): string {
  const text = JSON.stringify(value, (key, part: unknown) => (key === 'cache_control' ? undefined : part));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** A digest of what a prefix fixes for the prompt cache besides its messages. */
export function digestOfParams(request: {
  readonly model?: unknown;
  readonly system?: unknown;
  readonly tools?: unknown;
  readonly thinking?: unknown;
}): string {
  return digest([request.model, request.system, request.tools, request.thinking ?? null]);
}
