import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { parseScenario, type Reply } from '../../src/simulator/script.ts';
import { lookTool, model, simulate, textIn } from './harness.ts';

describe('which row answers', () => {
  test('the first that fits, by words, system prompt, transcript, model, tools and place', async () => {
    const { client } = await simulate({
      script: parseScenario({
        rows: [
          { when: { requestIndex: 0 }, reply: { text: 'first of all' } },
          { when: { system: 'pirate', lastUserText: 'hello' }, reply: { text: 'ahoy' } },
          { when: { lastUserText: { regex: '^HELLO', flags: 'i' } }, reply: { text: 'hi' } },
          { when: { model: 'claude-haiku-5-5' }, reply: { text: 'small' } },
          { when: { hasTool: 'look' }, reply: { text: 'armed' } },
          {
            when: { transcriptIncludes: 'once upon', lacksTool: 'look', answers: 1 },
            reply: { text: 'a tale' },
          },
        ],
        otherwise: { text: 'nothing fits' },
      }),
    });
    const ask = async (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      textIn(
        await client.messages.create({
          model,
          max_tokens: 100,
          messages: [{ role: 'user', content: 'x' }],
          ...more,
        }),
      );
    const words = (content: string) => ({ messages: [{ role: 'user' as const, content }] });
    expect(await ask(words('hello'))).toBe('first of all');
    expect(await ask({ ...words('hello'), system: 'You are a pirate.' })).toBe('ahoy');
    expect(await ask(words('Hello there'))).toBe('hi');
    expect(await ask({ model: 'claude-haiku-5-5' })).toBe('small');
    expect(await ask({ tools: [lookTool] })).toBe('armed');
    expect(
      await ask({
        messages: [
          { role: 'user', content: 'once upon a time' },
          { role: 'assistant', content: 'yes?' },
          { role: 'user', content: 'go on' },
        ],
      }),
    ).toBe('a tale');
    expect(await ask({})).toBe('nothing fits');
  });

  test('a row is used as often as it says', async () => {
    const { say } = await simulate({
      script: { rows: [{ when: { times: 2 }, reply: { text: 'a' } }, { reply: { text: 'b' } }] },
    });
    const heard: string[] = [];
    for (const words of ['1', '2', '3']) heard.push(textIn(await say(words)));
    expect(heard).toEqual(['a', 'a', 'b']);
  });

  test('all words since the last answer count, and only those', async () => {
    const { client, simulator } = await simulate({
      script: (request) => ({ text: `${request.lastUserText.replaceAll('\n', '+')} ${request.answers}` }),
    });
    const message = await client.messages.create({
      model,
      max_tokens: 100,
      messages: [
        { role: 'user', content: 'old' },
        { role: 'assistant', content: 'ok' },
        { role: 'user', content: 'a' },
        { role: 'user', content: [{ type: 'text', text: 'b' }] },
      ],
    });
    expect(textIn(message)).toBe('a+b 1');
    expect(simulator.violations).toEqual([]);
  });

  test('what no row fits is told so', async () => {
    const { say } = await simulate({ script: { rows: [] } });
    expect(textIn(await say('open sesame'))).toContain('“open sesame”');
  });

  test('a scenario with a wrong field is refused by name', () => {
    expect(() => parseScenario({ rows: [{ reply: { txt: 'Hi' } }] })).toThrow(
      /rows\[0\].reply[\s\S]*txt|txt[\s\S]*rows\[0\].reply/,
    );
  });

  test('a script can be replaced while the simulator runs', async () => {
    const { simulator, say } = await simulate({ script: { rows: [{ reply: { text: 'a' } }] } });
    await say('x');
    simulator.follow(() => ({ text: 'b' }));
    expect(textIn(await say('x'))).toBe('b');
  });

  test('a script function that throws is an error 500 that carries its words', async () => {
    const { say, simulator } = await simulate({
      script: () => {
        throw new Error('forgot my lines');
      },
    });
    await expect(say('x')).rejects.toThrow(/forgot my lines/);
    expect(simulator.counts.faulted).toBe(1);
  });
});

describe('how an answer ends', () => {
  const ending = async (reply: Reply, more: Partial<Anthropic.MessageStreamParams> = {}) => {
    const { say } = await simulate({ script: { rows: [{ reply }] } });
    return say('x', { tools: [lookTool], ...more });
  };

  test('max_tokens in the middle of a text', async () => {
    const message = await ending({ text: '0123456789', stop: 'max_tokens', cutAt: 4 });
    expect(message.stop_reason).toBe('max_tokens');
    expect(textIn(message)).toBe('0123');
  });

  test('max_tokens in the middle of a tool call leaves its input incomplete', async () => {
    const message = await ending({
      text: 'I look.',
      toolCalls: [{ name: 'look', input: { at: 'a long way from here' } }],
      stop: 'max_tokens',
    });
    expect(message.stop_reason).toBe('max_tokens');
    const [, cut] = message.content;
    expect(cut?.type).toBe('tool_use');
    expect(JSON.stringify(cut)).not.toContain('from here');
  });

  test("the request's own max_tokens cuts, too, and 0 gives no answer at all", async () => {
    const message = await ending({ text: 'x'.repeat(100) }, { max_tokens: 10 });
    expect([message.stop_reason, textIn(message).length]).toEqual(['max_tokens', 40]);
    expect((await ending({ text: 'x' }, { max_tokens: 0 })).content).toEqual([]);
  });

  test('a stop sequence cuts before itself', async () => {
    const message = await ending({ text: 'one STOP two' }, { stop_sequences: ['STOP'] });
    expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'STOP' });
    expect(textIn(message)).toBe('one ');
  });

  test('a refusal names its category', async () => {
    const message = await ending({ text: 'No.', stop: 'refusal', category: 'bio' });
    expect(message).toMatchObject({ stop_reason: 'refusal', stop_details: { category: 'bio' } });
  });

  test('a paused turn can be sent back as it is', async () => {
    const { client, simulator } = await simulate({
      script: {
        rows: [
          { when: { answers: 0 }, reply: { text: 'I search.', stop: 'pause_turn' } },
          { reply: { text: 'Found.' } },
        ],
      },
    });
    const question: Anthropic.MessageParam = { role: 'user', content: 'x' };
    const ask = (messages: Anthropic.MessageParam[]) =>
      client.messages.stream({ model, max_tokens: 100, messages }).finalMessage();
    const paused = await ask([question]);
    expect(paused.stop_reason).toBe('pause_turn');
    expect(textIn(await ask([question, { role: 'assistant', content: paused.content }]))).toBe('Found.');
    expect(simulator.violations).toEqual([]);
  });

  test('an empty reply is an answer without blocks', async () => {
    expect(await ending({})).toMatchObject({ content: [], stop_reason: 'end_turn' });
  });

  test('blocks come in an order of their own', async () => {
    const message = await ending({
      blocks: [{ toolCall: { name: 'look', id: 'mine' } }, { text: 'after' }],
    });
    expect(message.content.map(({ type }) => type)).toEqual(['tool_use', 'text']);
    expect(message.content[0]).toMatchObject({ id: 'mine' });
  });
});

