/** The Node host under a house: a gateway in this process, or one of its own. Owns that gateway. */
import { loadConfig } from '../../src/hosts/node/config.ts';
import { makeLog } from '../../src/hosts/node/log.ts';
import { type RunningGateway, startGateway } from '../../src/hosts/node/main.ts';
import { readLogs } from '../fault/log-book.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-child.ts';
import { environmentOf } from './house-environment.ts';
import type { HouseHost, ProcessHost } from './house-host.ts';

export function nodeHost(): HouseHost {
  let gateway: RunningGateway | undefined;
  return {
    logs: readLogs,
    async start({ folder, data, simulator, env }) {
      const config = loadConfig({ env: environmentOf(simulator, data, env), cwd: folder });
      gateway = await startGateway(config, {
        log: makeLog('silent'),
        version: 'test',
        fatal: (error) => {
          throw error;
        },
      });
      return { url: gateway.url, token: gateway.token };
    },
    async stop() {
      await gateway?.close();
      gateway = undefined;
    },
  };
}

export function nodeProcessHost(): ProcessHost {
  let gateway: GatewayProcess | undefined;
  return {
    logs: readLogs,
    gateway: () => gateway,
    async start({ folder, data, simulator, env }) {
      gateway = startGatewayProcess({ cwd: folder, env: environmentOf(simulator, data, env) });
      return gateway.ready();
    },
    async stop() {
      await gateway?.end('SIGTERM');
    },
  };
}
