/** A command that does its worst, in a real sandbox: what it may not write, read, reach or break out of. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Worker } from '../../src/core/ports.ts';
import { describeEnclosed, type Enclosed, enclosed, fill } from '../workshop/enclosed.ts';
import { freshFolder, git } from '../workshop/setup.ts';

const secret = 'the-secret-of-these-tests';
/** What lies in a home and in a data folder, and is nobody's business. */
const inHome = [
  '.ssh/id_ed25519',
  '.gnupg/private-keys-v1.d/key',
  '.aws/credentials',
  '.azure/token',
  '.config/gcloud/credentials.db',
  '.config/gh/hosts.yml',
  '.config/git/credentials',
  '.kube/config',
  '.docker/config.json',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.git-credentials',
  '.cargo/credentials.toml',
  '.claude.json',
  '.claude/.credentials.json',
];
const inData = [
  'admin-token',
  'tokens.json',
  'tidings.db',
  'tidings.db-wal',
  'tmp/chat_2/note',
  'scratch/chat_2/note',
  'worktrees/chat_2/fix/note',
  'workspaces/chat_2.json',
];

let house: Enclosed;
let worker: Worker;
let workspace: string;
let sibling: string;

describeEnclosed('a command in the sandbox', () => {
  beforeAll(async () => {
    house = enclosed({}, {});
    fill(house.home, Object.fromEntries(inHome.map((name) => [name, secret])));
    // The library would open this one by itself.
    mkdirSync(join(house.home, '.npm/_logs'), { recursive: true });
    fill(house.data, Object.fromEntries(inData.map((name) => [name, secret])));
    ({ worker, folder: workspace } = await house.worktree());
    ({ folder: sibling } = await house.worktree({ session: 'sub_2', path: 'other' }));
    fill(house.data, { 'tmp/chat_1/report.md': 'for all of the chat\n' });
  });
  afterAll(() => house.close());

  test('writes in its workspace and in what its chat shares', async () => {
    const { said, data } = house;
    // It is /tmp itself where nothing that is needed lies below the machine's own.
    expect(
      await said('echo mine > new; cat new; echo ours > $TMPDIR/new; cat $TMPDIR/report.md', worker),
    ).toBe('mine\nfor all of the chat');
    expect(readFileSync(join(data, 'tmp/chat_1/new'), 'utf8')).toBe('ours\n');
    expect((await house.bash('rm new $TMPDIR/new', worker)).ok).toBe(true);
  });

  test('writes nowhere else, neither by a path nor through a link', async () => {
    const { bash, repo, data, home, folder } = house;
    const common = join(repo, '.git');
    const places = [
      join(repo, 'README.md'),
      join(repo, 'new'),
      join(common, 'hooks/post-checkout'),
      join(common, 'config'),
      join(common, 'info/exclude'),
      join(common, 'HEAD'),
      join(common, 'index'),
      join(common, 'refs/heads/main'),
      join(common, 'refs/heads/evil'),
      join(common, 'worktrees/other/HEAD'),
      join(common, 'objects/info/alternates'),
      join(common, 'objects/pack/new'),
      join(sibling, 'new'),
      join(sibling, '.git'),
      join(data, 'tidings.db'),
      join(home, '.bashrc'),
      join(home, '.npm/_logs/new'),
      join(folder, 'new'),
      '/etc/new',
      '/usr/bin/new',
      '/var/tmp/new',
    ];
    const before = places.map((place) => (existsSync(place) ? readFileSync(place, 'utf8') : undefined));
    for (const [at, place] of places.entries()) symlinkSync(place, join(workspace, `link-${at}`));
    const direct = places.map((place) => `(echo x >> '${place}') 2>/dev/null && echo wrote '${place}'`);
    const linked = places.map(
      (place, at) => `(echo x >> link-${at}) 2>/dev/null && echo wrote link ${place}`,
    );
    const { text } = await bash([...direct, ...linked, 'rm -f link-*', 'true'].join('\n'), worker);
    // What is hidden is an empty place of the command's own, where anything can be written that nobody ever sees.
    const unseen = places.filter((place) => place.startsWith(data));
    const wrote = text.split('\n').filter((line) => !unseen.some((place) => line.endsWith(place)));
    expect(wrote).toEqual(['(no output)'].filter((line) => text === line));
    expect(places.map((place) => (existsSync(place) ? readFileSync(place, 'utf8') : undefined))).toEqual(
      before,
    );
  });

  test("changes neither the pointers by which git finds its settings, nor anyone's branch but its own", async () => {
    const { bash, repo } = house;
    const own = join(repo, '.git/worktrees/fix');
    const pointers = [
      join(workspace, '.git'),
      ...['commondir', 'gitdir', 'config.worktree'].map((name) => join(own, name)),
    ];
    const before = pointers.map((file) => readFileSync(file, 'utf8'));
    const main = git(repo, 'rev-parse', 'main');
    const tries = [
      ...pointers.flatMap((file) => [
        `echo x > ${file}`,
        `rm -f ${file}`,
        `mv ${file} x`,
        `ln -sf /dev/null ${file}`,
      ]),
      'git config core.fsmonitor "touch /tmp/ran"',
      'git config --worktree core.fsmonitor "touch /tmp/ran"',
      'git update-ref refs/heads/main HEAD~0 && git branch -f main HEAD',
      'git branch evil',
      'git tag evil',
      'git worktree add /tmp/evil',
      'git worktree remove --force ../other',
      'git pack-refs --all',
      'git gc -q --prune=now',
      'git push . HEAD:main',
    ];
    const { text } = await bash(
      [
        'git commit -q --allow-empty -m work',
        ...tries.map((line) => `(${line}) >/dev/null 2>&1 && echo "did ${line}"`),
        'true',
      ].join('\n'),
      worker,
    );
    expect(text).toBe('(no output)');
    expect(pointers.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    expect(git(repo, 'rev-parse', 'main')).toBe(main);
    expect(git(repo, 'branch', '--format=%(refname:short)').split('\n')).toEqual([
      'main',
      'subagent/fix',
      'subagent/other',
    ]);
    expect(git(repo, 'log', '-1', '--format=%s', 'subagent/fix')).toBe('work');
    expect(git(repo, 'tag')).toBe('');
    expect(git(repo, 'fsck', '--strict')).not.toContain('error');
  });

  test('reads no credentials, nothing of other chats, and nothing of the gateway', async () => {
    const { bash, data, home } = house;
    const places = [
      ...inHome.map((name) => join(home, name)),
      ...inData.map((name) => join(data, name)),
      '/etc/shadow',
      sibling,
    ];
    const tries = places.map((place) => `cat '${place}' 2>/dev/null`);
    const { text } = await bash(
      [...tries, `grep -rs ${secret} '${home}' '${data}' /proc/*/environ`, 'env', 'true'].join('\n'),
      worker,
    );
    expect(text).toContain(`HOME=${home}`);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('sk-ant-');
    expect(text).not.toContain('root:');
    expect((await bash(`ls '${sibling}'`, worker)).ok).toBe(false);
    // A program that looks for its settings finds none, rather than one that it can't open.
    expect(await house.said(`cat '${home}/.npmrc'; ls -A '${home}/.ssh'; echo fine`, worker)).toBe('fine');
  });

  test('sees no process but its own', async () => {
    const { text } = await house.bash(
      `cat /proc/[0-9]*/comm | sort -u; kill -0 ${process.pid}; cat /proc/${process.pid}/environ; cat /proc/1/environ`,
      worker,
    );
    const seen = text.split('\n').filter((line) => /^[a-z-]+$/.test(line));
    expect(seen).toEqual(expect.arrayContaining(['apply-seccomp', 'bash', 'cat']));
    expect(seen.filter((name) => !['apply-seccomp', 'bash', 'cat', 'sort'].includes(name))).toEqual([]);
    expect(text).not.toContain('PATH=');
    expect(text).toContain('No such process');
  });
});

describeEnclosed('a command that tries to get out', () => {
  beforeAll(() => {
    house = enclosed();
  });
  afterAll(() => house.close());

  test('gets no namespaces, no mounts and no devices, and finds the kernel as it was', async () => {
    const { bash, data } = house;
    const kernel = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const tries = [
      'unshare -Ur true',
      'unshare -Urm true',
      'unshare -m true',
      'bwrap --ro-bind / / true',
      'mount -t tmpfs none /mnt',
      `mount -o remount,bind,rw /`,
      'umount -l /proc',
      `umount -l '${data}'`,
      'mount -t proc proc /mnt',
      'nsenter -t 1 -m true',
      'nsenter -t 1 -p true',
      'mknod null c 1 3 && echo x > null',
      "echo '|/bin/true' > /proc/sys/kernel/core_pattern",
      'echo 1 > /proc/sys/vm/overcommit_memory',
      'echo h > /proc/sysrq-trigger',
      'echo 1 > /sys/kernel/mm/ksm/run',
      'echo x > /proc/1/mem',
      'head -c 1 /dev/mem',
      'head -c 1 /proc/kcore',
      'hostname evil',
      'ipcs -m | grep -q 0x',
    ];
    const { text } = await bash(
      [...tries.map((line) => `(${line}) >/dev/null 2>&1 && echo "did: ${line}"`), 'true'].join('\n'),
    );
    expect(text).toBe('(no output)');
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(kernel);
  });

  test('connects to no socket of the host: neither by file, nor by its loopback, nor to any network', async () => {
    const { bash, folder, said } = house;
    const heard: string[] = [];
    const local = createSocket((socket) => {
      heard.push('unix');
      socket.end('x');
    });
    const path = join(folder, 'daemon.sock');
    const web = createServer((_, response) => {
      heard.push('web');
      response.end('x');
    });
    await Promise.all([
      new Promise<void>((done) => local.listen(path, done)),
      new Promise<void>((done) => web.listen(0, '127.0.0.1', done)),
    ]);
    const address = web.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const tries = [
        `socat -u UNIX-CONNECT:${path} -`,
        `curl -sf --max-time 2 --unix-socket ${path} http://x/`,
        `curl -sf --max-time 2 http://127.0.0.1:${port}/`,
        `curl -sf --max-time 2 --noproxy '*' http://127.0.0.1:${port}/`,
        `(echo > /dev/tcp/127.0.0.1/${port})`,
        `curl -sf --max-time 2 --noproxy '' http://localhost:${port}/`,
        `curl -sf --max-time 2 --noproxy '' http://127.0.0.1:${port}/`,
        `curl -sf --max-time 2 http://not-on-the-list.invalid:${port}/`,
        `curl -sf --max-time 2 --resolve not-listed.invalid:${port}:127.0.0.1 http://not-listed.invalid:${port}/`,
      ];
      const { text } = await bash(
        [...tries.map((line) => `(${line}) >/dev/null 2>&1 && echo "did: ${line}"`), 'true'].join('\n'),
      );
      expect(text).toBe('(no output)');
      expect(heard).toEqual([]);
      expect(await said(`curl -s --noproxy '' http://127.0.0.1:${port}/`)).toContain('blocked');
    } finally {
      local.close();
      web.close();
    }
  });
});

