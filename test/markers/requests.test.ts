/** Whatever sessions speak and call, each request is one that the API takes, and every reply is read exactly once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IntendedCall } from '../../src/core/commands.ts';
import type { Block, ModelRequest } from '../../src/core/ports.ts';
import { makeTranscript } from '../../src/core/transcript.ts';
import { wants } from '../../src/core/wants.ts';
import { reply } from '../../src/markers/replies.ts';
import { checkBody } from '../../src/simulator/rules.ts';
import { call, chat, type Play, person, rules, spawnRequest, text } from '../core/play.ts';

const spoken = {
  spawn: { do: 'spawn', request: spawnRequest('scout') },
  kill: { do: 'kill', target: 'all' },
  list: { do: 'work', readOnly: true, repeatable: true, processes: false },
  on: { do: 'progress', text: 'more' },
  wrong: { do: 'error', text: 'No such project.' },
} as const;
type Spoken = keyof typeof spoken;

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
const search: Block = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'news' },
};

const answers = fc.record({
  do: fc.constant('answer' as const),
  spoken: fc.array(fc.constantFrom<Spoken>('spawn', 'kill', 'list', 'on', 'wrong'), { maxLength: 3 }),
  tools: fc.nat({ max: 2 }),
  paused: fc.boolean(),
});
const deeds = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: answers },
    { weight: 3, arbitrary: fc.constant({ do: 'tools' as const }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('say' as const), interrupt: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constantFrom({ do: 'stop' as const }, { do: 'restart' as const }) },
  ),
  { minLength: 2, maxLength: 12 },
);
type Deed = typeof deeds extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

let made = 0;

function answer(main: Play, deed: Extract<Deed, { do: 'answer' }>): void {
  const calls = deed.spoken.map((name): IntendedCall => {
    made += 1;
    return { id: `spoken_${made}`, name, input: {}, summary: name, spoken: name, intent: spoken[name] };
  });
  const used = Array.from({ length: deed.tools }, () => call('bash', { command: 'ls' }));
  made += 1;
  const paused = deed.paused && used.length === 0;
  // What was left open is what the API's next answer begins with.
  const found = main.state.serverCalls.map(
    ({ id }): Block => ({ type: 'web_search_tool_result', tool_use_id: id, content: [] }),
  );
  const content = [
    ...found,
    text('Well.'),
    ...used,
    ...(paused ? [{ ...search, id: `srvtoolu_${made}` }] : []),
  ];
  main.do({
    type: 'answered',
    step: main.state.step?.n ?? 0,
    content,
    stop: paused ? 'pause_turn' : used.length > 0 ? 'tool_use' : 'end_turn',
    usage,
    calls: [
      ...used.map(
        (block): IntendedCall => ({
          id: String(block.id),
          name: 'bash',
          input: {},
          summary: 'bash',
          intent: { do: 'work', readOnly: false, repeatable: false, processes: true },
        }),
      ),
      ...calls,
    ],
    ms: 1,
  });
}

function act(main: Play, deed: Deed): void {
  const { step } = main.state;
  switch (deed.do) {
    case 'answer':
      if (step?.phase === 'calling') answer(main, deed);
      return;
    case 'tools':
      for (const effect of wants(main.state)) if (effect.kind === 'tool') main.tool(effect.call);
      return;
    case 'say':
      main.say('And this?', deed.interrupt);
      return;
    case 'stop':
      main.do({ type: 'stop', subagents: false, from: person });
      return;
    case 'restart':
      main.do({ type: 'host.started' });
      return;
  }
}

function requestOf(main: Play): ModelRequest {
  const transcript = makeTranscript();
  for (const recorded of main.log) transcript.add(recorded);
  return transcript.request('5m');
}

test('whatever sessions speak and call, each request is one that the API takes, and each reply is read once', () => {
  let replies = 0;
  fc.assert(
    fc.property(deeds, (all) => {
      const main = chat({ ...rules, reply });
      main.say('Begin.');
      for (const deed of all) {
        act(main, deed);
        if (main.state.step?.phase !== 'calling') continue;
        const request = requestOf(main);
        expect(checkBody({ ...request, stream: true }).map(({ id, message }) => `${id}: ${message}`)).toEqual(
          [],
        );
        const spokenSoFar = main.log.filter(
          ({ event }) => event.type === 'tool.finished' && event.block.type === 'text',
        ).length;
        const waiting = main.state.mail.waiting.filter(({ kind }) => kind === 'note').length;
        const withdrawn = main.log.filter(
          ({ event }) =>
            event.type === 'mail.settled' && event.how === 'withdrawn' && event.step === undefined,
        ).length;
        const read = JSON.stringify(request.messages).match(/<gateway-note>/g)?.length ?? 0;
        expect(read + waiting).toBeLessThanOrEqual(spokenSoFar);
        expect(read + waiting + withdrawn).toBeGreaterThanOrEqual(spokenSoFar);
        replies += read;
      }
    }),
    { numRuns: 200 },
  );
  expect(replies).toBeGreaterThan(100);
});
