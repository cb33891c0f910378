/** Claude Code as its own program, in its mode for programs: what a person says goes in as a line, and it stays. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import { type AgentProcess, programOf, startAgent } from './agent-process.ts';
import type { Desk } from './desk.ts';

const plugin = join(import.meta.dirname, '..', '..', 'plugins', 'tidings');

/** What it calls the server, by how it came to it. */
const serverNames = { plugin: 'plugin_tidings_tidings', file: 'tidings' } as const;

export interface ClaudeCode extends AgentProcess {
  /** What a person types. */
  say(text: string): void;
}

/** How it comes to its server: by our plugin, or by what `.mcp.json` holds. */
export type Way = 'plugin' | { readonly file: string };

export function startClaudeCode({ work, environment, model }: Desk, way: Way): ClaudeCode {
  const settings = join(environment.HOME, 'claude');
  mkdirSync(settings);
  if (way !== 'plugin') writeFileSync(join(work, '.mcp.json'), way.file);
  const agent = startAgent(
    programOf('@anthropic-ai/claude-code', 'claude'),
    [
      '-p',
      '--verbose',
      ...['--input-format', 'stream-json', '--output-format', 'stream-json'],
      ...(way === 'plugin' ? ['--plugin-dir', plugin] : ['--mcp-config', '.mcp.json', '--strict-mcp-config']),
      ...[
        '--allowedTools',
        'Bash',
        'Read',
        'Skill',
        `mcp__${serverNames[way === 'plugin' ? 'plugin' : 'file']}`,
      ],
    ],
    {
      cwd: work,
      env: {
        ...environment,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'sk-ant-of-an-outside-agent',
        CLAUDE_CONFIG_DIR: settings,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    },
  );
  return Object.defineProperties(
    {
      ...agent,
      say: (text: string) =>
        agent.tell({ type: 'user', message: { role: 'user', content: [{ type: 'text', text }] } }),
    },
    { printed: { get: () => agent.printed } },
  );
}

/** A call of one of our tools, as its model writes it. */
export function toolOf(way: keyof typeof serverNames) {
  return (name: string, input: object) => ({
    name: `mcp__${serverNames[way]}__${name}`,
    input: { ...input },
  });
}

/** A command that goes on in the background: Claude Code tells its model by itself when it has ended. */
export function inBackground(command: string) {
  return { name: 'Bash', input: { command, run_in_background: true, description: 'Hears the next news' } };
}

/** What its model says, line by line; but whenever a command in the background has ended, it reads first what that printed. */
export function listener(lines: readonly Reply[]): (request: ParsedRequest) => Reply {
  return (request) => {
    const told = [request.lastUserText, ...request.toolResults.map(({ text }) => text)].join('\n');
    const printed = /<output-file>(.+?)<\/output-file>/.exec(told)?.[1];
    if (printed !== undefined) return { toolCalls: [{ name: 'Read', input: { file_path: printed } }] };
    const readings = request.messages
      .filter(({ role }) => role === 'assistant')
      .flatMap(({ blocks }) => blocks)
      .filter(({ type, name }) => type === 'tool_use' && name === 'Read').length;
    return lines[request.answers - readings] ?? { text: 'Noted.' };
  };
}