describeEnclosed('the setting of the sandbox', () => {
  test('names hosts that are reached through the proxy, folders to write in, and places that are hidden', async () => {
    const heard: string[] = [];
    const web = createServer((request, response) => {
      heard.push(`${request.headers.host}${request.url}`);
      response.end('from outside');
    });
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    const address = web.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const apart = freshFolder('/var/tmp');
    const [open, hidden] = [join(apart, 'open'), join(apart, 'hidden')];
    mkdirSync(open);
    writeFileSync(hidden, secret);
    house = enclosed({
      hosts: [`127.0.0.1:${port}`],
      write: [open],
      hide: [hidden],
    });
    try {
      const { said, bash } = house;
      expect(await said(`curl -s http://127.0.0.1:${port}/page`)).toBe('from outside');
      expect(
        await said(
          `node -e "fetch('http://127.0.0.1:${port}/node').then((r) => r.text()).then(console.log)"`,
        ),
      ).toBe('from outside');
      expect(heard).toEqual([`127.0.0.1:${port}/page`, `127.0.0.1:${port}/node`]);
      expect((await bash(`curl -sf --max-time 2 http://127.0.0.1:1/`)).ok).toBe(false);
      await said(`echo x > ${open}/new`);
      expect(existsSync(join(open, 'new'))).toBe(true);
      expect((await bash(`cat ${hidden}`)).text).not.toContain(secret);
    } finally {
      web.close();
      await house.close();
    }
  });
});
