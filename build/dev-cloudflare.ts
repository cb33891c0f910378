/**
 * `npm run dev:cloudflare`: the Worker in the local runtime, without an account. Takes the settings of the environment
 * as `tidings start` does, keeps its chats in a folder, and brings the simulator where nothing says how to reach a
 * model. Owns none of what it starts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { adminToken } from '../src/hosts/node/admin-token.ts';
import { writePrivateFile } from '../src/hosts/node/private-file.ts';
import { createPersona } from '../src/simulator/persona.ts';
import { startSimulator } from '../src/simulator/server.ts';

const root = join(import.meta.dirname, '..');
const { env } = process;
const folder = resolve(env.TIDINGS_DATA ?? join(root, '.tidings-cloudflare'));
const port = env.PORT ?? '8787';

const given = Object.entries(env).filter(
  (entry): entry is [string, string] =>
    /^(TIDINGS|ANTHROPIC)_/.test(entry[0]) && entry[0] !== 'TIDINGS_DATA' && Boolean(entry[1]),
);
const variables = new Map(given);
mkdirSync(folder, { recursive: true, mode: 0o700 });
// wrangler wants it to be there, built or not.
mkdirSync(join(root, 'dist', 'web'), { recursive: true });
const configured = variables.get('TIDINGS_TOKEN');
const admin = adminToken(configured === undefined ? {} : { token: configured }, folder);
variables.set('TIDINGS_TOKEN', admin.token);

const reachable = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL'];
const simulator = reachable.some((name) => variables.has(name))
  ? undefined
  : await startSimulator({ script: createPersona(), record: 'none' });
if (simulator) {
  variables.set('ANTHROPIC_BASE_URL', simulator.url);
  variables.set('ANTHROPIC_API_KEY', 'simulator');
}

// Not on the command line, where everybody on this machine could read them.
const file = join(folder, 'variables.env');
rmSync(file, { force: true });
writePrivateFile(file, [...variables].map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join(''));

const url = `http://127.0.0.1:${port}`;
const wrangler = spawn(
  join(root, 'node_modules', '.bin', 'wrangler'),
  [
    ...['dev', '--ip', '127.0.0.1', '--port', port, '--local', '--env-file', file],
    ...['--persist-to', join(folder, 'state'), '--show-interactive-dev-session=false'],
  ],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', CI: 'true' },
  },
);
let greeted = false;
wrangler.stdout?.setEncoding('utf8').on('data', (text: string) => {
  process.stdout.write(text);
  if (greeted || !text.includes('Ready on')) return;
  greeted = true;
  const token = admin.path ? `$(cat ${admin.path})` : '$TIDINGS_TOKEN';
  process.stdout.write(
    `\n${[
      `Open ${url} in a browser, and sign in with the token: ${admin.path ? `cat ${admin.path}` : 'TIDINGS_TOKEN'}`,
      '',
      `Tidings on Workers listens on ${url}`,
      simulator
        ? 'No key is set, so a SIMULATOR answers, not a model: set ANTHROPIC_API_KEY for a real one.'
        : `Answers come from ${variables.get('ANTHROPIC_BASE_URL') ?? 'the Messages API'}.`,
      `Chats are kept in ${folder}.`,
      '',
      'Or talk to it from another terminal:',
      `  T="Authorization: Bearer ${token}"`,
      `  curl -s -X POST ${url}/v1/chats -H "$T" -H 'Content-Type: application/json' -d '{"id":"hello"}'`,
      `The whole API: ${url}/docs        Stop: Ctrl-C`,
    ].join('\n')}\n`,
  );
});

/** The group: wrangler has processes of its own, which a signal to it alone may leave behind. */
function end(signal: NodeJS.Signals): void {
  if (wrangler.pid !== undefined && wrangler.exitCode === null) process.kill(-wrangler.pid, signal);
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    process.exitCode = code;
    end('SIGTERM');
  });
}
process.on('exit', () => end('SIGKILL'));
const [code] = await once(wrangler, 'close');
await simulator?.close();
rmSync(file, { force: true });
process.exitCode ??= typeof code === 'number' ? code : 1;
