/** `tidings start`: runs the gateway in this terminal until it is told to stop. */
import { flushCompileCache } from 'node:module';
import { loadConfig } from '../hosts/node/config.ts';
import { makeLog } from '../hosts/node/log.ts';
import { startGateway } from '../hosts/node/main.ts';
import { version } from './version.ts';

/** Exit codes of a process that a signal ended, after a clean stop. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** npm may hand one Ctrl-C on twice; a later one means: at once. */
const SAME_SIGNAL_MS = 500;

/** Resolves with the exit code when the gateway has stopped. */
export async function start(print: (line: string) => void): Promise<number> {
  const config = loadConfig({ env: process.env, cwd: process.cwd() });
  const log = makeLog(config.log);
  // Listened to from the first moment: a signal that comes while it starts ends it in order, too.
  const signal = firstSignal();
  const gateway = await startGateway(config, {
    log,
    version,
    fatal(error) {
      // What could not be written was not acknowledged; the next start goes on from what was.
      log.fatal({ err: error }, 'the log could not be written: the gateway ends at once');
      process.exit(1);
    },
  });
  for (const line of greeting(gateway, config)) print(line);
  // Kept now, not at the end: a gateway may be killed.
  flushCompileCache();
  const code = await signal;
  print('Stopping; what is at work goes on at the next start.');
  await gateway.close();
  return code;
}

/** Resolves with the exit code that the first signal asks for; a later one ends the process at once. */
function firstSignal(): Promise<number> {
  return new Promise((resolve) => {
    let since: number | undefined;
    for (const [signal, code] of Object.entries(signals)) {
      process.on(signal, () => {
        if (since !== undefined && performance.now() - since > SAME_SIGNAL_MS) process.exit(code);
        since ??= performance.now();
        resolve(code);
      });
    }
  });
}

function greeting(
  gateway: { url: string; signInLink: string; tokenPath?: string; notices: readonly string[] },
  config: { simulator: boolean; model: string; data: string },
): string[] {
  const { url, signInLink } = gateway;
  const token = gateway.tokenPath ? `$(cat ${gateway.tokenPath})` : '$TIDINGS_TOKEN';
  return [
    `Open ${signInLink} in a browser: it signs you in, once, within the hour.`,
    '',
    `Tidings ${version} listens on ${url}`,
    config.simulator
      ? 'No key is set, so a SIMULATOR answers, not a model: set ANTHROPIC_API_KEY for a real one.'
      : `Answers come from ${config.model}.`,
    `Chats are kept in ${config.data}.`,
    ...gateway.notices,
    '',
    'In another terminal: tidings chat talks with it, tidings link prints another link for a browser',
    '(in a checkout: npm run tidings -- chat, npm run tidings -- link). Or by HTTP:',
    `  T="Authorization: Bearer ${token}"`,
    `  curl -s -X POST ${url}/v1/chats -H "$T" -H 'Content-Type: application/json' -d '{"id":"hello"}'`,
    '',
    `The whole API: ${url}/docs        Stop: Ctrl-C`,
  ];
}
