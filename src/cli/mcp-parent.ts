/** Which parent an MCP client is that comes with the token of this terminal. Owns no chat. */
import type { Client } from '../client/index.ts';
import { parentName, parentNameWords } from '../http/mcp.ts';
import { makeParent } from '../mcp/parent.ts';
import type { Parent } from '../mcp/tool.ts';
import { UsageError } from './terminal/usage-error.ts';

/** The chat of a client is the same over HTTP and here: it hangs on its token's name. */
export async function parentOf(client: Client, as: string | undefined): Promise<Parent> {
  if (as !== undefined && !parentName.test(as)) throw new UsageError(`--as ${parentNameWords}.`);
  const session = await client.session();
  if (!session) throw new UsageError('The gateway does not know this token: put another into TIDINGS_TOKEN.');
  return makeParent(client, { token: session.token, as });
}
