import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import { loadConfig } from '../../src/hosts/node/config.ts';
import { load, path, refusal } from './load.ts';

const count = 'a whole number from 1 to 10000';
const dollars = 'a number of US dollars from 0.01 to 1000000';
const tokenCount = 'a whole number from 10000 to 1000000000000';
const hostWords =
  'an IP address or a host name, such as 127.0.0.1, without scheme or port (the port is PORT)';
const originWords =
  'the address people type, such as https://chat.example.org: http or https, without a path';
const tokenWords =
  'a token of 16 to 512 characters, each a letter, a digit or one of - . _ ~ + / (= at the end)';
const baseWords = 'an http or https URL without user, password, ? or #, such as https://api.anthropic.com';

describe('a wrong variable is refused with one line', () => {
  test.each([
    ['TIDINGS_MODEL', 'a b', 'is "a b"', 'the id of a model, or an alias from "models"'],
    ['TIDINGS_SUBAGENT_MODEL', 'é', 'is "é"', 'the id of a model, or an alias from "models"'],
    ['TIDINGS_HOST', 'http://x', 'is "http://x"', hostWords],
    ['TIDINGS_HOST', '127.0.0.1:80', 'is "127.0.0.1:80"', hostWords],
    ['TIDINGS_HOST', '300.1.1.1', 'is "300.1.1.1"', hostWords],
    ['TIDINGS_HOST', '*', 'is "*"', hostWords],
    ['TIDINGS_HOST', 'fe80::1%eth0', 'is "fe80::1%eth0"', hostWords],
    ['PORT', '65536', 'is "65536"', 'a whole number from 0 to 65535'],
    ['PORT', '-1', 'is "-1"', 'a whole number from 0 to 65535'],
    ['PORT', '80.5', 'is "80.5"', 'a whole number from 0 to 65535'],
    ['PORT', '0x50', 'is "0x50"', 'a whole number from 0 to 65535'],
    ['PORT', '9'.repeat(90), `is "${'9'.repeat(77)}…"`, 'a whole number from 0 to 65535'],
    ['TIDINGS_PUBLIC_URL', 'chat.example.org', 'is "chat.example.org"', originWords],
    ['TIDINGS_PUBLIC_URL', 'ftp://a.org', 'is "ftp://a.org"', originWords],
    ['TIDINGS_PUBLIC_URL', 'https://a.org/x', 'is "https://a.org/x"', originWords],
    ['TIDINGS_PUBLIC_URL', 'https://a.org/?', 'is "https://a.org/?"', originWords],
    ['TIDINGS_PUBLIC_URL', 'https://ada:pw1@a.org', 'is "(hidden)@a.org"', originWords],
    ['TIDINGS_TOKEN', 'fifteen-letters', "has a value that won't do (hidden, 15 characters)", tokenWords],
    ['TIDINGS_TOKEN', 'sixteen letters!', "has a value that won't do (hidden, 16 characters)", tokenWords],
    ['TIDINGS_TOKEN', 'a'.repeat(513), "has a value that won't do (hidden, 513 characters)", tokenWords],
    ['TIDINGS_DATA', 'a\0b', 'is "a\\u0000b"', 'the path of a folder'],
    ['TIDINGS_MAX_CHILDREN', 'many', 'is "many"', count],
    ['TIDINGS_MAX_CHILDREN', '0', 'is "0"', count],
    ['TIDINGS_MAX_DEPTH', '17', 'is "17"', 'a whole number from 1 to 16'],
    ['TIDINGS_MAX_SPAWNS', '1e3', 'is "1e3"', 'a whole number from 1 to 1000000'],
    ['TIDINGS_SUBAGENT_MINUTES', '0', 'is "0"', 'a number of minutes from 0.01 to 10080'],
    ['TIDINGS_IDLE_MINUTES', '10m', 'is "10m"', 'a number of minutes from 0.01 to 10080'],
    ['TIDINGS_MAIN_TOOL_SECONDS', '3601', 'is "3601"', 'a number of seconds from 0.1 to 3600'],
    ['TIDINGS_MODEL_CALLS', '1.5', 'is "1.5"', count],
    ['TIDINGS_CHAT_BUDGET_USD', '0', 'is "0"', dollars],
    ['TIDINGS_CHAT_BUDGET_USD', 'NaN', 'is "NaN"', dollars],
    ['TIDINGS_CHAT_BUDGET_USD', '-1', 'is "-1"', dollars],
    ['TIDINGS_CHAT_BUDGET_USD', '1000000000000', 'is "1000000000000"', dollars],
    ['TIDINGS_SUBAGENT_BUDGET_USD', '$2', 'is "$2"', dollars],
    ['TIDINGS_CHAT_BUDGET_TOKENS', '0', 'is "0"', tokenCount],
    ['TIDINGS_SUBAGENT_BUDGET_TOKENS', '1.5', 'is "1.5"', tokenCount],
    ['TIDINGS_PROCESSES', '1001', 'is "1001"', 'a whole number from 1 to 1000'],
    ['ANTHROPIC_BASE_URL', 'localhost:4010', 'is "localhost:4010"', baseWords],
    ['ANTHROPIC_BASE_URL', 'http://a.org?key=s3cret', 'is "http://a.org?…"', baseWords],
    ['ANTHROPIC_BASE_URL', 'http://k:s3cret@a.org', 'is "(hidden)@a.org"', baseWords],
    [
      'ANTHROPIC_API_KEY',
      'sk-ant\nPORT=1',
      "has a value that won't do (hidden, 13 characters)",
      'one line of ASCII characters without blanks',
    ],
    [
      'ANTHROPIC_AUTH_TOKEN',
      'geheim–nis',
      "has a value that won't do (hidden, 10 characters)",
      'one line of ASCII characters without blanks',
    ],
  ])('%s=%s', (variable, text, was, words) => {
    expect(refusal({ env: { [variable]: text } })).toEqual([
      `${variable} (environment) ${was}; it must be ${words}.`,
    ]);
  });

  test.each([
    ['TIDINGS_MODLE', 'TIDINGS_MODEL'],
    ['TIDINGS_MAX_CHILDERN', 'TIDINGS_MAX_CHILDREN'],
    ['TIDINGS_PORT', 'PORT'],
    ['TIDINGS_CONFG', 'TIDINGS_CONFIG'],
    ['TIDINGS_TOKENS', 'TIDINGS_TOKEN'],
  ])('%s is a slip of %s', (slip, meant) => {
    expect(refusal({ env: { [slip]: 'x' } })).toEqual([
      `${slip} (environment) is not a setting; did you mean ${meant}?`,
    ]);
  });

  test('a variable of ours that is like no setting is ignored with a warning', () => {
    expect(load({ env: { TIDINGS_ELSEWHERE: '1', TIDINGS_DEPTH: '1', HOME: '/x' } }).warnings).toEqual([
      'TIDINGS_DEPTH (environment) is not a setting and is ignored; did you mean TIDINGS_MAX_DEPTH?',
      'TIDINGS_ELSEWHERE (environment) is not a setting and is ignored.',
    ]);
  });
});

