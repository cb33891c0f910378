import { describe, expect, test } from 'vitest';
import { usualHosts } from '../../src/config/sandbox.ts';
import { loadConfig } from '../../src/hosts/node/config.ts';
import { load, path, refusal } from './load.ts';

describe('settings', () => {
  test('without environment and file everything is as documented', () => {
    const { sources, warnings, ...config } = load({});
    expect(config).toEqual({
      model: 'claude-sonnet-5-5',
      subagentModel: 'claude-sonnet-5-5',
      host: '127.0.0.1',
      port: 8787,
      data: '/chat/.tidings',
      maxChildren: 8,
      maxDepth: 3,
      maxSpawns: 200,
      subagentMinutes: 60,
      idleMinutes: 10,
      mainToolSeconds: 15,
      chatBudgetUsd: 20,
      subagentBudgetUsd: 2,
      modelCalls: 64,
      processes: 16,
      log: 'warn',
      repositories: {},
      fetch: { allow: [], refuse: [] },
      webSearches: 5,
      sandbox: { mode: 'preferred', hosts: usualHosts, write: [], hide: [] },
      trust: { main: 'auto', subagents: 'auto', allow: [], ask: [], deny: [] },
      models: {},
      skills: [],
      markers: [],
      mcp: { dialects: [] },
      retention: { toolOutputDays: 30, endedTreesDays: 90 },
      anthropic: {},
      simulator: true,
      file: { path, exists: false },
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
    expect(warnings).toEqual([]);
  });

  const token = 'correct-horse-battery';
  test.each([
    ['chatBudgetUsd', 'TIDINGS_CHAT_BUDGET_USD', '0.01', 0.01],
    ['chatBudgetUsd', 'TIDINGS_CHAT_BUDGET_USD', '1000000', 1_000_000],
    ['subagentBudgetUsd', 'TIDINGS_SUBAGENT_BUDGET_USD', '2.5', 2.5],
    ['chatBudgetTokens', 'TIDINGS_CHAT_BUDGET_TOKENS', '10000', 10_000],
    ['subagentBudgetTokens', 'TIDINGS_SUBAGENT_BUDGET_TOKENS', '250000', 250_000],
    ['model', 'TIDINGS_MODEL', 'claude-opus-5-5', 'claude-opus-5-5'],
    ['subagentModel', 'TIDINGS_SUBAGENT_MODEL', 'claude-haiku-5-5', 'claude-haiku-5-5'],
    ['host', 'TIDINGS_HOST', 'LOCALHOST', 'localhost'],
    ['host', 'TIDINGS_HOST', '[::1]', '::1'],
    ['host', 'TIDINGS_HOST', '127.8.9.10', '127.8.9.10'],
    ['port', 'PORT', '0', 0],
    ['port', 'PORT', '65535', 65535],
    ['publicUrl', 'TIDINGS_PUBLIC_URL', 'https://Chat.Example.org/', 'https://chat.example.org'],
    ['publicUrl', 'TIDINGS_PUBLIC_URL', 'http://10.0.0.2:9000', 'http://10.0.0.2:9000'],
    ['token', 'TIDINGS_TOKEN', token, token],
    ['data', 'TIDINGS_DATA', 'elsewhere', '/chat/elsewhere'],
    ['data', 'TIDINGS_DATA', '/var/lib/tidings', '/var/lib/tidings'],
    ['maxChildren', 'TIDINGS_MAX_CHILDREN', '1', 1],
    ['maxDepth', 'TIDINGS_MAX_DEPTH', '16', 16],
    ['maxSpawns', 'TIDINGS_MAX_SPAWNS', '1000000', 1_000_000],
    ['subagentMinutes', 'TIDINGS_SUBAGENT_MINUTES', '0.05', 0.05],
    ['idleMinutes', 'TIDINGS_IDLE_MINUTES', '2.5', 2.5],
    ['mainToolSeconds', 'TIDINGS_MAIN_TOOL_SECONDS', '3600', 3600],
    ['modelCalls', 'TIDINGS_MODEL_CALLS', '1', 1],
    ['processes', 'TIDINGS_PROCESSES', ' 1000 ', 1000],
    ['log', 'TIDINGS_LOG', 'info', 'info'],
  ] as const)('%s comes from %s=%s', (name, variable, text, value) => {
    const fromEnvironment = load({ env: { [variable]: text } });
    expect(fromEnvironment[name]).toBe(value);
    expect(fromEnvironment.sources[name]).toBe(`environment ${variable}`);
  });

  test.each([
    ['model', 'claude-opus-5-5', 'claude-opus-5-5'],
    ['subagentModel', 'claude-haiku-5-5', 'claude-haiku-5-5'],
    ['host', '::1', '::1'],
    ['port', 0, 0],
    ['publicUrl', 'https://chat.example.org', 'https://chat.example.org'],
    ['token', token, token],
    ['data', '../kept', '/kept'],
    ['maxChildren', 10_000, 10_000],
    ['maxDepth', 1, 1],
    ['maxSpawns', 1, 1],
    ['subagentMinutes', 10_080, 10_080],
    ['idleMinutes', 0.01, 0.01],
    ['mainToolSeconds', 0.1, 0.1],
    ['modelCalls', 10_000, 10_000],
    ['processes', 1, 1],
    ['log', 'silent', 'silent'],
    ['instructions', 'You keep the books.', 'You keep the books.'],
  ] as const)('%s comes from the file as %j', (name, written, value) => {
    const fromFile = load({ file: { [name]: written } });
    expect(fromFile[name]).toBe(value);
    expect(fromFile.sources[name]).toBe(`file ${path}`);
  });

  test('a variable wins over the file, and the file over the default', () => {
    const config = load({ env: { PORT: '9001' }, file: { port: 9002, maxDepth: 5 } });
    expect([config.port, config.sources.port]).toEqual([9001, 'environment PORT']);
    expect([config.maxDepth, config.sources.maxDepth]).toEqual([5, `file ${path}`]);
    expect([config.maxSpawns, config.sources.maxSpawns]).toEqual([200, 'default']);
  });

  test('a wrong value in the file is refused even where a variable wins over it', () => {
    expect(refusal({ env: { PORT: '9001' }, file: { port: 'x' } })).toEqual([
      `port (${path}, line 2) is "x"; it must be a whole number from 0 to 65535.`,
    ]);
  });

  test('a blank variable counts as absent', () => {
    const config = load({ env: { PORT: ' ', TIDINGS_TOKEN: '', ANTHROPIC_API_KEY: ' ' }, file: { port: 1 } });
    expect(config.port).toBe(1);
    expect(config.token).toBeUndefined();
    expect(config.simulator).toBe(true);
  });

  test('subagents have the main model unless another is named', () => {
    expect(load({ env: { TIDINGS_MODEL: 'claude-opus-5-5' } }).subagentModel).toBe('claude-opus-5-5');
  });

  test('a model may be an alias that the file defines', () => {
    const models = { quick: { id: 'house-model-3', window: 32_000, prices: { input: 1, output: 5 } } };
    const config = load({
      env: { TIDINGS_MODEL: 'quick' },
      file: { models, subagentModel: 'house-model-3' },
    });
    expect([config.model, config.subagentModel]).toEqual(['quick', 'house-model-3']);
    expect(config.models).toEqual(models);
  });

  test('paths in the file start at its folder, in the environment at the working directory, ~ at home', () => {
    const file = {
      data: 'kept',
      repositories: { app: '../app', 'docs_2-b': '~/docs', all: '/srv/all' },
      skills: ['.', '~/skills'],
    };
    const text = JSON.stringify(file);
    const env = { TIDINGS_CONFIG: 'etc/chat.json', HOME: '/people/ada' };
    const at = (asked: string) => (asked === '/chat/etc/chat.json' ? text : undefined);
    const config = loadAt(env, at);
    expect(config.data).toBe('/chat/etc/kept');
    expect(config.repositories).toEqual({
      app: '/chat/app',
      'docs_2-b': '/people/ada/docs',
      all: '/srv/all',
    });
    expect(config.skills).toEqual(['/chat/etc', '/people/ada/skills']);
    expect(loadAt({ ...env, TIDINGS_DATA: 'kept' }, at).data).toBe('/chat/kept');
    expect(config.file).toEqual({ path: '/chat/etc/chat.json', exists: true });
  });
});

describe('the model of the Anthropic API', () => {
  test.each([
    ['ANTHROPIC_API_KEY', 'sk-ant-1', { apiKey: 'sk-ant-1' }],
    ['ANTHROPIC_AUTH_TOKEN', 'tok', { authToken: 'tok' }],
    ['ANTHROPIC_BASE_URL', 'http://127.0.0.1:4010/v', { baseUrl: 'http://127.0.0.1:4010/v' }],
  ])('%s alone takes the place of the simulator', (variable, text, anthropic) => {
    const config = load({ env: { [variable]: ` ${text} ` } });
    expect(config.anthropic).toEqual(anthropic);
    expect(config.simulator).toBe(false);
    expect(Object.values(config.sources)).toContain(`environment ${variable}`);
  });

  test('beside a key the token is not used, and a warning says so', () => {
    const env = { ANTHROPIC_API_KEY: 'sk-ant-1', ANTHROPIC_AUTH_TOKEN: 'tok' };
    expect(load({ env }).warnings).toEqual([
      'ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set; the key is used.',
    ]);
  });
});

function loadAt(env: Record<string, string>, readFile: (path: string) => string | undefined) {
  return loadConfig({ env, cwd: '/chat', readFile, isFolder: () => true, isRepository: () => true });
}
