/** `tidings doctor` sees what is wrong, each thing provoked, says what to do, and names no secret. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timerFinding } from '../../src/hosts/node/doctor/api.ts';
import { roomFinding, speedFinding } from '../../src/hosts/node/doctor/data.ts';
import { examine } from '../../src/hosts/node/doctor/doctor.ts';
import { nodeFinding } from '../../src/hosts/node/doctor/machine.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { tidings } from '../backup/command.ts';
import { openProcessHouse } from '../e2e/harness.ts';
import { temporaryFolder } from '../store/folders.ts';
import { withMounts } from '../store/processes.ts';
import { apiError, examined, of, pathWith, standIn } from './patient.ts';

const key = 'sk-ant-the-key-of-the-doctors-tests';
const all = (url: string) => ({ ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: url });

describe('the doctor', () => {
  test('finds nothing wrong where nothing is, asks the API at no cost, and leaves nothing behind', async () => {
    const simulator = await startSimulator({ apiKey: key });
    onTestFinished(() => simulator.close());
    const cwd = temporaryFolder();
    const report = await examined({ cwd, env: all(simulator.url) });
    expect(report.findings.filter(({ status }) => status === 'problem')).toEqual([]);
    expect([report.code, report.ok]).toEqual([0, true]);
    expect(of(report, 'node')).toEqual([`ok: ${process.versions.node}`]);
    expect(of(report, 'model')).toEqual([`ok: claude-sonnet-5-5, reached at ${simulator.url}`]);
    expect(of(report, 'clock')).toEqual([`ok: agrees with the API's`]);
    expect(of(report, 'data folder')).toEqual([`ok: ${cwd}/.tidings, which the first start makes`]);
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/v1/messages/count_tokens']);
    expect(simulator.violations).toEqual([]);
    expect(readdirSync(cwd)).toEqual([]);
    expect(report.printed).not.toContain(key);
  });

  test('without a key says that a simulator answers', async () => {
    const report = await examined({});
    expect(of(report, 'model')).toEqual([
      'warning: no key is set, so the built-in simulator answers, not a model -> Set ANTHROPIC_API_KEY for a real one.',
    ]);
    expect(report.code).toBe(0);
  });

  test('is readable in 80 columns, without colours, and ends with 1 if there is a problem', async () => {
    const { code, said, complained } = await tidings(['doctor'], {
      cwd: temporaryFolder(),
      env: { PORT: '0', ...all('http://127.0.0.1:1'), PATH: pathWith([]) },
    });
    expect([code, complained]).toEqual([1, '']);
    const lines = said.split('\n');
    // A word that is longer stands alone.
    expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
    expect(said).not.toContain('\x1b');
    expect(lines.some((line) => line.startsWith('problem  bash '))).toBe(true);
    expect(said).toMatch(/\n {23}-> Install bash/);
    expect(said).toMatch(/\n2 problems, \d warnings?\.\n$/);
  });

  test('takes --json or nothing', async () => {
    for (const args of [['--verbose'], ['--json', 'x'], ['x']]) {
      const { code, complained } = await tidings(['doctor', ...args], { cwd: temporaryFolder(), env: {} });
      expect([code, complained]).toEqual([2, expect.stringContaining('--json or nothing')]);
    }
  });
});

describe('the doctor sees of the settings', () => {
  test('each that is wrong, in a line of its own, and those that are ignored', async () => {
    const wrong = await examined({
      env: { PORT: 'eighty', TIDINGS_MAX_CHILDREN: '0', ANTHROPIC_API_KEY: 'two words' },
    });
    expect(wrong.code).toBe(1);
    expect(of(wrong, 'settings')).toEqual([
      expect.stringMatching(/^problem: ANTHROPIC_API_KEY .*hidden, 9 characters/),
      expect.stringMatching(/^problem: PORT \(environment\) is "eighty"; it must be .* -> Set it to that/),
      expect.stringMatching(/^problem: TIDINGS_MAX_CHILDREN .*"0"/),
    ]);
    expect(wrong.printed).not.toContain('two words');
    const ignored = await examined({ env: { TIDINGS_WEATHER: 'fine' } });
    expect(of(ignored, 'settings')).toEqual([
      expect.stringMatching(/^warning: TIDINGS_WEATHER .* is ignored/),
    ]);
    expect(ignored.code).toBe(0);
  });

  test('a token in a file that others may read', async () => {
    const cwd = temporaryFolder();
    const config = { token: 'a-token-of-these-tests' };
    expect(of(await examined({ cwd, config }), 'config file')).toEqual([]);
    chmodSync(join(cwd, 'tidings.config.json'), 0o644);
    const report = await examined({ cwd });
    expect(of(report, 'config file')).toEqual([
      expect.stringMatching(
        /^problem: .*holds a token and can be read by other users .*\(0644\) -> chmod go= /,
      ),
    ]);
    expect(report.code).toBe(1);
    expect(report.printed).not.toContain(config.token);
  });
});

describe('the doctor sees of the API', () => {
  test('a key that it does not let in, though the API repeats it', async () => {
    const simulator = await startSimulator({ apiKey: 'sk-ant-another-key-than-that-one' });
    onTestFinished(() => simulator.close());
    const refused = await examined({ env: all(simulator.url) });
    expect(of(refused, 'key')).toEqual([
      `problem: the API doesn't let it in: invalid x-api-key -> Set ANTHROPIC_API_KEY to a key that is valid at ${simulator.url}.`,
    ]);
    expect(refused.code).toBe(1);
    const loud = await standIn({ status: 401, body: apiError('authentication_error', `no key ${key} here`) });
    const echoed = await examined({ env: { ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_BASE_URL: loud.url } });
    expect(of(echoed, 'key')[0]).toMatch(/no key \(hidden\) here -> Set ANTHROPIC_AUTH_TOKEN/);
    expect(echoed.printed).not.toContain(key);
    expect(loud.heard[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  test('a model that it does not know, of two that are configured', async () => {
    const simulator = await startSimulator({ apiKey: key });
    onTestFinished(() => simulator.close());
    const report = await examined({
      env: { ...all(simulator.url), TIDINGS_SUBAGENT_MODEL: 'mine' },
      config: { models: { mine: { id: 'claude-of-tomorrow', prices: { input: 1, output: 1 } } } },
    });
    expect(of(report, 'model')).toEqual([
      expect.stringMatching(/^ok: claude-sonnet-5-5/),
      expect.stringMatching(/^problem: the API doesn't know claude-of-tomorrow: .* -> Set TIDINGS_MODEL/),
    ]);
  });

  test('that it is not there, or never answers', async () => {
    const gone = await startSimulator();
    await gone.close();
    const nobody = await examined({ env: all(gone.url) });
    expect(of(nobody, 'API')).toEqual([
      `problem: ${gone.url} is not reached: connect ECONNREFUSED 127.0.0.1:${gone.port} -> Look at the network, a proxy or firewall, and ANTHROPIC_BASE_URL.`,
    ]);
    const silent = await standIn('never');
    const findings = await examine({
      env: { PATH: process.env.PATH, PORT: '0', ...all(silent.url) },
      cwd: temporaryFolder(),
      apiLimitMs: 200,
    });
    expect(findings.find(({ check }) => check === 'API')).toMatchObject({
      status: 'problem',
      found: `${silent.url} gave no answer within 0.2 s`,
    });
  });

  test.each([
    [
      403,
      apiError('permission_error', 'not for you'),
      /^problem: the API lets it in, but not to this: not for you/,
      'key',
      1,
    ],
    [404, '<html>', /^warning: .* can't count tokens \(404\)/, 'model', 0],
    [429, apiError('rate_limit_error', 'slowly'), /^warning: .* can't just now \(429: slowly\)/, 'API', 0],
    [529, apiError('overloaded_error', 'Overloaded'), /^warning: .* can't just now \(529/, 'API', 0],
    [
      400,
      apiError('invalid_request_error', 'no credit'),
      /^problem: .* refuses even a small request \(400: no/,
      'API',
      1,
    ],
  ] as const)('an answer of %i', async (status, body, words, check, code) => {
    const api = await standIn({ status, body });
    const report = await examined({ env: all(api.url) });
    expect(of(report, check)).toEqual([expect.stringMatching(words)]);
    expect(report.code).toBe(code);
  });

  test('that it sends elsewhere, where the key is not sent', async () => {
    const elsewhere = await standIn({ status: 200 });
    const api = await standIn({
      status: 307,
      headers: { location: `${elsewhere.url}/v1/messages/count_tokens` },
    });
    const report = await examined({ env: all(api.url) });
    expect(of(report, 'API')).toEqual([expect.stringMatching(/^problem: .* sends elsewhere \(307\)/)]);
    expect(elsewhere.heard).toEqual([]);
    expect(api.heard[0]?.headers['x-api-key']).toBe(key);
  });

  test("that this machine's clock is off by its own", async () => {
    const off = async (minutes: number) => {
      const date = new Date(Date.now() - minutes * 60_000).toUTCString();
      const api = await standIn({ status: 200, headers: { date } });
      return of(await examined({ env: all(api.url) }), 'clock');
    };
    expect(await off(0)).toEqual(["ok: agrees with the API's"]);
    expect(await off(5)).toEqual([
      expect.stringMatching(/^warning: 5 min ahead of the API's -> Set the clock/),
    ]);
    expect(await off(-125)).toEqual([
      expect.stringMatching(/^problem: 125 min behind the API's: days, budgets/),
    ]);
  });
});

describe('the doctor sees of the data folder', () => {
  test('that it can not be made or written', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'file'), '');
    const file = await examined({ cwd, env: { TIDINGS_DATA: 'file/data' } });
    expect(of(file, 'data folder')).toEqual([
      expect.stringMatching(/^problem: .*can't be made, because .*file is a file/),
    ]);
    expect(of(file, 'disk')).toEqual([]);
    chmodSync(cwd, 0o500);
    const place = process.getuid?.() === 0 ? '/sys/tidings-data' : join(cwd, 'data');
    const closed = await examined({ env: { TIDINGS_DATA: place } });
    chmodSync(cwd, 0o700);
    expect(closed.code).toBe(1);
    expect(closed.findings.find(({ status }) => status === 'problem')?.found).toMatch(
      /can't be (made|written)/,
    );
  });

  test('that others may look into it', async () => {
    const cwd = temporaryFolder();
    const data = join(cwd, '.tidings');
    mkdirSync(data);
    chmodSync(data, 0o755);
    writeFileSync(join(data, 'admin-token'), 'x'.repeat(32));
    chmodSync(join(data, 'admin-token'), 0o644);
    const report = await examined({ cwd });
    expect(of(report, 'data folder')).toEqual([
      `warning: open to other users of this machine: ${data} (0755), ${data}/admin-token (0644) -> chmod go= ${data} ${data}/admin-token`,
    ]);
  });

  test('a store of another program, a damaged one, and one of a newer version', async () => {
    const cwd = temporaryFolder();
    const data = join(cwd, '.tidings');
    openStore(data).close();
    const names = readdirSync(data);
    expect(of(await examined({ cwd }), 'store')).toEqual([expect.stringMatching(/^ok: \d+ kB$/)]);
    expect(readdirSync(data)).toEqual(names);
    const db = new DatabaseSync(join(data, 'tidings.db'));
    db.exec("INSERT INTO migrations VALUES (99, 'to come', 'x', 0)");
    expect(of(await examined({ cwd }), 'store')).toEqual([
      expect.stringMatching(
        /^problem: written by a newer version \(its schema is number 99, this version knows \d+\)/,
      ),
    ]);
    db.exec('PRAGMA application_id = 5');
    db.close();
    expect(of(await examined({ cwd }), 'store')).toEqual([
      expect.stringMatching(/^problem: .* is a database of another program -> Move the folder away/),
    ]);
    writeFileSync(join(data, 'tidings.db'), 'scratched');
    const scratched = await examined({ cwd });
    expect(of(scratched, 'store')).toEqual([
      expect.stringMatching(/^problem: .* does not begin as an SQLite/),
    ]);
    expect(scratched.code).toBe(1);
  });

  test('the gateway that has it, and leaves that alone', async () => {
    const house = await openProcessHouse();
    const port = new URL(house.url).port;
    const env = { TIDINGS_DATA: house.data, ...all(house.simulator.url) };
    const owner = `process ${house.gateway.pid}`;
    const same = await examined({ env: { ...env, PORT: port } });
    expect(of(same, 'data folder')).toEqual([`ok: ${house.data}, in use by ${owner}`]);
    expect(of(same, 'port')).toEqual([`ok: 127.0.0.1 port ${port} is the running gateway's (${owner})`]);
    // The same port, and another folder.
    const other = await examined({ env: { ...env, PORT: port, TIDINGS_DATA: 'other' } });
    expect(of(other, 'port')).toEqual([
      `problem: another program has 127.0.0.1 port ${port} -> Stop it, or set PORT to a free one.`,
    ]);
    await house.gateway.end('SIGKILL');
    expect(of(await examined({ env }), 'data folder')).toEqual([`ok: ${house.data}, not in use`]);
    await house.start();
  });

  test('that its disk is nearly full', async () => {
    const cwd = temporaryFolder();
    expect(roomFinding('/d', 99_000_000).status).toBe('problem');
    expect(roomFinding('/d', 500_000_000)).toMatchObject({
      status: 'warning',
      found: 'only 500 MB free for /d',
    });
    expect(roomFinding('/d', 50_000_000_000)).toEqual({ check: 'disk', status: 'ok', found: '50 GB free' });
    const wrapper = withMounts('mount -t tmpfs -o size=900k,mode=700 tmpfs "$1"', cwd);
    if (wrapper === undefined) return console.log('NOT RUN: a disk that is full: needs permission to mount');
    const report = await examined({ wrapper, env: { TIDINGS_DATA: join(cwd, 'data') } });
    expect(of(report, 'disk')).toEqual([
      expect.stringMatching(/^problem: only 0 MB free for .* -> Make room/),
    ]);
  });

  test('that its disk is slow', () => {
    expect(speedFinding(3.14)).toEqual({ check: 'fsync', status: 'ok', found: 'one fsync takes 3.1 ms' });
    expect(speedFinding(80)).toMatchObject({ status: 'warning', found: expect.stringContaining('80 ms') });
  });
});

describe('the doctor sees of this machine', () => {
  test('a Node that is too old, and a clock that stands still', async () => {
    expect(nodeFinding('22.18.0')).toMatchObject({ status: 'problem', todo: 'Install Node 24 or later.' });
    expect(nodeFinding('24.0.0').status).toBe('ok');
    expect((await timerFinding(() => 7)).status).toBe('problem');
    expect((await timerFinding()).status).toBe('ok');
  });

  test('a port that another program has, and an address that is not its own', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const taken = await examined({ env: { PORT: String(port) } });
    expect(of(taken, 'port')).toEqual([
      expect.stringMatching(/^problem: another program has 127\.0\.0\.1 port/),
    ]);
    const env = { TIDINGS_HOST: '192.0.2.7', TIDINGS_TOKEN: 'a-token-of-these-tests', PORT: '8787' };
    const foreign = await examined({ env });
    expect(of(foreign, 'port')).toEqual([
      expect.stringMatching(/^problem: nothing can listen on 192\.0\.2\.7 port 8787/),
    ]);
    expect(foreign.printed).not.toContain(env.TIDINGS_TOKEN);
  });

  test('a git that is missing, too old, or knows nobody, and matters less without repositories', async () => {
    const app = temporaryFolder();
    execFileSync('git', ['init', '-q'], { cwd: app });
    const rest = ['bash', 'sh', 'unshare', 'setpriv'];
    const config = { repositories: { app } };
    const missing = await examined({ env: { PATH: pathWith(rest) }, config });
    expect(of(missing, 'git')).toEqual([expect.stringMatching(/^problem: no git can be run/)]);
    expect(of(await examined({ env: { PATH: pathWith(rest) } }), 'git')[0]).toMatch(/^warning: no git/);
    const old = pathWith(rest, { git: 'echo "git version 2.17.1"' });
    expect(of(await examined({ env: { PATH: old }, config }), 'git')).toEqual([
      'problem: 2.17.1, which is too old -> Install git 2.31 or later.',
    ]);
    const nobody = pathWith(rest, { git: '[ "$1" = --version ] && echo "git version 2.50.1"' });
    expect(of(await examined({ env: { PATH: nobody } }), 'git')[0]).toMatch(
      /^warning: 2\.50\.1; user\.name and user\.email not set, .* -> git config --global/,
    );
  });

  test('a bash that is missing, and that processes can only be marked', async () => {
    const report = await examined({ env: { PATH: pathWith(['sh', 'git']) } });
    expect(of(report, 'bash')).toEqual([expect.stringMatching(/^problem: no bash can be run/)]);
    expect(of(report, 'processes')).toEqual([
      expect.stringMatching(/^warning: PID namespaces are not to be had/),
    ]);
  });

  test('repositories that no work can start from', async () => {
    const cwd = temporaryFolder();
    const git = (...args: string[]) => execFileSync('git', args, { cwd });
    git('init', '-q', 'unborn');
    git('init', '-q', '--bare', 'bare');
    git('init', '-q', '-b', 'main', 'good');
    git(
      '-C',
      'good',
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@b',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'Begin',
    );
    const names = ['unborn', 'bare', 'good'];
    const repositories = Object.fromEntries(names.map((name) => [name, name]));
    const report = await examined({ cwd, config: { repositories } });
    expect(names.map((name) => of(report, `repository ${name}`)[0])).toEqual([
      expect.stringMatching(/^problem: .*has no commits yet.* -> Mend it, or take it out/),
      expect.stringMatching(/^problem: .*is bare/),
      expect.stringMatching(/^ok: .*good, work starts from main$/),
    ]);
    expect(report.code).toBe(1);
    mkdirSync(join(cwd, 'plain'));
    const none = await examined({ cwd, config: { repositories: { plain: 'plain' } } });
    expect(of(none, 'settings')).toEqual([
      expect.stringMatching(/^problem: repositories\.plain .*is not the top folder of a git repository/),
    ]);
  });
});
