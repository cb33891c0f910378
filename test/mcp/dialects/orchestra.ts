/** What the tests of the dialects share: a gateway with a client of it, and calls of a dialect's tools as it answers them. */
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { makeClient } from '../../../src/client/index.ts';
import { inputOf } from '../../../src/mcp/input.ts';
import { makeParent } from '../../../src/mcp/parent.ts';
import type { Dialect, Parent } from '../../../src/mcp/tool.ts';
import type { House } from '../../e2e/harness.ts';

export interface Called {
  readonly text: string;
  readonly isError: boolean;
  /** The text as JSON, where it is some. */
  readonly json: z.infer<typeof jsonSchema>;
}

const jsonSchema = z.record(z.string(), z.unknown());

export interface Tongue {
  readonly parent: Parent;
  call(name: string, input?: object, signal?: AbortSignal): Promise<Called>;
}

/** A client of the house that speaks a dialect, checked as the server checks what it sends. */
export function speak(house: House, dialect: Dialect, who: { token?: string; as?: string } = {}): Tongue {
  const token = who.token ?? house.token;
  const parent = makeParent(makeClient({ url: house.url, token, feed: 'stream' }), {
    token: `token ${token.slice(-6)}`,
    as: who.as,
  });
  return {
    parent,
    async call(name, input = {}, signal) {
      const tool = dialect.tools.find((one) => one.name === name);
      if (!tool) throw new Error(`${dialect.name} has no ${name}`);
      const checked = inputOf(tool).check(input);
      if (!checked.ok) return { text: checked.error, isError: true, json: {} };
      const gone = new AbortController();
      onTestFinished(() => gone.abort());
      const { text, isError = false } = await tool.run(parent, checked.input, signal ?? gone.signal);
      return { text, isError, json: text.startsWith('{') ? jsonSchema.parse(JSON.parse(text)) : {} };
    },
  };
}

/** A token for somebody else than the admin. */
export async function tokenOf(house: House, owner: string, scopes: readonly string[]): Promise<string> {
  const { body } = await house.client.post('/v1/tokens', { name: `${owner}-token`, owner, scopes });
  return z.object({ secret: z.string() }).parse(body).secret;
}