describe('pace and gates', () => {
  test('a gate holds replies until it is opened', async () => {
    const { simulator, say } = await simulate({
      script: { rows: [{ reply: { text: 'Hi.', gate: 'door' } }] },
    });
    const answers = [say('a'), say('b'), say('c')];
    await simulator.until(() => simulator.waiting('door') === 3);
    expect(simulator.counts).toMatchObject({ answered: 0, inFlight: 3 });
    expect(simulator.release('door')).toBe(1);
    await simulator.until(() => simulator.counts.answered === 1);
    expect(simulator.waiting('door')).toBe(2);
    simulator.open('door');
    await Promise.all(answers);
    await say('d');
    expect(simulator.counts).toMatchObject({ answered: 4, mostInFlight: 3 });
  });

  test('a gate in mid-stream holds the rest, while the beginning is there to read', async () => {
    const { simulator, client } = await simulate({
      script: { rows: [{ reply: { text: 'abcdef', chunk: 2, gate: { name: 'door', afterEvent: 4 } } }] },
    });
    const stream = client.messages.stream({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'x' }],
    });
    let seen = '';
    const first = new Promise<void>((resolve) =>
      stream.on('text', (delta) => {
        seen += delta;
        resolve();
      }),
    );
    await first;
    expect([seen, simulator.waiting('door'), simulator.requests[0]?.events]).toEqual(['ab', 1, 4]);
    simulator.open('door');
    expect(textIn(await stream.finalMessage())).toBe('abcdef');
  });

  test('a paced answer arrives in pieces and whole', async () => {
    const { simulator, say } = await simulate({
      script: { rows: [{ reply: { text: 'x'.repeat(80), chunk: 8, tokensPerSecond: 200, delayMs: 5 } }] },
    });
    const answer = say('x');
    const sent = () => simulator.requests[0]?.events ?? 0;
    await simulator.until(() => sent() > 0);
    const beginning = sent();
    expect(textIn(await answer)).toHaveLength(80);
    expect(beginning).toBeLessThan(sent());
  });

  test('a client that leaves is noticed, held or paced', async () => {
    const { simulator, client } = await simulate({
      script: {
        rows: [
          { when: { requestIndex: 0 }, reply: { gate: 'door' } },
          { reply: { text: 'x'.repeat(400), tokensPerSecond: 1 } },
        ],
      },
    });
    for (const ready of [
      () => simulator.waiting('door') === 1,
      () => simulator.requests[1]?.firstByteAt !== undefined,
    ]) {
      const stream = client.messages.stream({
        model,
        max_tokens: 1000,
        messages: [{ role: 'user', content: 'x' }],
      });
      const answer = stream.finalMessage();
      answer.catch(() => {});
      await simulator.until(ready);
      stream.abort();
      await expect(answer).rejects.toThrow(Anthropic.APIUserAbortError);
    }
    await simulator.until(() => simulator.counts.aborted === 2);
    expect(simulator.waiting('door')).toBe(0);
  });

  test('waiting for what never happens ends with an account of what does', async () => {
    const { simulator } = await simulate();
    await expect(simulator.until(() => false, 10)).rejects.toThrow(/10 ms.*"requests":0/);
  });
});
