/** Runs a simulator by itself: `node src/simulator/main.ts [scenario.json] [--port N]`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createPersona } from './persona.ts';
import { parseScenario, type Script } from './script.ts';
import { startSimulator } from './server.ts';

const usage = `Usage: node src/simulator/main.ts [scenario.json] [--port N] [--lenient]

Without a scenario the built-in conversation answers. --lenient leaves the API's rules unchecked.`;

/** What the command line asks for; throws an Error in words for what it can't mean. */
function readArguments(): { port: number; strict: boolean; script: Script } | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      lenient: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  if (positionals.length > 1) throw new Error(`One scenario at most, not ${positionals.length}.`);
  const port = values.port === undefined ? 0 : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port is a number from 0 to 65535, not "${values.port}".`);
  const [file] = positionals;
  const script = file === undefined ? createPersona() : parseScenario(JSON.parse(readFileSync(file, 'utf8')));
  return { port, strict: values.lenient !== true, script };
}

try {
  const wanted = readArguments();
  if (wanted === undefined) console.log(usage);
  else {
    const simulator = await startSimulator({ ...wanted, record: 'none' });
    console.log(`A simulator of the Messages API listens. No model is behind it.

  ANTHROPIC_BASE_URL=${simulator.url} ANTHROPIC_API_KEY=simulated

Ctrl-C ends it.`);
    const stop = (code: number) => () => void simulator.close().then(() => process.exit(code));
    process.once('SIGINT', stop(130));
    process.once('SIGTERM', stop(143));
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
