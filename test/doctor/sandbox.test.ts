/** `tidings doctor` says whether commands are enclosed on this machine, and what to do if they are not. */
import { expect, test } from 'vitest';
import { sandboxesWork } from '../workshop/enclosed.ts';
import { notRun } from '../workshop/setup.ts';
import { examined, of, pathWith } from './patient.ts';

const tools = ['sh', 'bash', 'env', 'mkfifo', 'true', 'unshare', 'setpriv', 'mount', 'which', 'socat'];

test('the doctor tries a sandbox, and says what is in force', async () => {
  if (!sandboxesWork()) return notRun('bubblewrap and socat');
  const usual = await examined({ env: { TIDINGS_SANDBOX: 'preferred' } });
  expect(of(usual, 'sandbox')).toEqual([
    expect.stringMatching(
      /^ok: preferred: each command writes in its session's folders only, reads no credentials and reaches \d+ hosts$/,
    ),
  ]);
  const config = {
    sandbox: { mode: 'required', hosts: ['a.example.org'], write: ['/var/tmp'], hide: ['/srv/x'] },
  };
  expect(of(await examined({ config, env: { TIDINGS_SANDBOX: 'required' } }), 'sandbox')).toEqual([
    "ok: required: each command writes in its session's folders only, reads no credentials and reaches 1 host; it may also write in /var/tmp; it may not read /srv/x",
  ]);
});

test('the doctor says what is missing for one, and takes it for a problem where it is required', async () => {
  const PATH = pathWith(tools);
  const without = await examined({ env: { TIDINGS_SANDBOX: 'preferred', PATH } });
  expect(of(without, 'sandbox')).toEqual([
    expect.stringMatching(
      /^warning: there is none: bubblewrap is missing: apt-get install bubblewrap, .* -> Do that, or set sandbox to off/,
    ),
  ]);
  const required = await examined({ env: { TIDINGS_SANDBOX: 'required', PATH } });
  expect(of(required, 'sandbox')).toEqual([
    expect.stringMatching(/^problem: required, and there is none: bubblewrap is missing: .* -> Do that/),
  ]);
  expect(required.code).toBe(1);
});

test('the doctor tells of one that bubblewrap can not make, in its words', async () => {
  if (!sandboxesWork()) return notRun('bubblewrap and socat');
  const refusing = {
    bwrap:
      'case "$*" in *--help*|*--version*) exit 0;; esac; echo "bwrap: No permissions to create new namespace" >&2; exit 1',
  };
  const report = await examined({
    env: {
      TIDINGS_SANDBOX: 'preferred',
      PATH: pathWith([...tools, 'readlink', 'ls', 'nsenter', 'grep', 'cat'], refusing),
    },
  });
  expect(of(report, 'sandbox')).toEqual([
    expect.stringMatching(
      /^warning: there is none: bubblewrap can't make one here \(bwrap: No permissions to create new namespace\)\. It needs user namespaces: sysctl/,
    ),
  ]);
});

test('the doctor says of one that is switched off what that means', async () => {
  expect(of(await examined({ env: { TIDINGS_SANDBOX: 'off' } }), 'sandbox')).toEqual([
    'warning: switched off, so commands read, write and reach what this user does -> Set sandbox to preferred or required.',
  ]);
});
