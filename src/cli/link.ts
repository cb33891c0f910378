/**
 * `tidings link`: asks the gateway that runs for a link that signs a browser in with the admin token, and prints it.
 * Owns its words; makes no token, and starts nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { gatewayUrl } from '../config/reach.ts';
import { adminTokenPath } from '../hosts/node/admin-token.ts';
import type { Config } from '../hosts/node/config.ts';
import { linkAnswer } from '../http/answers.ts';

const problemShape = z.object({ detail: z.string() });

/** Milliseconds until a gateway that says nothing counts as none. */
const PATIENCE_MS = 5_000;

/**
 * @param print standard output: the link alone
 * @param complain standard error: what else is to be said
 * @returns the exit code: 1 if there is no link
 */
export async function link(
  config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'token' | 'data'>,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const { host, port, token, data } = config;
  // This machine asks by itself, past any proxy in front.
  const here = gatewayUrl({ host }, port);
  const admin = token ?? keptToken(data);
  if (admin === undefined) {
    complain(
      `There is no admin token in ${data}, so no gateway was ever started on it: tidings start does. TIDINGS_DATA names another folder.`,
    );
    return 1;
  }
  let response: Response;
  try {
    response = await fetch(`${here}/v1/links`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    complain(
      `No gateway answers at ${here}. Start one with tidings start, which prints a link, too; if one runs elsewhere, set PORT and TIDINGS_HOST as for that one.`,
    );
    return 1;
  }
  const body: unknown = await response.json().catch(() => undefined);
  const made = linkAnswer.safeParse(body);
  if (made.success) {
    print(`${gatewayUrl(config, port)}${made.data.link.path}`);
    complain('Open it in a browser: it signs you in, once, within the hour.');
    return 0;
  }
  complain(refusal(response.status, here, problemShape.safeParse(body).data?.detail));
  return 1;
}

function refusal(status: number, at: string, detail: string | undefined): string {
  if (detail === undefined) return `What answers at ${at} (${status}) is no gateway that gives links.`;
  if (status === 401) {
    return `The gateway at ${at} has another admin token than the one here, so it runs on another data folder or with another TIDINGS_TOKEN: ${detail}`;
  }
  return `The gateway at ${at} gave no link: ${detail}`;
}

function keptToken(data: string): string | undefined {
  const path = adminTokenPath(data);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
