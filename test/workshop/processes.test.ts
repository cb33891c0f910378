import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { afterTest, alive, bench, freshFolder, namespacesWork, notRun, oddSleep, until } from './setup.ts';

/** Everything a command could try to outlive its call with. */
const hiding = (sleep: string): string =>
  `(setsid nohup ${sleep} >/dev/null 2>&1 &) ; ( ( ${sleep} & ) & ) ; nohup ${sleep} & disown; sleep 0.1`;

const modes = [
  ['a PID namespace', {}],
  ['the mark alone', { isolation: 'marker' }],
] as const;

test('PID namespaces are used wherever the system has them', async () => {
  const { workshop } = bench();
  expect(await workshop.isolation()).toBe(namespacesWork() ? 'namespace' : 'marker');
  const marked = bench({ isolation: 'marker' });
  expect(await marked.workshop.isolation()).toBe('marker');
});

describe.each(modes)('with %s', (_name, setting) => {
  if (!('isolation' in setting) && !namespacesWork()) {
    test('everything that dies with its call', () => notRun('PID namespaces'));
    return;
  }

  test('everything a command started dies with its normal end, a double-forked daemon too', async () => {
    const { bash } = bench(setting);
    const sleep = oddSleep();
    const outcome = await bash(`${hiding(sleep)}; echo done`);
    expect(outcome).toEqual({ ok: true, text: 'done' });
    expect(alive(sleep)).toBe(0);
  });

  test('everything dies with an abort, before the call rejects', async () => {
    const { call } = bench(setting);
    const sleep = oddSleep();
    const stop = new AbortController();
    const running = call(
      'bash',
      { command: `trap '' TERM INT HUP; ${hiding(sleep)}; ${sleep}` },
      { signal: stop.signal },
    );
    await until(() => alive(sleep) === 4);
    stop.abort(new Error('given up'));
    await expect(running).rejects.toThrow('given up');
    expect(alive(sleep)).toBe(0);
  });

  test('everything dies with a time-out, and the words say so after the partial output', async () => {
    const { call } = bench(setting);
    const sleep = oddSleep();
    const outcome = await call('bash', {
      command: `echo begun; ${hiding(sleep)}; ${sleep}`,
      timeout_seconds: 3,
    });
    expect(outcome.ok).toBe(false);
    expect(outcome.text).toMatch(/^begun\n\[ended after 3 s, its time limit/);
    expect(alive(sleep)).toBe(0);
  });

  test('an abort before anything runs starts nothing', async () => {
    const { call, data } = bench(setting);
    await expect(call('bash', { command: 'echo x > ran' }, { signal: AbortSignal.abort('no') })).rejects.toBe(
      'no',
    );
    expect(existsSync(join(data, 'scratch', 'chat_1', 'ran'))).toBe(false);
  });

  test('an abort at the very start leaves nothing behind', async () => {
    const { call } = bench(setting);
    const sleep = oddSleep();
    for (const turns of [0, 1, 3, 6, 12, 25]) {
      const stop = new AbortController();
      const running = call('bash', { command: `(setsid ${sleep} &); ${sleep}` }, { signal: stop.signal });
      running.catch(() => undefined);
      for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setTimeout(next, 1));
      stop.abort('stop');
      await expect(running).rejects.toBe('stop');
      expect(alive(sleep)).toBe(0);
    }
  });

  test('a command that forks without end is ended', async () => {
    const { call } = bench(setting);
    const sleep = oddSleep();
    const outcome = await call('bash', {
      command: `spread() { (setsid bash -c "$1" &) ; }; for i in $(seq 60); do spread '${sleep}'; done; ${sleep}`,
      timeout_seconds: 1,
    });
    expect(outcome.text).toContain('ended after 1 s');
    expect(alive(sleep)).toBe(0);
  });

  test('a gateway that is killed leaves nothing to the next one on its data folder', async () => {
    const data = join(freshFolder(), 'data');
    const sleep = oddSleep();
    const gateway = spawn(
      process.execPath,
      [
        resolve('test/workshop/gateway.ts'),
        data,
        'isolation' in setting ? 'marker' : '',
        `${hiding(sleep)}; ${sleep}`,
      ],
      { stdio: 'inherit' },
    );
    afterTest(() => gateway.kill('SIGKILL'));
    await until(() => alive(sleep) === 4);
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    const next = bench({ ...setting, dataFolder: data, dataFolderId: basename(dirname(data)) });
    expect(await next.workshop.sweepAll()).toEqual({ left: [] });
    expect(alive(sleep)).toBe(0);
  });

  test('a sweep ends the processes of its worker and attempt, and no others', async () => {
    const { call, worker, workshop } = bench(setting);
    const [mine, later, other] = [oddSleep(), oddSleep(), oddSleep()];
    const running = [
      call('bash', { command: `${mine}; echo $?` }, { worker: worker() }),
      call('bash', { command: later }, { worker: worker({ attempt: 11 }) }),
      call('bash', { command: other }, { worker: worker({ session: 'sub_2' }) }),
    ];
    await until(() => alive(mine) + alive(later) + alive(other) === 3);
    expect(await workshop.sweep(worker())).toEqual({ left: [] });
    expect([alive(mine), alive(later), alive(other)]).toEqual([0, 1, 1]);
    expect((await running[0])?.ok).toBe(false);
    expect(await workshop.sweep(worker())).toEqual({ left: [] });
    await workshop.sweepAll();
    await Promise.all(running);
    expect([alive(later), alive(other)]).toEqual([0, 0]);
  });
});

