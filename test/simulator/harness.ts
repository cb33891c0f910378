/** What the simulator's tests share: one simulator a test, and the official SDK pointed at it. */
import Anthropic from '@anthropic-ai/sdk';
import { onTestFinished } from 'vitest';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

export const model = 'claude-opus-5-5';

/** A simulator that ends with the test, and a client that never retries by itself unless told to. */
export async function simulate(options: SimulatorOptions = {}, retries = 0) {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  const client = new Anthropic({ baseURL: simulator.url, apiKey: 'sk-test', maxRetries: retries });
  const say = (words: string, more: Partial<Anthropic.MessageStreamParams> = {}) =>
    client.messages
      .stream({ model, max_tokens: 1000, messages: [{ role: 'user', content: words }], ...more })
      .finalMessage();
  return { simulator, client, say };
}

export const lookTool: Anthropic.Tool = {
  name: 'look',
  description: 'Looks somewhere.',
  input_schema: { type: 'object', properties: { at: { type: 'string' } } },
};

/** The text of an answer. */
export function textIn(message: Anthropic.Message): string {
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
}

/** The raw response to a streamed request, read to its end. */
export async function raw(url: string, more: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': 'sk-test',
      'anthropic-version': '2026-10-21',
      ...headers,
    },
    body: JSON.stringify({
      model,
      max_tokens: 1000,
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
      ...more,
    }),
  });
  return { response, text: await response.text() };
}