describe('a wrong key in the file is refused with one line', () => {
  test.each([
    ['model', 3, 'is 3', 'the id of a model, or an alias from "models"'],
    ['subagentModel', '', 'is ""', 'the id of a model, or an alias from "models"'],
    ['host', null, 'is null', hostWords],
    ['port', '80', 'is "80"', 'a whole number from 0 to 65535, without quotes'],
    ['publicUrl', true, 'is true', originWords],
    ['token', 'hunter2', "has a value that won't do (hidden, 7 characters)", tokenWords],
    ['token', { is: 'hunter2' }, 'has a value that is not a text (hidden)', tokenWords],
    ['data', ' ', 'is " "', 'the path of a folder'],
    ['maxChildren', 1.5, 'is 1.5', count],
    ['maxDepth', -1, 'is -1', 'a whole number from 1 to 16'],
    ['maxSpawns', [1], 'is a list', 'a whole number from 1 to 1000000'],
    ['subagentMinutes', 20_000, 'is 20000', 'a number of minutes from 0.01 to 10080'],
    ['idleMinutes', {}, 'is an object', 'a number of minutes from 0.01 to 10080'],
    ['mainToolSeconds', 0, 'is 0', 'a number of seconds from 0.1 to 3600'],
    ['modelCalls', false, 'is false', count],
    ['processes', 1e9, 'is 1000000000', 'a whole number from 1 to 1000'],
    ['log', 'loud', 'is "loud"', 'silent, error, warn, info or debug'],
    ['instructions', ' \n', 'is " \\n"', 'a text of 1 to 20000 characters, not blank'],
    ['skills', 'ours', 'is "ours"', 'a list of at most 100 folders, such as ["../my-skills"]'],
    ['repositories', 'app', 'is "app"', 'an object of names and paths, such as {"app": "../app"}'],
    ['fetch', [], 'is a list', 'an object, { … }'],
    ['webSearches', 21, 'is 21', 'a whole number from 0 to 20'],
    ['markers', 'sessions', 'is "sessions"', 'a list of "sessions" and "manager", such as ["sessions"]'],
    ['mcp', ['247'], 'is a list', 'an object such as {"dialects": ["247"]}'],
    ['models', [], 'is a list', 'an object, { … }'],
  ])('%s: %j', (name, value, was, words) => {
    expect(refusal({ file: { [name]: value } })).toEqual([
      `${name} (${path}, line 2) ${was}; it must be ${words}.`,
    ]);
  });

  test.each([
    ['maxChild', 'maxChildren'],
    ['max_spawns', 'maxSpawns'],
    ['TIDINGS_MAX_DEPTH', 'maxDepth'],
    ['PORT', 'port'],
    ['repos', 'repositories'],
    ['mdoel', 'model'],
    ['toolSeconds', 'mainToolSeconds'],
  ])('%s is a misspelt %s', (slip, meant) => {
    expect(refusal({ file: { [slip]: 1 } })).toEqual([
      `${slip} (${path}, line 2) is not a setting; did you mean "${meant}"?`,
    ]);
  });

  test('a key like none is answered with all that there are', () => {
    const [line] = refusal({ file: { zzz: 1 } });
    expect(line).toMatch(/^zzz \(.*line 2\) is not a setting; there are model, .*, models, .*\.$/);
  });

  test('a key of the API in the file is sent to the environment, and not shown', () => {
    const [line, ...more] = refusal({ file: { anthropicApiKey: 'sk-ant-1' } });
    expect(line).toContain('ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN and ANTHROPIC_BASE_URL are read from');
    expect(line).not.toContain('sk-ant-1');
    expect(more).toEqual([]);
  });

  test.each([
    [{ fast: { id: 'x', prises: {} } }, 'models.fast.prises', 5, 'is not a setting; did you mean "prices"?'],
    [{ fast: { window: 9000 } }, 'models.fast.id', 3, 'is missing; it must be a text in double quotes.'],
    [
      { fast: { id: 'x', window: '9000' } },
      'models.fast.window',
      5,
      'is "9000"; it must be a number, without quotes.',
    ],
    [
      { fast: { id: 'x', thinking: 'hard' } },
      'models.fast.thinking',
      5,
      'is "hard"; it must be one of off, low, medium, high, xhigh, max.',
    ],
    [
      { fast: { id: 'x', prices: { input: -1, output: 1 } } },
      'models.fast.prices.input',
      6,
      'is -1; it must be at least 0.',
    ],
  ])('within models: %j', (models, name, line, rest) => {
    expect(refusal({ file: { models } })).toEqual([`${name} (${path}, line ${line}) ${rest}`]);
  });

  test.each(['http://wiki.corp', '10.0.0.0/33', 'wiki:80', '', '*', 7])(
    'fetch: an entry that is no host, address or range: %j',
    (entry) => {
      const words =
        'a host (docs.example.org), all names below one (*.example.org), an IP address or a range of them (10.1.0.0/16)';
      expect(refusal({ file: { fetch: { allow: ['wiki.corp', entry] } } })).toEqual([
        `fetch.allow.1 (${path}, line 5) is ${JSON.stringify(entry)}; it must be ${words}.`,
      ]);
    },
  );

  test('fetch: a list under another name, and one that is none', () => {
    expect(refusal({ file: { fetch: { allowed: [] } } })).toEqual([
      `fetch.allowed (${path}, line 3) is not a setting; did you mean "allow"?`,
    ]);
    expect(refusal({ file: { fetch: { refuse: 'wiki.corp' } } })).toEqual([
      `fetch.refuse (${path}, line 3) is "wiki.corp"; it must be a list of hosts, addresses and ranges, such as ["wiki.example.org", "10.1.0.0/16"].`,
    ]);
  });

  test('repositories: a name that could not stand in a branch or before an @, a path that is not one', () => {
    const words = 'a name of 1 to 64 of a-z, 0-9, _ and -, the first a letter or digit';
    expect(refusal({ file: { repositories: { 'my@app': 'x', '-a': 'x', App: 'x', ok: 3 } } })).toEqual([
      `repositories.my@app (${path}, line 3) has a name that won't do; it must be ${words}.`,
      `repositories.-a (${path}, line 4) has a name that won't do; it must be ${words}.`,
      `repositories.App (${path}, line 5) has a name that won't do; it must be ${words}.`,
      `repositories.ok (${path}, line 6) is 3; it must be the path of a folder.`,
    ]);
  });

  test('a repository whose folder does not exist stops the start', () => {
    expect(refusal({ file: { repositories: { app: '../gone' } } })).toEqual([
      `repositories.app (${path}, line 3) is "../gone", and there is no folder at /gone; it must be the path of a git repository, absolute or from the configuration file's folder.`,
    ]);
  });

  test('a repository that is none stops the start', () => {
    expect(refusal({ file: { repositories: { app: '../plain', docs: '../docs' } } })).toEqual([
      `repositories.app (${path}, line 3) is "../plain", and /plain is not the top folder of a git repository (git init makes it one); it must be the path of a git repository, absolute or from the configuration file's folder.`,
    ]);
  });

  test('a folder of skills that does not exist stops the start, as does one without a name', () => {
    expect(refusal({ file: { skills: ['../ours', '../gone'] } })).toEqual([
      `skills.1 (${path}, line 4) is "../gone", and there is no folder at /gone; it must be a skill's folder or a folder of them, absolute or from the configuration file's folder.`,
    ]);
    expect(refusal({ file: { skills: ['ours', ' '] } })).toEqual([
      `skills.1 (${path}, line 4) is " "; it must be the path of a folder.`,
    ]);
  });

  test('a name from the file can neither add a line nor steer the terminal', () => {
    const lines = refusal({ file: { 'a\u001b[31m\nb\u009b': 1 } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^a\?\[31m\?b\? \(/);
  });
});

describe('what is only wrong together', () => {
  const words =
    'where other machines can reach the gateway; it must be a loopback host such as 127.0.0.1, unless TIDINGS_TOKEN, or token in the file, sets an explicit token of at least 16 characters.';

  test.each(['0.0.0.0', '::', '192.168.1.4', 'chat.example.org', '::ffff:10.0.0.1'])(
    'host %s is refused without a token and taken with one',
    (host) => {
      expect(refusal({ env: { TIDINGS_HOST: host } })).toEqual([
        `TIDINGS_HOST (environment) is "${host}", ${words}`,
      ]);
      expect(refusal({ file: { host } })).toEqual([`host (${path}, line 2) is "${host}", ${words}`]);
      expect(load({ env: { TIDINGS_HOST: host, TIDINGS_TOKEN: 'x'.repeat(16) } }).host).toBe(host);
      expect(load({ env: { TIDINGS_HOST: host }, file: { token: 'x'.repeat(16) } }).host).toBe(host);
    },
  );

  test('a listener on every address without a public URL is warned of', () => {
    const env = { TIDINGS_HOST: '0.0.0.0', TIDINGS_TOKEN: 'x'.repeat(16) };
    expect(load({ env }).warnings).toEqual([expect.stringContaining('set TIDINGS_PUBLIC_URL')]);
    expect(load({ env: { ...env, TIDINGS_PUBLIC_URL: 'https://a.org' } }).warnings).toEqual([]);
  });

  test('a model that nobody knows is refused, with the nearest and all that there are', () => {
    const [line, ...more] = refusal({
      env: { TIDINGS_MODEL: 'claude-sonet-5-5' },
      file: { models: { quick: { id: 'house-3' } } },
    });
    expect(line).toMatch(
      /^TIDINGS_MODEL \(environment\) is "claude-sonet-5-5" \(did you mean "claude-sonnet-5-5"\?\); it must be .* one of quick, house-3, claude-/,
    );
    expect(more).toEqual([]);
    expect(refusal({ file: { subagentModel: 'gpt' } })[0]).toMatch(
      /^subagentModel \(.*line 2\) is "gpt"; it/,
    );
  });

  test('several faults are several lines, and nothing of a secret is in them', () => {
    const lines = refusal({
      env: { PORT: 'x', TIDINGS_TOKEN: 's3cret', ANTHROPIC_API_KEY: 's3c ret' },
      file: { token: 's3cr3t', maxDepth: 0 },
    });
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'ANTHROPIC_API_KEY',
      'PORT',
      'TIDINGS_TOKEN',
      'token',
      'maxDepth',
    ]);
    expect(lines.join('\n')).not.toMatch(/s3c/);
  });

  test('a refusal says that it is the configuration, for the exit code', () => {
    expect(new ConfigError(['x'])).toMatchObject({ name: 'ConfigError', exitCode: 2, message: 'x' });
  });
});

describe('the file itself', () => {
  test.each([
    ['', 'is broken at line 1, column 1: the file is empty; without any setting it would hold {}.'],
    ['{"port": 1,}', 'is broken at line 1, column 12: the comma before this } is one too many.'],
    [
      '{\n  "port": 1\n  "host": "x"\n}',
      'is broken at line 3, column 3: a comma or } should stand before this.',
    ],
    ['[]', 'holds a list; it must hold one object of settings, such as {"port": 8787}.'],
    ['null', 'holds null; it must hold one object of settings, such as {"port": 8787}.'],
    ['"x"', 'holds a string; it must hold one object of settings, such as {"port": 8787}.'],
  ])('%j', (file, rest) => {
    expect(refusal({ file })).toEqual([`${path} ${rest}`]);
  });

  test('what the faulty file holds is not printed', () => {
    expect(refusal({ file: '{"token": "s3cret-s3cret\n"}' }).join()).not.toContain('s3cret');
  });

  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidings-config-'));
    execFileSync('git', ['init', '-q', 'app'], { cwd: folder });
    writeFileSync(join(folder, 'other.json'), '\uFEFF{"port": 9, "repositories": {"app": "app"}}');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is found by its name on the disk, as are repositories', () => {
    const config = loadConfig({ env: { TIDINGS_CONFIG: 'other.json' }, cwd: folder });
    expect(config.port).toBe(9);
    expect(config.repositories).toEqual({ app: join(folder, 'app') });
    expect(loadConfig({ env: {}, cwd: folder }).file.exists).toBe(false);
  });

  test('named but absent, or a folder, is refused', () => {
    const load = (name: string) => () => loadConfig({ env: { TIDINGS_CONFIG: name }, cwd: folder });
    expect(load('none.json')).toThrow(
      `TIDINGS_CONFIG (environment) is "none.json", and there is no file at ${join(folder, 'none.json')}; it must be the path of a JSON file with settings.`,
    );
    expect(load('app')).toThrow(
      /app can't be read: EISDIR.* It must be a JSON file that this user may read\.$/,
    );
  });

  test('a repository that is a file is refused', () => {
    writeFileSync(join(folder, 'tidings.config.json'), '{"repositories": {"app": "other.json"}}');
    expect(() => loadConfig({ env: {}, cwd: folder })).toThrow(/there is no folder at .*other\.json;/);
  });

  test('a repository may be bare or a linked worktree, and is none for lying within one', () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder });
    git('init', '-q', '--bare', 'bare');
    const author = ['-c', 'user.name=A', '-c', 'user.email=a@b'];
    git('-C', 'app', ...author, 'commit', '-q', '--allow-empty', '-m', 'Begin');
    git('-C', 'app', 'worktree', 'add', '-q', '--detach', '../linked');
    mkdirSync(join(folder, 'app', 'inside', '.git'), { recursive: true });
    const load = (...paths: string[]) => {
      const repositories = Object.fromEntries(paths.map((one, n) => [`r${n}`, one]));
      writeFileSync(join(folder, 'tidings.config.json'), JSON.stringify({ repositories }));
      return loadConfig({ env: {}, cwd: folder }).repositories;
    };
    expect(Object.keys(load('app', 'bare', 'linked'))).toHaveLength(3);
    expect(() => load('app/inside')).toThrow(/inside is not the top folder of a git repository/);
  });
});

