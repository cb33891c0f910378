/** A gateway that logs all it can: what `tidings start` runs, at the level `debug`. Ends with SIGTERM. */
import { loadConfig } from '../../src/hosts/node/config.ts';
import { makeLog } from '../../src/hosts/node/log.ts';
import { startGateway } from '../../src/hosts/node/main.ts';

const gateway = await startGateway(loadConfig({ env: process.env, cwd: process.cwd() }), {
  log: makeLog('debug'),
  version: 'test',
  fatal: (error) => {
    throw error;
  },
});
process.stdout.write(`listens on ${gateway.url}\n`);
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
