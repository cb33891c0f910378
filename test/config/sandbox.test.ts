import { describe, expect, test } from 'vitest';
import { usualHosts } from '../../src/config/sandbox.ts';
import { readConfig } from '../../src/hosts/cloudflare/config.ts';
import { describeConfig } from '../../src/hosts/node/config/describe.ts';
import { loadConfig } from '../../src/hosts/node/config.ts';
import { load, path, refusal } from './load.ts';

describe('the setting sandbox', () => {
  test.each(['required', 'preferred', 'off'] as const)(
    'may be %s alone, in the file or the environment',
    (mode) => {
      const meant = { mode, hosts: usualHosts, write: [], hide: [] };
      expect(load({ file: { sandbox: mode } }).sandbox).toEqual(meant);
      expect(load({ env: { TIDINGS_SANDBOX: mode } }).sandbox).toEqual(meant);
    },
  );

  test('takes hosts, folders and places in the file, with paths from there', () => {
    const sandbox = {
      hosts: ['Registry.NPMJS.org', '*.example.org', '127.0.0.1:5432', '[::1]:80', 'registry'],
      write: ['../models', '~/cache', '/srv/shared'],
      hide: ['secrets', '~/.config/house'],
    };
    expect(load({ env: { HOME: '/home/ada' }, file: { sandbox } }).sandbox).toEqual({
      mode: 'preferred',
      hosts: ['registry.npmjs.org', '*.example.org', '127.0.0.1:5432', '[::1]:80', 'registry'],
      write: ['/models', '/home/ada/cache', '/srv/shared'],
      hide: ['/chat/secrets', '/home/ada/.config/house'],
    });
    expect(load({ file: { sandbox: { mode: 'required', hosts: [] } } }).sandbox.hosts).toEqual([]);
  });

  test('the variable says how strict it is, and takes nothing away of what the file says', () => {
    const file = { sandbox: { mode: 'off', hosts: ['a.example.org'], write: ['/srv/w'], hide: ['mine'] } };
    const config = load({ env: { TIDINGS_SANDBOX: 'required' }, file });
    expect(config.sandbox).toEqual({
      mode: 'required',
      hosts: ['a.example.org'],
      write: ['/srv/w'],
      hide: ['/chat/mine'],
    });
    expect(config.sources.sandbox).toBe('environment TIDINGS_SANDBOX');
    expect(load({ env: { TIDINGS_SANDBOX: 'off' }, file: { sandbox: 'required' } }).sandbox.mode).toBe('off');
  });

  test('its paths begin where the file lies, though the variable says how strict it is', () => {
    const { sandbox } = loadConfig({
      env: { TIDINGS_CONFIG: '/etc/tidings.json', TIDINGS_SANDBOX: 'required' },
      cwd: '/chat',
      readFile: () => JSON.stringify({ sandbox: { write: ['w'], hide: ['h'] } }),
      isFolder: () => true,
    });
    expect([sandbox.write, sandbox.hide]).toEqual([['/etc/w'], ['/etc/h']]);
  });

  test.each<[unknown, RegExp]>([
    ['require', /^sandbox .*is "require"; it must be required, preferred or off, or in the file an object/],
    [true, /is true; it must be required, preferred or off/],
    [{ mode: 'on' }, /^sandbox\.mode .*is "on"; it must be required, preferred or off\.$/],
    [{ host: [] }, /^sandbox\.host .*is not a setting; did you mean "hosts"\?$/],
    [{ hosts: 'npmjs.org' }, /^sandbox\.hosts .*; it must be a list of hosts/],
    [{ hosts: ['*.org'] }, /^sandbox\.hosts\.0 .*is "\*\.org"; it must be a host/],
    [{ hosts: ['*'] }, /it must be a host/],
    [{ hosts: ['https://npmjs.org'] }, /it must be a host/],
    [{ hosts: ['npmjs.org/x'] }, /it must be a host/],
    [{ hosts: ['npmjs.org:0'] }, /it must be a host/],
    [{ hosts: ['npmjs.org:65536'] }, /it must be a host/],
    [{ hosts: ['10.1.0.0/16'] }, /it must be a host/],
    [{ hosts: ['1.2.3'] }, /it must be a host/],
    [{ hosts: ['::1'] }, /it must be a host/],
    [{ hosts: ['a b'] }, /it must be a host/],
    [
      { write: ['/srv/gone'] },
      /^sandbox\.write\.0 .*there is no folder at \/srv\/gone; it must be one that is there\.$/,
    ],
    [{ write: ['/'] }, /^sandbox\.write\.0 .*where the gateway's own files are/],
    [{ write: ['.'] }, /where the gateway's own files are/],
    [
      { write: ['.tidings/tmp'] },
      /where the gateway's own files are; it must be a folder apart from \/chat\/\.tidings/,
    ],
    [{ hide: [' '] }, /^sandbox\.hide\.0 .*it must be the path of a file or folder\.$/],
    [{ hide: '~/.ssh' }, /it must be a list of at most 100 paths/],
  ])('as %j stops the start with a line that says what it may be', (sandbox, words) => {
    const lines = refusal({ file: { sandbox } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(words);
    expect(lines[0]).toContain(path);
  });

  test('as a variable names that', () => {
    expect(refusal({ env: { TIDINGS_SANDBOX: 'yes' } })).toEqual([
      expect.stringMatching(
        /^TIDINGS_SANDBOX \(environment\) is "yes"; it must be required, preferred or off, /,
      ),
    ]);
  });

  test('means nothing on Cloudflare Workers, which is said', () => {
    const { warnings } = readConfig({
      TIDINGS_TOKEN: 'a-token-of-these-tests',
      ANTHROPIC_API_KEY: 'sk-ant-x',
      TIDINGS_SANDBOX: 'required',
    });
    expect(warnings).toEqual([
      'TIDINGS_SANDBOX (environment) is ignored on Cloudflare Workers: there are no processes.',
    ]);
  });

  test('is shown with all that it holds', () => {
    const rows = (file: object): string[] =>
      describeConfig(load({ file }))
        .split('\n')
        .filter((line) => line.startsWith('sandbox'))
        .map((line) => line.split(/ {2,}/).slice(0, 3).join(' | '));
    expect(rows({})).toEqual([
      'sandbox | preferred | default',
      'sandbox.hosts | the usual package registries | default',
      'sandbox.write | none | default',
      'sandbox.hide | none | default',
    ]);
    expect(rows({ sandbox: { mode: 'off', hosts: [], hide: ['/a', '/b'] } })).toEqual([
      'sandbox | off | file',
      'sandbox.hosts | none | file',
      'sandbox.write | none | file',
      'sandbox.hide | /a, /b | file',
    ]);
  });
});
