/** A process that runs one command in a sandbox until it is killed. Arguments: data folder, command. */
import { makeWorkshop } from '../../src/hosts/node/workshop/workshop.ts';

const [data = '', command = ''] = process.argv.slice(2);
const workshop = makeWorkshop({
  dataFolder: data,
  dataFolderId: 'killed-with-sandbox',
  repositories: {},
  processes: 4,
  sandbox: { mode: 'required', hosts: [], write: [], hide: [] },
});
await workshop.run(
  { session: 'chat_1', chat: 'chat_1', attempt: 1, path: '' },
  { id: 'call_1', name: 'bash', input: { command } },
  { signal: new AbortController().signal, onAlive: () => undefined },
);
