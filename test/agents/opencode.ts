/** opencode as its own program: one `run` with one prompt, until it is done. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentProcess, programOf, startAgent } from './agent-process.ts';
import type { Desk } from './desk.ts';

const modelId = 'claude-sonnet-5-5';

/** @param server the entry under `mcp` of its configuration */
export function runOpencode(desk: Desk, server: object, prompt: string): AgentProcess {
  const { work, environment, model } = desk;
  const configuration = join(environment.HOME, 'opencode.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      provider: {
        anthropic: {
          options: { baseURL: `${model.url}/v1`, apiKey: 'sk-ant-of-an-outside-agent' },
          models: { [modelId]: { name: 'Sonnet' } },
        },
      },
      model: `anthropic/${modelId}`,
      small_model: `anthropic/${modelId}`,
      autoupdate: false,
      share: 'disabled',
      mcp: { tidings: server },
    }),
  );
  const agent = startAgent(programOf('opencode', 'bin', 'opencode'), ['run', '--format', 'json', prompt], {
    cwd: work,
    env: {
      ...environment,
      OPENCODE_CONFIG: configuration,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    },
  });
  // It takes what comes in for a part of the prompt.
  void agent.end();
  return agent;
}

/** A call of one of our tools, as its model writes it. */
export function tool(name: string, input: object) {
  return { name: `tidings_${name}`, input: { ...input } };
}
