import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { wishesIn } from '../../src/simulator/persona/wishes.ts';
import { createPersona } from '../../src/simulator/persona.ts';
import { model, simulate, textIn } from './harness.ts';

const tools = (...names: string[]): Anthropic.Tool[] =>
  names.map((name) => ({ name, description: name, input_schema: { type: 'object', properties: {} } }));
const mainTools = tools('sessions_spawn', 'subagents', 'stay_silent');
const reportTool: Anthropic.Tool = {
  name: 'report',
  description: 'Tells people how far it is.',
  input_schema: {
    type: 'object',
    properties: { kind: { enum: ['progress', 'question'] }, text: { type: 'string' } },
  },
};

/** A conversation with the persona in which each request is the last one's with more behind it. */
async function converse(offered: Anthropic.Tool[]) {
  const { client, simulator } = await simulate({
    script: createPersona({ tokensPerSecond: null, stepDelayMs: 0 }),
  });
  const messages: Anthropic.MessageParam[] = [];
  return {
    simulator,
    async hear(...content: Anthropic.ContentBlockParam[]) {
      messages.push({ role: 'user', content });
      const answer = await client.messages
        .stream({ model, max_tokens: 4000, tools: offered, messages })
        .finalMessage();
      messages.push({ role: 'assistant', content: answer.content });
      expect(textIn(answer)).toMatch(/^\[simulator\] ./);
      expect(simulator.violations).toEqual([]);
      const calls = answer.content.filter((block) => block.type === 'tool_use');
      return { text: textIn(answer), calls };
    },
  };
}
const text = (words: string) => ({ type: 'text', text: words }) as const;
const result = (call: { id: string } | undefined, content: string, is_error = false) =>
  ({ type: 'tool_result', tool_use_id: call?.id ?? '', content, is_error }) as const;

describe('as the assistant', () => {
  test('it hands on the task alone, without the comma before what is asked besides', async () => {
    const { hear } = await converse(mainTools);
    const { calls } = await hear(
      text('Spawn a subagent called docs to write a README, and tell me when it is done.'),
    );
    expect(calls).toMatchObject([{ input: { label: 'docs', task: 'write a README' } }]);
  });

  test('it spawns on request, tells that it has, and passes on the news', async () => {
    const { hear } = await converse(mainTools);
    const asked = await hear(
      text('[2026-11-20 10:44 UTC, ada via web]\nSpawn a subagent called docs to write a README.'),
    );
    expect(asked.calls).toMatchObject([
      { name: 'sessions_spawn', input: { label: 'docs', task: 'write a README.' } },
    ]);
    const told = await hear(
      result(
        asked.calls[0],
        '{"status":"accepted","label":"docs-2","id":"sub_1","state":"running","note":"docs was taken"}',
      ),
    );
    expect(told.text).toContain('docs-2 is at work (docs was taken)');
    expect(told.calls).toEqual([]);
    const news = await hear(
      text(
        '<subagent-announcement nonce="k3v9q2xa" label="docs-2" id="sub_1" attempt="1" status="completed">\n[simulator] Wrote &lt;b&gt; in README.\n</subagent-announcement nonce="k3v9q2xa">',
      ),
    );
    expect(news.text).toContain('docs-2 is done: Wrote <b&gt; in README.');
    expect(news.calls).toEqual([]);
  });

  test('it tells what a kill came to in words', async () => {
    const { hear } = await converse(mainTools);
    const { calls } = await hear(text('kill docs'));
    const told = await hear(
      result(calls[0], '{"killed":["docs"],"unconfirmed":[],"alreadyEnded":["tests"],"note":"…"}'),
    );
    expect(told.text).toBe(
      '[simulator] Ended, with all that they had running: docs. Had ended before: tests.',
    );
  });

  test('it steers, lists, shows and kills, one call each', async () => {
    const { hear } = await converse(mainTools);
    let open: Anthropic.ToolUseBlock[] = [];
    const ask = async (words: string) => {
      const { calls } = await hear(...open.map((call) => result(call, 'ok')), text(words));
      open = calls;
      return calls.map(({ input }) => input);
    };
    expect(await ask('Tell docs to also mention the licence')).toEqual([
      { action: 'steer', target: 'docs', message: 'also mention the licence' },
    ]);
    expect(await ask('what are they doing?')).toEqual([{ action: 'list' }]);
    expect(await ask('show me docs')).toEqual([{ action: 'show', target: 'docs' }]);
    expect(await ask('kill docs')).toEqual([{ action: 'kill', target: 'docs' }]);
    expect(await ask('stop all subagents')).toEqual([{ action: 'kill', target: 'all' }]);
    expect(await ask('Thank you!')).toEqual([]);
  });

  test('it tells what went wrong, and what it cannot do', async () => {
    const { hear } = await converse(mainTools);
    const { calls } = await hear(text('kill docs'));
    const told = await hear(result(calls[0], 'There is no docs.', true));
    expect(told.text).toContain('did not work: There is no docs.');
    const unarmed = await converse(tools('stay_silent'));
    expect((await unarmed.hear(text('spawn a subagent'))).text).toContain("don't have it here");
  });

  test.each(['Hello', 'What is the meaning of life?', 'who are you', 'what is 6 * 7?'])(
    'it answers %j briefly',
    async (words) => {
      const { hear } = await converse(mainTools);
      const answer = await hear(text(words));
      expect(answer.calls).toEqual([]);
      expect(answer.text.length).toBeLessThan(500);
      if (words.includes('*')) expect(answer.text).toContain('42');
    },
  );
});

