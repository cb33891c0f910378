/**
 * A dialect as an MCP server, for one request or one connection: its tools listed and called, its resources read. Owns
 * what goes wrong there: a model's mistake is a result that says how to mend it, a client's is an error of the protocol.
 * Knows no transport.
 */
import {
  type JSONObject,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
} from '@modelcontextprotocol/server';
import { inputOf, type ToolInput } from './input.ts';
import type { McpSession } from './sessions.ts';
import type { Dialect, McpTool, Parent, Resources, ToolOutcome } from './tool.ts';
import { mistake, refusalOf } from './words.ts';

export interface Serving {
  readonly dialect: Dialect;
  readonly parent: Parent;
  /** The gateway's. */
  readonly version: string;
  /** Told what a client was answered "something went wrong inside" for. */
  readonly failed: (error: unknown) => void;
  /** What is known of the client besides its request; absent: nothing, or its revision has no need of it. */
  readonly session?: McpSession | undefined;
  /** Capabilities that are none of the protocol's yet. */
  readonly experimental?: Readonly<Record<string, JSONObject>>;
}

interface Ready {
  readonly tool: McpTool;
  readonly input: ToolInput;
}

/** Schemas are made once for each set of tools, not for each request. */
const readied = new WeakMap<Dialect, ReadonlyMap<string, Ready>>();

function ready(dialect: Dialect): ReadonlyMap<string, Ready> {
  const known = readied.get(dialect);
  if (known) return known;
  const tools = new Map(dialect.tools.map((tool) => [tool.name, { tool, input: inputOf(tool) }]));
  readied.set(dialect, tools);
  return tools;
}

export function makeServer(serving: Serving): Server {
  const { dialect, version, experimental } = serving;
  const tools = ready(dialect);
  const server = new Server(
    { name: `tidings${dialect.name === 'tidings' ? '' : `-${dialect.name}`}`, title: 'Tidings', version },
    {
      instructions: dialect.instructions,
      capabilities: {
        tools: {},
        ...(dialect.resources ? { resources: { subscribe: true, listChanged: false } } : {}),
        ...(experimental ? { experimental: { ...experimental } } : {}),
      },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: [...tools.values()].map(({ tool: { name, title, description, readOnly = false }, input }) => ({
      name,
      ...(title === undefined ? {} : { title }),
      description,
      inputSchema: input.schema,
      annotations: { readOnlyHint: readOnly, openWorldHint: false },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const found = tools.get(params.name);
    if (!found) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool ${JSON.stringify(params.name.slice(0, 100))}; there are: ${[...tools.keys()].join(', ')}.`,
      );
    }
    const { id, signal } = mcpReq;
    const run = (until: AbortSignal): Promise<ToolOutcome> =>
      called(found, serving, params.arguments ?? {}, until);
    const { text, structured, isError } = await (serving.session?.work(id, signal, run) ?? run(signal));
    return {
      content: [{ type: 'text', text }],
      ...(structured ? { structuredContent: { ...structured } } : {}),
      ...(isError ? { isError } : {}),
    };
  });
  if (dialect.resources) serveResources(server, dialect.resources, serving);
  return server;
}

async function called(
  { tool, input }: Ready,
  { parent, failed }: Serving,
  given: unknown,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const checked = input.check(given);
  if (!checked.ok) return mistake(checked.error);
  try {
    return await tool.run(parent, checked.input, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw inside(error, failed);
  }
}

function serveResources(server: Server, resources: Resources, serving: Serving): void {
  const { parent, failed, session } = serving;

  /** Refusals of the gateway are told as such; there is no result to tell them in. */
  async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      const refusal = refusalOf(error);
      throw refusal
        ? new ProtocolError(ProtocolErrorCode.InvalidParams, refusal.text)
        : inside(error, failed);
    }
  }

  server.setRequestHandler('resources/list', async () => ({
    resources: [...(await asked(() => resources.list(parent)))],
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: resources.templates.map((one) => ({ ...one })),
  }));
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    const read = await asked(() => resources.read(parent, uri));
    if (!read) throw new ResourceNotFoundError(uri);
    return { contents: [{ uri, ...read }] };
  });
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (!resources.names(uri)) throw new ResourceNotFoundError(uri);
    // Whoever keeps a line open begins to listen with this.
    await asked(() => parent.chat());
    if (session && !session.subscribe(uri)) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        'This session subscribes to as many resources as one may: unsubscribe from those that it needs no more.',
      );
    }
    // What waits already is told to a line that stands open already.
    if (session && (await asked(() => resources.waiting(parent))).includes(uri)) session.tell(uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    session?.unsubscribe(uri);
    return {};
  });
}

/** What a client hears of a fault of ours: nothing of it. */
function inside(error: unknown, failed: Serving['failed']): ProtocolError {
  failed(error);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    'Something went wrong inside. The log of the gateway has more.',
  );
}