describe('a model without a price', () => {
  const file = { models: { house: { id: 'house-3' } } };

  test('stops the start, as the main one and as that of subagents, unless a budget of tokens holds', () => {
    expect(refusal({ file, env: { TIDINGS_MODEL: 'house' } })).toEqual([
      'TIDINGS_MODEL (environment) is "house", and what this model costs is not known; give it prices in "models" of the configuration file, or set TIDINGS_CHAT_BUDGET_TOKENS and TIDINGS_SUBAGENT_BUDGET_TOKENS.',
    ]);
    expect(refusal({ file: { ...file, model: 'house' } })).toEqual([
      expect.stringMatching(/^model \(.*\) is "house", and what this model costs is not known/),
    ]);
    expect(refusal({ file, env: { TIDINGS_SUBAGENT_MODEL: 'house' } })).toEqual([
      'TIDINGS_SUBAGENT_MODEL (environment) is "house", and what this model costs is not known; give it prices in "models" of the configuration file, or set TIDINGS_SUBAGENT_BUDGET_TOKENS.',
    ]);
    const env = {
      TIDINGS_MODEL: 'house',
      TIDINGS_CHAT_BUDGET_TOKENS: '1000000',
      TIDINGS_SUBAGENT_BUDGET_TOKENS: '100000',
    };
    expect(load({ file, env }).chatBudgetTokens).toBe(1_000_000);
  });

  test('is one like any other once it has prices', () => {
    const priced = { models: { house: { id: 'house-3', prices: { input: 0, output: 0 } } } };
    expect(load({ file: priced, env: { TIDINGS_MODEL: 'house' } }).model).toBe('house');
  });
});
