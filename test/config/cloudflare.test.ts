/** The configuration of a Worker, out of its bindings. */
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import { allowedAt, readConfig, type WorkerConfig } from '../../src/hosts/cloudflare/config.ts';

const token = 'correct-horse-battery';
const needed = { TIDINGS_TOKEN: token, ANTHROPIC_API_KEY: 'sk-ant-1' };

/** With what every Worker needs, unless it is said otherwise; `text`: what TIDINGS_CONFIG_JSON holds. */
function read(bindings: object = {}, text?: object): WorkerConfig {
  return readConfig({
    ...needed,
    ...(text === undefined ? {} : { TIDINGS_CONFIG_JSON: JSON.stringify(text, null, 2) }),
    ...bindings,
  });
}

/** The lines that the refusal prints. */
function refusal(bindings: object, text?: object): string[] {
  try {
    read(bindings, text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('what a Worker goes by', () => {
  test('with a token and a key alone everything else is as documented', () => {
    expect(read()).toEqual({
      model: 'claude-sonnet-5-5',
      subagentModel: 'claude-sonnet-5-5',
      repositories: [],
      maxChildren: 8,
      maxDepth: 3,
      maxSpawns: 200,
      subagentMinutes: 60,
      idleMinutes: 10,
      mainToolSeconds: 15,
      modelCalls: 64,
      webSearches: 5,
      retention: { toolOutputDays: 30, endedTreesDays: 90 },
      trust: { main: 'auto', subagents: 'auto', allow: [], ask: [], deny: [] },
      markers: [],
      mcp: { dialects: [] },
      budget: { chatUsd: 20, subagentUsd: 2 },
      token,
      anthropic: { apiKey: 'sk-ant-1' },
      fetch: { allow: [], refuse: [] },
      models: {},
      log: 'warn',
      objectBytes: 10_000_000_000,
      warnings: [],
    });
  });

  test('the room of an object can be made smaller, and is a whole number of bytes', () => {
    expect(read({ TIDINGS_OBJECT_BYTES: '5000000' }).objectBytes).toBe(5_000_000);
    for (const wrong of ['0', '-1', '1.5', '10 GB', '1e9']) {
      expect(refusal({ TIDINGS_OBJECT_BYTES: wrong }).join()).toMatch(
        /^TIDINGS_OBJECT_BYTES \(environment\) .*whole number of bytes/,
      );
    }
  });

  test('a variable wins over the text, and the text over the default', () => {
    const config = read(
      { TIDINGS_MAX_CHILDREN: '5', TIDINGS_PUBLIC_URL: 'https://Chat.example.org/' },
      {
        maxChildren: 6,
        maxDepth: 4,
        instructions: 'You keep the books.',
        chatBudgetTokens: 1_000_000,
        subagentBudgetTokens: 50_000,
        fetch: { refuse: ['tracker.example.org'] },
        models: { quick: { id: 'claude-haiku-5-5' } },
        subagentModel: 'quick',
        log: 'info',
      },
    );
    expect(config).toMatchObject({
      maxChildren: 5,
      maxDepth: 4,
      maxSpawns: 200,
      publicUrl: 'https://chat.example.org',
      instructions: 'You keep the books.',
      budget: { chatUsd: 20, subagentUsd: 2, chatTokens: 1_000_000, subagentTokens: 50_000 },
      fetch: { allow: [], refuse: ['tracker.example.org'] },
      models: { quick: { id: 'claude-haiku-5-5' } },
      subagentModel: 'quick',
      log: 'info',
      warnings: [],
    });
  });

  test('numbers of the configuration of wrangler count as their digits, and other bindings are passed over', () => {
    const config = read({ TIDINGS_MAX_DEPTH: 2, TIDINGS_IDLE_MINUTES: 2.5, SESSIONS: { get: () => 0 } });
    expect([config.maxDepth, config.idleMinutes, config.warnings]).toEqual([2, 2.5, []]);
  });

  test.each([
    ['ANTHROPIC_AUTH_TOKEN', 'tok', { authToken: 'tok' }],
    ['ANTHROPIC_BASE_URL', 'http://127.0.0.1:4010', { baseUrl: 'http://127.0.0.1:4010' }],
  ])('%s alone is enough to reach a model', (variable, value, anthropic) => {
    expect(readConfig({ TIDINGS_TOKEN: token, [variable]: value }).anthropic).toEqual(anthropic);
  });
});

describe('what is refused', () => {
  test('a Worker without a token and without a way to a model, each in words that say what to do', () => {
    expect(refusal({ TIDINGS_TOKEN: ' ', ANTHROPIC_API_KEY: undefined })).toEqual([
      'TIDINGS_TOKEN (environment) is missing; it must be a token of at least 16 characters, which opens the HTTP API: set it with `npx wrangler secret put TIDINGS_TOKEN`.',
      'ANTHROPIC_API_KEY (environment) is missing, and nothing else says how to reach a model: set it with `npx wrangler secret put ANTHROPIC_API_KEY`, or set ANTHROPIC_AUTH_TOKEN or ANTHROPIC_BASE_URL. On Cloudflare Workers there is no simulator to answer instead.',
    ]);
  });

  test('all that is wrong at once, and nothing of a secret is in the lines', () => {
    const lines = refusal(
      {
        TIDINGS_TOKEN: 's3cret',
        ANTHROPIC_API_KEY: 's3c ret',
        TIDINGS_MAX_DEPHT: '2',
        TIDINGS_LOG: 'loud',
      },
      { maxSpawns: 0 },
    );
    expect(lines).toEqual([
      'TIDINGS_MAX_DEPHT (environment) is not a setting; did you mean TIDINGS_MAX_DEPTH?',
      "ANTHROPIC_API_KEY (environment) has a value that won't do (hidden, 7 characters); it must be one line of ASCII characters without blanks.",
      "TIDINGS_TOKEN (environment) has a value that won't do (hidden, 6 characters); it must be a token of 16 to 512 characters, each a letter, a digit or one of - . _ ~ + / (= at the end).",
      'TIDINGS_LOG (environment) is "loud"; it must be silent, error, warn, info or debug.',
      'maxSpawns (TIDINGS_CONFIG_JSON, line 2) is 0; it must be a whole number from 1 to 1000000.',
    ]);
  });

  test('a model that nobody knows, with the nearest, beside whatever else is missing', () => {
    const lines = refusal(
      { TIDINGS_MODEL: 'claude-sonet-5-5', TIDINGS_TOKEN: undefined },
      { models: { quick: { id: 'house-3' } }, subagentModel: 'quik' },
    );
    expect(lines).toEqual([
      expect.stringMatching(/^TIDINGS_TOKEN \(environment\) is missing/),
      expect.stringMatching(
        /^TIDINGS_MODEL \(environment\) is "claude-sonet-5-5" \(did you mean "claude-sonnet-5-5"\?\); it must be an alias or id from "models" in TIDINGS_CONFIG_JSON, or one of quick, house-3, claude-/,
      ),
      expect.stringMatching(
        /^subagentModel \(TIDINGS_CONFIG_JSON, line 7\) is "quik" \(did you mean "quick"\?\)/,
      ),
    ]);
  });

  test('a model without a price, unless a budget of tokens holds', () => {
    const text = { models: { house: { id: 'house-3' } } };
    expect(refusal({ TIDINGS_SUBAGENT_MODEL: 'house' }, text)).toEqual([
      'TIDINGS_SUBAGENT_MODEL (environment) is "house", and what this model costs is not known; give it prices in "models" of TIDINGS_CONFIG_JSON, or set TIDINGS_SUBAGENT_BUDGET_TOKENS.',
    ]);
    const held = { TIDINGS_SUBAGENT_MODEL: 'house', TIDINGS_SUBAGENT_BUDGET_TOKENS: '100000' };
    expect(read(held, text).subagentModel).toBe('house');
  });

  test.each([
    ['{"maxDepth": 1,}', 'is broken at line 1, column 16: the comma before this } is one too many.'],
    ['\n[]', 'holds a list; it must hold one object of settings, such as {"port": 8787}.'],
    ['{"token": "s3cret\n"}', 'is broken at line 1, column 11: this text has no closing double quote'],
  ])('a text that is no object of settings: %j', (text, words) => {
    const [line, ...more] = refusal({ TIDINGS_CONFIG_JSON: text });
    expect(line).toContain(`TIDINGS_CONFIG_JSON ${words}`);
    expect(line).not.toContain('s3cret');
    expect(more).toEqual([]);
  });

  test('a variable of ours that is no text', () => {
    expect(refusal({ TIDINGS_CONFIG_JSON: { maxDepth: 2 } })).toEqual([
      'TIDINGS_CONFIG_JSON (environment) is an object; it must be a text in double quotes.',
    ]);
  });

  test('a key of the API in the text is sent to the environment, and not shown', () => {
    const [line, ...more] = refusal({}, { apiKey: 'sk-ant-1' });
    expect(line).toContain('ANTHROPIC_BASE_URL are read from the environment only');
    expect(line).not.toContain('sk-ant-1');
    expect(more).toEqual([]);
  });
});

describe('what is warned of', () => {
  test('settings that mean nothing in a Worker, one by one and with the reason', () => {
    const config = read(
      {
        TIDINGS_HOST: '0.0.0.0',
        PORT: '80',
        TIDINGS_DATA: '/var/lib/tidings',
        TIDINGS_PROCESSES: '4',
        TIDINGS_CONFIG: 'other.json',
      },
      { repositories: { app: '../app' }, skills: ['../ours'], processes: 3 },
    );
    expect(config.repositories).toEqual([]);
    expect(config.warnings).toEqual([
      'TIDINGS_HOST (environment) is ignored on Cloudflare Workers: requests come in under the names of the Worker.',
      'PORT (environment) is ignored on Cloudflare Workers: requests come in under the names of the Worker.',
      'TIDINGS_DATA (environment) is ignored on Cloudflare Workers: the chats are kept in Durable Objects.',
      'TIDINGS_PROCESSES (environment) is ignored on Cloudflare Workers: there are no processes.',
      'repositories (TIDINGS_CONFIG_JSON, line 2) is ignored on Cloudflare Workers: there is no file system.',
      'skills (TIDINGS_CONFIG_JSON, line 5) is ignored on Cloudflare Workers: there is no file system, and only the skills that ship are there.',
      'TIDINGS_CONFIG (environment) is ignored on Cloudflare Workers: there is no file; settings can stand in TIDINGS_CONFIG_JSON.',
    ]);
  });

  test('a token in the text works, and should be a secret', () => {
    const config = read({ TIDINGS_TOKEN: undefined }, { token });
    expect(config.token).toBe(token);
    expect(config.warnings).toEqual([
      "token (TIDINGS_CONFIG_JSON, line 2) is in plain sight of all who may see the Worker's variables; a secret is not: `npx wrangler secret put TIDINGS_TOKEN`.",
    ]);
  });

  test('a key beside a token of the API, and a variable that looks like a setting', () => {
    expect(read({ ANTHROPIC_AUTH_TOKEN: 'tok', TIDINGS_COLOUR: 'blue' }).warnings).toEqual([
      'TIDINGS_COLOUR (environment) is not a setting and is ignored.',
      'ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set; the key is used.',
    ]);
  });
});

describe('Host and Origin of a request to a Worker', () => {
  const publicUrl = 'https://chat.example.org';
  const local = {
    hosts: ['localhost:8787', '127.0.0.1:8787', '[::1]:8787'],
    origins: ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787'],
  };

  test('on this machine its own names are let in, with the port of the request', () => {
    expect(allowedAt({}, 'http://localhost:8787/v1/chats')).toEqual(local);
  });

  test('the public URL joins them', () => {
    expect(allowedAt({ publicUrl }, 'http://localhost:8787/')).toEqual({
      hosts: [...local.hosts, 'chat.example.org', 'chat.example.org:443'],
      origins: [...local.origins, publicUrl],
    });
  });

  test('without one the name below workers.dev is let in, and with one it is not', () => {
    const url = 'https://tidings.ada.workers.dev/v1/chats';
    const { hosts, origins } = allowedAt({}, url);
    expect(hosts).toContain('tidings.ada.workers.dev');
    expect(origins).toContain('https://tidings.ada.workers.dev');
    const strict = allowedAt({ publicUrl }, url);
    expect(strict.hosts).not.toContain('tidings.ada.workers.dev');
    expect(strict.origins).not.toContain('https://tidings.ada.workers.dev');
    expect(strict.hosts).toContain('chat.example.org');
  });

  test.each(['https://evil.example.org/', 'https://workers.dev.example.org/', 'https://evilworkers.dev/'])(
    'another name is not let in by being asked for: %s',
    (url) => {
      const { host, origin } = new URL(url);
      const allowed = allowedAt({}, url);
      expect(allowed.hosts).not.toContain(host);
      expect(allowed.origins).not.toContain(origin);
    },
  );
});
