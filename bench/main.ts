/** `npm run bench`: measures, prints the table, and says where each figure comes from. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runBench } from './bench.ts';
import { asMarkdown } from './figures.ts';
import { groups } from './groups.ts';
import { sizes } from './sizes.ts';

const usage = `Usage: npm run bench -- [--quick | --tiny] [--only GROUP,…] [--json FILE] [--profile FOLDER]

Measures the gateway beside a bare loop on the SDK, against the same scripted model, in turns, and prints a
Markdown table. The whole takes some minutes, --quick less than one; --tiny only shows that it works.
--profile keeps a CPU profile of the warm gateway. Groups: ${Object.keys(groups).join(', ')}.`;

// A signal alone would leave the gateway running and its folder behind; an exit ends the one and removes the other.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      tiny: { type: 'boolean' },
      only: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) console.log(usage);
  else {
    const result = await runBench({
      sizes: sizes[values.tiny ? 'tiny' : values.quick ? 'quick' : 'whole'],
      only: values.only?.split(',') ?? [],
      progress: (words) => console.error(words),
      ...(values.profile === undefined ? {} : { profile: values.profile }),
    });
    console.log(asMarkdown(result));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
} catch (error) {
  const isUsage = error instanceof TypeError || error instanceof RangeError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
