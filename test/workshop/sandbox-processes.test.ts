/** A command in the sandbox lives and dies as one without: the central cases of processes.test.ts, behind walls. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEnclosed, type Enclosed, enclosed } from './enclosed.ts';
import { afterTest, alive, freshFolder, oddSleep, until } from './setup.ts';

const hiding = (sleep: string): string =>
  `(setsid nohup ${sleep} >/dev/null 2>&1 &) ; ( ( ${sleep} & ) & ) ; (setsid env -i ${sleep} &) ; nohup ${sleep} & disown; sleep 0.1`;

const modes = [
  ['a PID namespace', {}],
  ['the mark alone', { isolation: 'marker' }],
] as const;

describeEnclosed('a sandboxed command', () => {
  describe.each(modes)('with %s', (_name, setting) => {
    let house: Enclosed;
    beforeAll(() => {
      house = enclosed({}, setting);
    });
    afterAll(() => house.close());

    test('ends with all that it started, a double-forked daemon with an empty environment too', async () => {
      const sleep = oddSleep();
      expect(await house.bash(`${hiding(sleep)}; echo done`)).toEqual({ ok: true, text: 'done' });
      expect(alive(sleep)).toBe(0);
    });

    test('dies with an abort, before the call rejects', async () => {
      const sleep = oddSleep();
      const stop = new AbortController();
      const command = `trap '' TERM INT HUP; ${hiding(sleep)}; ${sleep}`;
      const running = house.call(house.worker(), 'bash', { command }, stop.signal);
      await until(() => alive(sleep) === 5);
      stop.abort(new Error('given up'));
      await expect(running).rejects.toThrow('given up');
      expect(alive(sleep)).toBe(0);
    });

    // What follows is the same with both.
    if ('isolation' in setting) return;

    test('dies with its time limit, and what it had printed is told', async () => {
      const sleep = oddSleep();
      const command = `echo begun; ${hiding(sleep)}; ${sleep}`;
      const { ok, text } = await house.call(house.worker(), 'bash', { command, timeout_seconds: 4 });
      expect([ok, text]).toEqual([false, expect.stringMatching(/^begun\n\[ended after 4 s, its time limit/)]);
      expect(alive(sleep)).toBe(0);
    });

    test('dies with a sweep of its worker, and no other does', async () => {
      const [mine, other] = [oddSleep(), oddSleep()];
      const running = [
        house.bash(mine, house.worker({ session: 'sub_7' })),
        house.bash(other, house.worker({ session: 'sub_8' })),
      ];
      await until(() => alive(mine) + alive(other) === 2);
      expect(await house.workshop.sweep(house.worker({ session: 'sub_7' }))).toEqual({ left: [] });
      expect([alive(mine), alive(other)]).toEqual([0, 1]);
      await house.workshop.sweep(house.worker({ session: 'sub_8' }));
      await Promise.all(running);
      expect(alive(other)).toBe(0);
    });

    test('has the exit code, the signals, the output and the arguments of any other', async () => {
      const { bash, said } = house;
      expect((await bash('exit 7')).text).toBe('(no output)\n[exit code 7]');
      expect((await bash('kill -TERM $$; echo survived')).text).toBe(
        '(no output)\n[exit code 143, as after SIGTERM]',
      );
      expect((await bash('kill -9 $$; echo survived')).text).toBe(
        '(no output)\n[exit code 137, as after SIGKILL]',
      );
      expect(await said('echo $PPID $$; [ -d /proc/$$ ] && echo there')).toBe('1 2\nthere');
      expect(await said('echo out; echo err >&2; echo more > /dev/stdout; echo last > /dev/stderr')).toBe(
        'out\nerr\nmore\nlast',
      );
      expect(await said('cat; tty; echo "$TIDINGS_ARGUMENT_2$0"')).toBe('not a tty\n/bin/bash');
      const long = `x='${'é'.repeat(60_000)}'; echo \${#x}`;
      expect(await said(long)).toMatch(/^(60000|120000)$/);
      expect(await said(`printf '%s|' 'a "b" \\'"'"'c'"'"' $d' '!' '\`x\`'`)).toBe(`a "b" \\'c' $d|!|\`x\`|`);
    });
  });
});

describeEnclosed('a gateway that is killed by SIGKILL', () => {
  test('takes its sandboxed commands along, and leaves the next one no helper and no socket', async () => {
    const data = join(freshFolder('/var/tmp'), 'data');
    const sleep = oddSleep();
    const gateway = spawn(
      process.execPath,
      [resolve('test/workshop/sandbox-gateway-process.ts'), data, `${hiding(sleep)}; ${sleep}`],
      { stdio: 'inherit' },
    );
    afterTest(() => gateway.kill('SIGKILL'));
    await until(() => alive(sleep) === 5);
    const sockets = (): string[] =>
      readdirSync('/var/tmp').filter((name) => name.startsWith('tidings-killed-with-sandbox-'));
    const helper = `socat UNIX-LISTEN:/var/tmp/${sockets()[0]}/`;
    expect(helpers(helper)).toBe(1);
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    await until(() => alive(sleep) + helpers(helper) === 0);
    const next = enclosed({}, { dataFolder: data, dataFolderId: 'killed-with-sandbox' });
    expect(await next.workshop.sweepAll()).toEqual({ left: [] });
    expect(await next.said('echo works')).toBe('works');
    expect(sockets()).toHaveLength(1);
    await next.close();
    expect(sockets()).toEqual([]);
  });
});

/** How many live processes begin with this command line. */
function helpers(beginning: string): number {
  const lines = readdirSync('/proc').map((name) => {
    try {
      return /^\d+$/.test(name) ? readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') : '';
    } catch {
      return '';
    }
  });
  return lines.filter((line) => line.startsWith(beginning)).length;
}
