/** A machine without a sandbox, and one that loses it: nothing runs without walls that were asked for. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import { usualHosts } from '../../src/config/sandbox.ts';
import { loadConfig } from '../../src/hosts/node/config.ts';
import { makeLog } from '../../src/hosts/node/log.ts';
import { startGateway } from '../../src/hosts/node/main.ts';
import { packedWith } from '../../src/hosts/node/workshop/packed-refs.ts';
import { fitLine } from '../../src/hosts/node/workshop/sandbox-line.ts';
import { enclosed, sandboxesWork } from './enclosed.ts';
import { afterTest, bench, freshFolder, notRun } from './setup.ts';

const programs = [
  'bash',
  'sh',
  'env',
  'cat',
  'ls',
  'readlink',
  'mkfifo',
  'true',
  'mount',
  'unshare',
  'setpriv',
  'nsenter',
  'git',
  'which',
];

/** A PATH on which bubblewrap, or what it needs, is not. */
function pathOf(...more: string[]): string {
  const folder = join(freshFolder(), 'bin');
  mkdirSync(folder);
  for (const name of [...programs, ...more]) {
    const at = (process.env.PATH ?? '').split(delimiter).find((place) => existsSync(join(place, name)));
    if (at !== undefined) symlinkSync(join(at, name), join(folder, name));
  }
  return folder;
}

function started(env: Record<string, string>) {
  const folder = freshFolder();
  const given = { PATH: process.env.PATH ?? '', HOME: folder, PORT: '0', ...env };
  const config = loadConfig({ env: given, cwd: folder });
  return startGateway(config, {
    log: makeLog('silent'),
    version: 'test',
    fatal: (error) => {
      throw error;
    },
  });
}

test('where it is required and can not be had, the start is refused in one line that says what to install', async () => {
  const path = process.env.PATH;
  process.env.PATH = pathOf();
  afterTest(() => {
    process.env.PATH = path;
  });
  const refused = started({ TIDINGS_SANDBOX: 'required' });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(
    /^The sandbox is required \(environment TIDINGS_SANDBOX\), and there is none: bubblewrap and socat are missing: apt-get install bubblewrap socat, .*\.$/,
  );
  process.env.PATH = path;
  process.env.PATH = pathOf('bwrap');
  await expect(started({ TIDINGS_SANDBOX: 'required' })).rejects.toThrow(
    'none: socat is missing: apt-get install socat',
  );
});

test('where it is preferred and can not be had, the start says so and goes on; switched off says nothing', async () => {
  const path = process.env.PATH;
  process.env.PATH = pathOf();
  afterTest(() => {
    process.env.PATH = path;
  });
  const gateway = await started({});
  afterTest(() => gateway.close());
  expect(gateway.notices.filter((line) => line.includes('SANDBOX'))).toEqual([
    expect.stringMatching(
      /^Commands run WITHOUT A SANDBOX, .*: bubblewrap and socat are missing: apt-get install/,
    ),
  ]);
  const off = await started({ TIDINGS_SANDBOX: 'off' });
  afterTest(() => off.close());
  expect(off.notices.join()).not.toContain('SANDBOX');
});

test('a reviewer runs nothing where there is no sandbox, and is told what it can do', async () => {
  const { bash, workshop, worker } = bench();
  expect(await workshop.sandbox()).toEqual({ on: false, why: 'it is switched off' });
  const { ok, text } = await bash('echo x > new', worker({ reviewer: true }));
  expect([ok, text]).toEqual([
    false,
    expect.stringMatching(/^The command was not run: a reviewer changes nothing.*Use read/),
  ]);
});

test('a sandbox that is lost while the gateway runs stops the commands, and none runs without', async () => {
  if (!sandboxesWork()) return notRun('bubblewrap and socat');
  const bin = pathOf('bwrap', 'socat', 'grep');
  const house = enclosed({ mode: 'preferred' }, { environment: { PATH: bin, HOME: '/nowhere' } });
  try {
    expect(await house.said('cat /proc/1/comm')).toBe('apply-seccomp');
    rmSync(join(bin, 'bwrap'));
    const { ok, text } = await house.bash('echo ran > ran; cat ran');
    expect([ok, text]).toEqual([false, expect.stringMatching(/^\(no output\)\n\[not started: .*bwrap/)]);
    // Nor does a workshop that looks anew take none for an answer.
    await house.workshop.shut();
    const again = await house.bash('echo ran > ran; cat ran');
    expect([again.ok, again.text]).toEqual([
      false,
      expect.stringContaining('there must be a sandbox, and there is none: bubblewrap is missing'),
    ]);
    expect(existsSync(join(house.data, 'scratch/sub_1/ran'))).toBe(false);
  } finally {
    await house.close();
  }
});

test('a line for bubblewrap that is not as known makes no sandbox, rather than a weaker one', () => {
  const fitting = {
    shut: ['/tmp/claude'],
    mounts: [{ kind: 'empty', to: '/e' } as const],
    variables: { A: 'b', B: undefined },
  };
  const line = (more = ''): string =>
    `bwrap --unshare-user --setenv A 'x y' --setenv B c --bind /tmp/claude /tmp/claude${more} --dev /dev --proc /proc -- sh -c 'a'"'"'b'`;
  expect(fitLine(line(), fitting)).toEqual(
    'bwrap --unshare-ipc --unshare-user --setenv A b --tmpfs /e --dev /dev --bind /proc /proc -- sh -c'
      .split(' ')
      .concat("a'b"),
  );
  expect(() => fitLine(line(' --bind-fd 3 /'), fitting)).toThrow('holds "--bind-fd"');
  expect(() => fitLine(line(' $(id)'), fitting)).toThrow('something unknown at character');
  expect(() => fitLine(line().replace('--dev /dev ', ''), fitting)).toThrow('no place for mounts');
  expect(() => fitLine(line().replace(' -- ', ' '), fitting)).toThrow('no command');
  expect(() => fitLine(`/bin/sh -c x ${line()}`, fitting)).toThrow('more folders and hosts than fit');
});

test('refs are added to packed ones in their order, and replace those of the same name with what these peel to', () => {
  const head = '# pack-refs with: peeled fully-peeled sorted \n';
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
  expect(packedWith('', new Map([['refs/heads/x', `${a}`]]))).toBe(`${head}${a} refs/heads/x\n`);
  const text = `${head}${a} refs/heads/main\n${b} refs/heads/subagent/fix\n^${c}\n${c} refs/tags/v1\n^${a}\n`;
  expect(
    packedWith(
      text,
      new Map([
        ['refs/heads/subagent/zoo', `${c}`],
        ['refs/heads/subagent/fix', `${a}`],
        ['refs/heads/a', `${b}`],
      ]),
    ),
  ).toBe(
    `${head}${b} refs/heads/a\n${a} refs/heads/main\n${a} refs/heads/subagent/fix\n${c} refs/heads/subagent/zoo\n${c} refs/tags/v1\n^${a}\n`,
  );
});

test('the usual hosts are those where packages come from, and no place that takes files from everybody', () => {
  expect(usualHosts).toContain('registry.npmjs.org');
  expect(usualHosts.filter((host) => /github|gitlab|\*|amazonaws|googleapis|pastebin/.test(host))).toEqual(
    [],
  );
});
