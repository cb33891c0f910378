/** Fetches the page that its argument names, as a process of its own, and prints what a model would read. */
import { fetchPage } from '../../src/hosts/node/fetch/fetch-page.ts';
import { systemLookup } from '../../src/hosts/node/fetch/names.ts';
import { makeFetchPolicy } from '../../src/tools/fetch-policy.ts';
import { usualLimits } from '../../src/tools/page-fetch.ts';

const outcome = await fetchPage(
  {
    policy: makeFetchPolicy({ allow: ['127.0.0.1'], refuse: [] }),
    lookup: systemLookup,
    limits: usualLimits,
    keep: async () => 'nowhere',
  },
  { url: process.argv[2] ?? '' },
  { signal: new AbortController().signal },
);
console.log(outcome.text);
