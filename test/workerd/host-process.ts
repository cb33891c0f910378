/**
 * A Worker in workerd as a process of its own: reads its options as one line of JSON from standard input, prints
 * `listens on URL`, and ends at SIGTERM or when whoever started it is gone, which closes that input.
 */
import { createInterface } from 'node:readline';
import { runtimeOptionsSchema, startRuntime } from './runtime.ts';

const lines = createInterface({ input: process.stdin });
const first = await new Promise<string>((resolve) => {
  lines.once('line', resolve);
  lines.once('close', () => resolve(''));
});
if (first === '') process.exit(1);

let gone = false;
lines.once('close', () => {
  gone = true;
});
const worker = await startRuntime(runtimeOptionsSchema.parse(JSON.parse(first)));
const end = (): void => {
  void worker.dispose().finally(() => process.exit(0));
};
process.once('SIGTERM', end);
if (gone) end();
else lines.once('close', end);
process.stdout.write(`listens on ${(await worker.ready).origin}\n`);
