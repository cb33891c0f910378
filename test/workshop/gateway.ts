/**
 * A process that runs one command in a workshop until it is killed. Arguments: data folder, mode, command. Its processes
 * are marked with the name of the folder that holds the data folder, so that whoever sweeps up ends these and no others.
 */
import { basename, dirname } from 'node:path';
import { makeWorkshop } from '../../src/hosts/node/workshop/workshop.ts';

const [data = '', mode = '', command = ''] = process.argv.slice(2);
const workshop = makeWorkshop({
  dataFolder: data,
  dataFolderId: basename(dirname(data)),
  repositories: {},
  processes: 4,
  ...(mode === 'marker' ? { isolation: 'marker' } : {}),
});
await workshop.run(
  { session: 'chat_1', chat: 'chat_1', attempt: 1, path: '' },
  { id: 'call_1', name: 'bash', input: { command } },
  { signal: new AbortController().signal, onAlive: () => undefined },
);