describe('as a subagent', () => {
  test('it reports, works in its folder, heeds a steer, and ends with a result that names its task', async () => {
    const { hear } = await converse([...tools('bash', 'sessions_spawn'), reportTool]);
    const first = await hear(text("Write the project's README"));
    expect(first.calls).toMatchObject([
      { name: 'report', input: { kind: 'progress', text: "Working on: Write the project's README" } },
    ]);
    const second = await hear(result(first.calls[0], 'noted'));
    expect(second.calls).toMatchObject([
      { name: 'bash', input: { command: expect.stringContaining("Write the project'\\''s README") } },
    ]);
    const third = await hear(
      result(second.calls[0], 'notes.md'),
      text('<steer from="parent">\nMention the licence\n</steer>'),
    );
    expect(third.text).toContain('Understood: Mention the licence');
    const fourth = await hear(result(third.calls[0], 'noted'));
    expect(fourth.calls).toMatchObject([
      { input: { command: expect.stringContaining('Also: Mention the licence') } },
    ]);
    const last = await hear(result(fourth.calls[0], 'notes.md'));
    expect(last.calls).toEqual([]);
    expect(last.text).toContain("Done: Write the project's README");
    expect(last.text).toContain('Mention the licence');
  });

  test('it ends at once where it has nothing to work with', async () => {
    const { hear } = await converse([{ ...reportTool }]);
    const first = await hear(text('Count to ten'));
    const last = await hear(result(first.calls[0], 'noted'));
    expect(last.text).toContain('Done: Count to ten');
  });
});

describe('what it understands', () => {
  const spawn = (label: string | undefined, task: string) => ({ kind: 'spawn', label, task });
  const look = 'Look around in your folder and report what you find.';
  test.each([
    ['start two subagents', [spawn('helper-1', look), spawn('helper-2', look)]],
    ['Please spawn a subagent to fix the bug', [spawn(undefined, 'fix the bug')]],
    ['spawn a subagent docs to write docs', [spawn('docs', 'write docs')]],
    [
      'start a subagent called docs to write docs and another called tests to run the tests',
      [spawn('docs', 'write docs'), spawn('tests', 'run the tests')],
    ],
    [
      'launch agents named left and right to look around',
      [spawn('left', 'look around (Part 1 of 2.)'), spawn('right', 'look around (Part 2 of 2.)')],
    ],
    [
      'spawn a subagent called docs to write docs. Then kill tests.',
      [spawn('docs', 'write docs.'), { kind: 'kill', target: 'tests' }],
    ],
    [
      'kill docs and tell tests to hurry',
      [
        { kind: 'kill', target: 'docs' },
        { kind: 'steer', target: 'tests', message: 'hurry' },
      ],
    ],
    ['How is docs doing?', [{ kind: 'list' }]],
    ['tell me a joke', []],
    ['I want to stop smoking', []],
  ])('%s', (words, wishes) => {
    expect(wishesIn(words)).toEqual(wishes);
  });
});
