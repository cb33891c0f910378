/** The host-neutral parts need no Node: they bundle for workerd and carry a chat with a subagent there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { startSimulator } from '../../src/simulator/server.ts';

const root = join(import.meta.dirname, '..', '..');
const token = 'a-token-for-the-workerd-test';
const host = 'tidings.test';

async function bundle(): Promise<{ code: string; outside: string[] }> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    // Not that it is one: packages name in their `browser` field what stands in for Node elsewhere.
    conditions: ['workerd', 'worker', 'browser', 'import'],
    target: 'es2022',
    external: ['node:*'],
    logLevel: 'silent',
  });
  const outside = Object.values(result.metafile.outputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external).map((one) => one.path),
  );
  return { code: result.outputFiles[0]?.text ?? '', outside };
}

/** What wrangler.toml says that the host-neutral parts are to run on. */
function workerdSettings(): { date: string; flags: string[] } {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date = "([^"]+)"$/m.exec(toml)?.[1];
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1];
  return { date: z.string().parse(date), flags: z.array(z.string()).parse(JSON.parse(flags ?? 'null')) };
}

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
    const { code, outside } = await bundle();
    expect(outside).toEqual([]);
    expect(code.length).toBeGreaterThan(10_000);
  });

  test('carry a turn, a subagent with a skill and its announcement in workerd', async () => {
    const simulator = await startSimulator({ script });
    onTestFinished(() => simulator.close());
    const { date, flags } = workerdSettings();
    const { code } = await bundle();
    const worker = new Miniflare({
      modules: true,
      script: code,
      compatibilityDate: date,
      compatibilityFlags: flags,
      // The name under which the worker believes to be reached.
      upstream: `http://${host}`,
      durableObjects: { CHATS: 'Chats' },
      bindings: { MODEL_URL: simulator.url, HOST: host, TOKEN: token },
    });
    onTestFinished(() => worker.dispose());
    const call = async (path: string, body?: object): Promise<unknown> => {
      const response = await worker.dispatchFetch(`http://${host}${path}`, {
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
    await simulator.until(() => simulator.counts.answered >= 5, 30_000);
    await expect.poll(words, { timeout: 30_000 }).toContain('Word is: 42.');
    expect(await words()).toEqual(['I will ask.', 'It is under way.', 'Word is: 42.']);
    expect(simulator.violations).toEqual([]);
    expect(simulator.counts.answered).toBe(5);
  });
});
