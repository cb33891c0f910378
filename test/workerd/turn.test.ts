/** The host-neutral parts need no Node: they bundle for workerd and carry a chat with a subagent there. */
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { bundleWorker } from './bundle.ts';
import { startWorkerd } from './host.ts';

const entry = join(import.meta.dirname, 'worker.ts');
const token = 'a-token-for-the-workerd-test';
const host = 'tidings.test';

function script(request: ParsedRequest): Reply {
  if (!request.toolNames.includes('stay_silent')) {
    if (!request.systemText.includes('- riddles: How to solve: riddles.')) return { text: 'No skill.' };
    if (request.toolResults.length === 0)
      return { toolCalls: [{ name: 'skill', input: { name: 'riddles' } }] };
    return { text: `By the skill: ${request.toolResults[0]?.text}` };
  }
  if (request.lastUserText.includes('By the skill: Think of six times seven.'))
    return { text: 'Word is: 42.' };
  if (request.toolResults.length > 0) return { text: 'It is under way.' };
  return {
    text: 'I will ask.',
    toolCalls: [{ name: 'sessions_spawn', input: { task: 'Find the answer.', label: 'oracle' } }],
  };
}

const messagesSchema = z.object({ messages: z.array(z.object({ role: z.string(), text: z.string() })) });

describe('the host-neutral parts', () => {
  test('bundle without any import of Node', async () => {
    const { code, outside } = await bundleWorker(entry);
    expect(outside).toEqual([]);
    expect(code.length).toBeGreaterThan(10_000);
  });

  test('carry a turn, a subagent with a skill and its announcement in workerd', async () => {
    const simulator = await startSimulator({ script });
    onTestFinished(() => simulator.close());
    const worker = await startWorkerd({
      entry,
      classes: { CHATS: 'Chats' },
      bindings: { MODEL_URL: simulator.url, HOST: host, TOKEN: token },
      // The name under which the worker believes to be reached.
      upstream: `http://${host}`,
    });
    onTestFinished(() => worker.stop());
    const call = async (path: string, body?: object): Promise<unknown> => {
      const response = await fetch(`${worker.url}${path}`, {
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      expect(response.status, text).toBeLessThan(300);
      return JSON.parse(text);
    };
    const { chat } = z.object({ chat: z.object({ id: z.string() }) }).parse(await call('/v1/chats', {}));
    await call(`/v1/chats/${chat.id}/messages`, { text: 'What is the answer?' });

    const words = async (): Promise<string[]> => {
      const { messages } = messagesSchema.parse(await call(`/v1/chats/${chat.id}/messages`));
      return messages.filter(({ role }) => role === 'assistant').map(({ text }) => text);
    };
    await simulator.until(() => simulator.counts.answered >= 5);
    await expect.poll(words).toContain('Word is: 42.');
    expect(await words()).toEqual(['I will ask.', 'It is under way.', 'Word is: 42.']);
    expect(simulator.violations).toEqual([]);
    expect(simulator.counts.answered).toBe(5);
  });
});