test('a daemon that empties its environment dies with its call in a PID namespace', async () => {
  if (!namespacesWork()) return notRun('PID namespaces');
  const { bash } = bench();
  const sleep = oddSleep();
  await bash(`(setsid env -i ${sleep} &) ; (setsid env -i setsid ${sleep} &); sleep 0.1`);
  expect(alive(sleep)).toBe(0);
});

test('a PID namespace dies with a gateway killed by SIGKILL, without anyone sweeping', async () => {
  if (!namespacesWork()) return notRun('PID namespaces');
  const data = join(freshFolder(), 'data');
  const sleep = oddSleep();
  const gateway = spawn(process.execPath, [
    resolve('test/workshop/gateway.ts'),
    data,
    '',
    `${hiding(sleep)}; ${sleep}`,
  ]);
  afterTest(() => gateway.kill('SIGKILL'));
  await until(() => alive(sleep) === 4);
  gateway.kill('SIGKILL');
  await until(() => alive(sleep) === 0);
});

test('a command in a PID namespace is an ordinary process: signals it sends itself work', async () => {
  if (!namespacesWork()) return notRun('PID namespaces');
  const { bash } = bench();
  expect((await bash('echo $PPID')).text).toBe('1');
  expect((await bash('kill -TERM $$; echo survived')).text).toBe(
    '(no output)\n[exit code 143, as after SIGTERM]',
  );
  expect((await bash('kill -9 $$; echo survived')).text).toBe(
    '(no output)\n[exit code 137, as after SIGKILL]',
  );
});

test('commands see the folder of the chat as /tmp where nothing that is needed lies below the real one', async () => {
  const outside = freshFolder('/var/tmp');
  const { bash, call, workshop, worker } = bench({
    dataFolder: join(outside, 'data'),
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    // Wherever the project and its Node lie while this is tried.
    needed: [],
  });
  const opened = await workshop.open(worker(), new AbortController().signal);
  await call('write', { path: '/tmp/from-write', content: 'one' });
  mkdirSync(join(outside, 'data', 'tmp', 'chat_2'), { recursive: true });
  writeFileSync(join(outside, 'data', 'tmp', 'chat_2', 'strange'), '');
  if (!namespacesWork()) return notRun('PID namespaces');
  expect(opened.kind === 'ready' && opened.note).toContain(
    '/tmp is one folder that all sessions of this chat share.',
  );
  expect((await bash('cat /tmp/from-write; ls /tmp; echo $TMPDIR; echo two > /tmp/from-bash')).text).toBe(
    'onefrom-write\n/tmp',
  );
  expect((await call('read', { path: '/tmp/from-bash' })).text).toContain('two');
  const long = await bash('seq 20000');
  const file = /the whole is in (\S+)/.exec(long.text)?.[1] ?? '';
  expect(file).toMatch(/^\/tmp\/output\//);
  expect((await bash(`wc -l < ${file}`)).text).toBe('20000');
});
