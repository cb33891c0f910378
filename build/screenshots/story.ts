/**
 * What the people and models of the pictures say: one chat about a release, and who works on it. Owns the words and
 * their pace, so that at one moment some are done, some at work, one waits and one has failed.
 */
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';

/** The files of the repository that they work in. */
export const files: Readonly<Record<string, string>> = {
  'src/backoff.ts': [
    '/** Waits a second between tries. */',
    'export async function retry(send: () => Promise<Response>): Promise<Response> {',
    '  for (let tries = 0; ; tries++) {',
    '    const response = await send();',
    '    if (response.ok || tries === 5) return response;',
    '    await sleep(1_000);',
    '  }',
    '}',
    '',
  ].join('\n'),
  'src/payment.test.ts': [
    "test('a payment is taken once', async () => {",
    '  await pay(order);',
    '  await sleep(50);',
    '  expect(await payments(order)).toHaveLength(1);',
    '});',
    '',
  ].join('\n'),
  'docs/webhooks.md': '# Webhooks\n\nEach event is sent once.\n',
  'migrations/014_orders.sql': 'alter table orders add column sent_at timestamptz;\n',
};

const bash = (command: string) => ({ name: 'bash', input: { command } });
const write = (path: string, content: string) => ({ name: 'write', input: { path, content } });
const spawn = (label: string, task: string, more: object = {}) => ({
  name: 'sessions_spawn',
  input: { label, task, repo: 'shop', ...more },
});

/** What the person says, one after the other. */
export const said = {
  plan: 'We ship 2.4 on Friday. Please get the open points of `shop` done, and keep me posted: the payment test that fails now and then, retries for webhooks, their docs, the migration, and what a load test says.',
  ask: 'How do the retries work now? I have a call about them in ten minutes.',
} as const;

const main: readonly Reply[] = [
  {
    text: 'All of these can go on at the same time. I hand them out, and tell you what comes back.',
    toolCalls: [
      spawn(
        'payment-test',
        'Find out why payment.test.ts fails now and then, and mend the cause, not the test.',
      ),
      spawn(
        'migration',
        'Review migrations/014_orders.sql: locks, the way back, and how long it takes on 40 million rows.',
        {
          role: 'reviewer',
        },
      ),
      spawn('load-test', 'Run the load test against the branch. Done when p95 is below 300 ms.', {
        done_when: { commands: ['echo "p95 412 ms, wanted 300 ms"; exit 1'] },
      }),
      spawn(
        'webhook-retry',
        'Send webhooks again when they fail, with growing pauses and jitter. Hand on the tests.',
      ),
      spawn(
        'webhook-docs',
        'Describe the retries in docs/webhooks.md: when, how often, and how a receiver tells doubles.',
      ),
      spawn('publish', 'Prepare the release branch, and push it for review.'),
      spawn('dependencies', 'Bring the dependencies up to date, one commit each.'),
      spawn('changelog', 'Write the entries of 2.4 from the commits since 2.3.'),
    ],
  },
  {
    text: [
      'Eight are on it:',
      '',
      '| what | who | until |',
      '|---|---|---|',
      '| payment test, migration, load test | `payment-test`, `migration`, `load-test` | today |',
      '| webhooks with retries, and their docs | `webhook-retry`, `webhook-docs` | today |',
      '| release branch and changelog | `publish`, `changelog` | Friday |',
      '',
      'Nothing is pushed before you have allowed it.',
    ].join('\n'),
  },
];

const answer: Reply = {
  text: [
    'A webhook that fails is sent again up to **eight times within a day**. The pauses double, and each is cut by chance so that receivers which come back are not run over:',
    '',
    '```ts',
    'export function pause(tries: number): number {',
    '  const most = Math.min(FIRST_MS * 2 ** tries, HOUR_MS);',
    '  return most / 2 + Math.random() * (most / 2);',
    '}',
    '```',
    '',
    '- A `4xx` other than `408` and `429` is not tried again: the receiver has refused it.',
    '- Each try carries the same `Webhook-Id`, so a receiver can tell doubles.',
    '',
    '`webhook-retry` has this in its branch; its tests are being written now.',
  ].join('\n'),
  tokensPerSecond: 400,
};

const backoff = [
  '/** Tries again with pauses that double, each cut by chance, so that nobody is run over. */',
  'export async function retry(send: () => Promise<Response>): Promise<Response> {',
  '  for (let tries = 0; ; tries++) {',
  '    const response = await send();',
  '    if (response.ok || isRefused(response) || tries === MOST) return response;',
  '    await sleep(pause(tries));',
  '  }',
  '}',
  '',
  'export function pause(tries: number): number {',
  '  const most = Math.min(FIRST_MS * 2 ** tries, HOUR_MS);',
  '  return most / 2 + Math.random() * (most / 2);',
  '}',
  '',
].join('\n');

const forEver = { gate: 'never' } as const;

