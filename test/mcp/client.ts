/** An MCP client for tests, of either revision of the protocol: what it is told beside its answers is kept. */
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

export interface Outcome {
  readonly text: string;
  readonly isError: boolean;
  readonly structured: unknown;
}

export interface McpClient {
  readonly sdk: Client;
  call(name: string, input?: object, signal?: AbortSignal): Promise<Outcome>;
  /** Addresses of resources that it was told of as changed, in order. */
  readonly updated: readonly string[];
}

/** `legacy` speaks 2025-11-25 and opens a session, `modern` 2026-07-28. */
export type Era = 'legacy' | 'modern';

const resultSchema = z.looseObject({
  content: z.array(z.looseObject({ type: z.literal('text'), text: z.string() })),
  isError: z.boolean().optional(),
  structuredContent: z.unknown().optional(),
});

export async function connectMcp(transport: Transport, era: Era): Promise<McpClient> {
  const sdk = new Client(
    { name: 'a test', version: '1' },
    { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
  );
  const updated: string[] = [];
  sdk.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    updated.push(params.uri);
  });
  await sdk.connect(transport);
  onTestFinished(() => sdk.close());
  return {
    sdk,
    updated,
    async call(name, input = {}, signal) {
      const result = resultSchema.parse(
        await sdk.callTool(
          { name, arguments: { ...input } },
          { timeout: 60_000, ...(signal ? { signal } : {}) },
        ),
      );
      return {
        text: result.content.map(({ text }) => text).join('\n'),
        isError: result.isError ?? false,
        structured: result.structuredContent,
      };
    },
  };
}

/** One that speaks to a gateway over HTTP. */
export function connectOverHttp(url: string, token: string, era: Era): Promise<McpClient> {
  return connectMcp(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
    era,
  );
}
