/** What the doctor's tests examine: an environment with one thing wrong, and a stand-in for an API that answers so. */
import { accessSync, chmodSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { tidings } from '../backup/command.ts';
import { temporaryFolder } from '../store/folders.ts';

const reportSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({
      check: z.string(),
      status: z.enum(['ok', 'warning', 'problem']),
      found: z.string(),
      todo: z.string().optional(),
    }),
  ),
});
type Report = z.infer<typeof reportSchema>;

export interface Patient {
  readonly env?: Readonly<Record<string, string>>;
  /** What `tidings.config.json` holds. */
  readonly config?: object;
  readonly cwd?: string;
  readonly wrapper?: readonly string[];
}

/** Examines it as a process of its own. @returns all that was printed, too, to look for secrets */
export async function examined({ env = {}, config, cwd = temporaryFolder(), wrapper }: Patient) {
  if (config) writeFileSync(join(cwd, 'tidings.config.json'), JSON.stringify(config), { mode: 0o600 });
  const { code, said, complained } = await tidings(['doctor', '--json'], {
    cwd,
    // Looking at the sandbox takes longer than at all else.
    env: { PORT: '0', TIDINGS_SANDBOX: 'off', ...env },
    ...(wrapper === undefined ? {} : { wrapper }),
  });
  const report: Report = reportSchema.parse(JSON.parse(said));
  return { code, printed: said + complained, ...report };
}

/** What was found of one thing, as `status: found -> todo`; one entry for each finding. */
export function of({ findings }: Report, check: string): string[] {
  return findings
    .filter((finding) => finding.check === check)
    .map(({ status, found, todo }) => `${status}: ${found}${todo === undefined ? '' : ` -> ${todo}`}`);
}

/** A PATH with these commands of this machine alone, and scripts of the given texts beside them. */
export function pathWith(
  commands: readonly string[],
  scripts: Readonly<Record<string, string>> = {},
): string {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  for (const command of commands) {
    for (const place of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(place, command), constants.X_OK);
        symlinkSync(join(place, command), join(folder, command));
        break;
      } catch {
        // It lies in another.
      }
    }
  }
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o700);
  }
  return folder;
}

export interface StandIn {
  readonly url: string;
  readonly heard: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

/** An API that gives every request this answer; `never` leaves it without one. */
export async function standIn(
  answer: { status: number; body?: string; headers?: Readonly<Record<string, string>> } | 'never',
): Promise<StandIn> {
  const heard: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    heard.push({ path: request.url ?? '', headers: request.headers });
    if (answer === 'never') return;
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body ?? '{"input_tokens":8}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, heard };
}

/** The body of an error as the API words it. */
export function apiError(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message } });
}