/** By label: what each does, request by request. */
const parts: Readonly<Record<string, readonly Reply[]>> = {
  'payment-test': [
    {
      text: 'I run it a hundred times first.',
      toolCalls: [bash('for n in $(seq 100); do true; done; echo "3 of 100 failed"')],
      delayMs: 3_000,
    },
    {
      toolCalls: [
        write(
          'src/payment.test.ts',
          "test('a payment is taken once', async () => {\n  await pay(order);\n  await settled(order);\n  expect(await payments(order)).toHaveLength(1);\n});\n",
        ),
      ],
      delayMs: 6_000,
    },
    {
      text: 'The test waited 50 ms for something that takes up to 80. It now waits until the order is settled: 0 of 500 runs failed.',
      delayMs: 5_000,
    },
  ],
  migration: [
    { toolCalls: [bash('cat migrations/014_orders.sql')], delayMs: 4_000 },
    {
      text: 'The column has no default, so **no table is rewritten** and the lock is held for milliseconds. The way back is `drop column`. Nothing stands against it.',
      delayMs: 9_000,
    },
  ],
  'load-test': [
    { toolCalls: [bash('echo "200 clients, 60 s: p50 120 ms, p95 412 ms"')], delayMs: 5_000 },
    { text: 'p95 is 412 ms: the search for open orders reads the whole table.', delayMs: 7_000 },
  ],
  'webhook-retry': [
    {
      text: 'I read what is there, then write the pauses.',
      toolCalls: [bash('cat src/backoff.ts; git log --oneline')],
      delayMs: 4_000,
    },
    { toolCalls: [write('src/backoff.ts', backoff)], delayMs: 8_000 },
    {
      toolCalls: [
        spawn('retry-tests', 'Tests for src/backoff.ts: pauses, refusals, the last try.'),
        spawn('clock', 'A clock for tests that can be moved.'),
      ],
      delayMs: 3_000,
    },
    { text: 'The pauses stand. I wait for the tests.', delayMs: 2_000 },
    { text: 'The clock is there; the tests are not yet.', delayMs: 1_000 },
  ],
  'retry-tests': [
    { text: 'I begin with the pauses.', toolCalls: [bash('ls src; echo "ok 7 tests"')], delayMs: 5_000 },
    {
      toolCalls: [write('src/backoff.test.ts', "test('pauses double up to an hour', () => {});\n")],
      delayMs: 8_000,
    },
    {
      text: 'Now the refusals: a receiver that answers 410 must not be asked again, so the test counts what arrives there and',
      tokensPerSecond: 12,
      gate: { name: 'never', afterEvent: 4 },
    },
  ],
  clock: [
    { toolCalls: [bash('echo "clock.ts written"')], delayMs: 4_000 },
    { text: 'There is a clock that tests can move: `src/clock.ts`.', delayMs: 4_000 },
  ],
  'webhook-docs': [
    { toolCalls: [bash('cat docs/webhooks.md')], delayMs: 4_000 },
    { toolCalls: [bash('sleep 600')], delayMs: 5_000 },
  ],
  publish: [
    { toolCalls: [bash('git switch -q -c release/2.4 && git log --oneline -3')], delayMs: 5_000 },
    { toolCalls: [bash('git push origin release/2.4')], delayMs: 4_000 },
  ],
  dependencies: [
    { toolCalls: [bash('echo "12 behind"')], delayMs: 6_000 },
    { toolCalls: [bash('sleep 600')], delayMs: 3_000 },
  ],
  changelog: [forEver],
};

/** The script of the model. */
export function story(request: ParsedRequest): Reply {
  if (request.toolNames.includes('stay_silent')) return mainLine(request);
  const task = firstWords(request);
  const name = Object.keys(parts).find((label) => task.includes(taskOf(label)));
  const lines = name === undefined ? [] : (parts[name] ?? []);
  return lines[request.answers] ?? lines.at(-1) ?? { text: 'Done.' };
}

function mainLine(request: ParsedRequest): Reply {
  const words = request.lastUserText;
  if (words.includes(said.ask)) return answer;
  if (words.includes('<subagent-announcement')) return newsOf(words);
  return main[request.answers] ?? { toolCalls: [{ name: 'stay_silent' }] };
}

/** What the assistant tells of an ending. */
function newsOf(words: string): Reply {
  if (words.includes('412 ms'))
    return {
      text: 'The **load test failed**: p95 is 412 ms, since the search for open orders reads the whole table. An index on `orders (sent_at)` would mend it; shall I have it added?',
    };
  if (words.includes('settled'))
    return { text: 'The payment test is mended: it waited 50 ms for something that takes up to 80.' };
  return { toolCalls: [{ name: 'stay_silent' }] };
}

function taskOf(label: string): string {
  const calls = [...main, ...Object.values(parts).flat()].flatMap(({ toolCalls = [] }) => toolCalls);
  return String(calls.find(({ input }) => input?.label === label)?.input?.task ?? label);
}

function firstWords({ messages }: ParsedRequest): string {
  const before = messages.findIndex(({ role }) => role === 'assistant');
  const own = before === -1 ? messages : messages.slice(0, before);
  return own
    .flatMap(({ blocks }) => blocks)
    .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
    .join('\n');
}
