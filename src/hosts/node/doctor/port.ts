/** Looks whether the gateway can listen where it is to: tries it for a moment, and asks who is there if not. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Finding, ok, problem } from './finding.ts';

/** @param owner the process that has this data folder, if one has */
export async function portFinding(
  { host, port }: { readonly host: string; readonly port: number },
  owner: string | undefined,
): Promise<Finding> {
  const where = `${host} port ${port}`;
  if (port === 0) return ok('port', 'any that is free (0)');
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return ok(
      'port',
      `${where} is free${owner === undefined ? '' : `; ${owner}, which has the data folder, listens elsewhere`}`,
    );
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      if (owner !== undefined && (await isGateway(host, port))) {
        return ok('port', `${where} is the running gateway's (${owner})`);
      }
      return problem('port', `another program has ${where}`, 'Stop it, or set PORT to a free one.');
    }
    const words = error instanceof Error ? error.message : String(error);
    return problem(
      'port',
      `nothing can listen on ${where}: ${words}`,
      'Set TIDINGS_HOST and PORT to what this machine offers you.',
    );
  } finally {
    server.close();
  }
}

async function isGateway(host: string, port: number): Promise<boolean> {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return response.status === 200 && (await response.text()).includes('alive');
  } catch {
    return false;
  }
}
