/** What the API refuses for good: the chat is parked, told in words, and loses nothing. */
import { describe, expect, test } from 'vitest';
import { cast, isMain, spawn } from './cast.ts';
import { openHouse } from './harness.ts';

describe('a request that the API refuses for good', () => {
  const refusals = [
    { status: 400, reason: 'invalid', words: 'refused the request as invalid' },
    { status: 401, reason: 'auth', words: 'ANTHROPIC_API_KEY' },
    { status: 402, reason: 'billing', words: 'billing page' },
    { status: 403, reason: 'permission', words: 'may not use' },
    { status: 404, reason: 'not_found', words: 'TIDINGS_MODEL' },
    { status: 413, reason: 'too_large', words: 'too large' },
  ] as const;
  test.each(refusals)(
    '$status parks the chat, and what was said is answered once it is mended',
    async (row) => {
      const house = await openHouse({
        script: () => ({ faults: [{ status: row.status, message: 'Simulated refusal' }] }),
      });
      const chat = await house.client.newChat();
      const feed = chat.feed();
      await chat.say('Hello there.');
      const ended = await feed.first('turn.ended');
      expect(ended).toMatchObject({ stop: 'parked' });
      expect(ended.error).toContain(row.words);
      expect(await chat.view()).toMatchObject({ status: 'parked', reason: row.reason });
      const notice = await feed.first('notice');
      expect(notice).toMatchObject({ level: 'error' });
      expect(notice.text).toContain(row.words);
      expect(notice.text).toContain('Nothing is lost');
      expect(notice.text).toContain('Simulated refusal');
      expect((await chat.messages()).at(-1)).toMatchObject({ role: 'notice', text: notice.text });
      // What may be the words' own fault is tried twice as it is, and twice without them.
      const tried = row.status === 400 || row.status === 413 ? 4 : 1;
      expect(house.requests).toHaveLength(tried);

      house.simulator.follow(cast({ main: { text: 'Hello to you.' } }));
      await chat.resume();
      await feed.first('message', ({ message }) => message.text === 'Hello to you.');
      expect(house.requests).toHaveLength(tried + 1);
      expect(house.requests.at(-1)?.messages).toHaveLength(1);
      expect(house.requests.at(-1)?.lastUserText).toContain('Hello there.');
      expect((await chat.view()).status).toBe('idle');
    },
  );

  test("newer words of a person wake a parked chat; a subagent's news does not", async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil.')] };
          if (request.lastUserText.includes('Break')) return { faults: [{ status: 401 }] };
          return { text: request.lastUserText.includes('<subagent-announcement') ? 'Heard.' : 'Well.' };
        },
        Toil: { text: 'Toiled.', gate: 'toil' },
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    await feed.first('turn.ended');
    await chat.say('Break.');
    await feed.first('turn.ended', ({ stop }) => stop === 'parked');
    house.simulator.open('toil');
    await feed.first('subagent.ended');
    expect(await chat.view()).toMatchObject({ status: 'parked' });
    expect(house.requests.filter(isMain)).toHaveLength(3);

    house.simulator.follow(cast({ main: { text: 'Heard it all.' } }));
    await chat.say('Mended.');
    await feed.first('message', ({ message }) => message.text === 'Heard it all.');
    const last = house.requests.at(-1)?.lastUserText ?? '';
    expect(last).toMatch(/Break\.[\s\S]*Mended\.[\s\S]*<subagent-announcement/);
    await feed.first('turn.ended', ({ turn }) => turn === 3);
    expect(feed.all('announcement.read')).toHaveLength(1);
  });

  test('of a subagent fails it with its partial work, and its parent hears why', async () => {
    const house = await openHouse({
      script: cast({
        main: (request) => {
          if (request.lastUserText.includes('Begin'))
            return { toolCalls: [spawn('Try it.', { label: 'trial' })] };
          return { text: 'Well.' };
        },
        'Try it': [
          { text: 'Half of it.', toolCalls: [{ name: 'report', input: { progress: 'halfway' } }] },
          { faults: [{ status: 402, message: 'No credit' }] },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Begin.');
    const ended = await feed.first('subagent.ended');
    expect(ended.subagent).toMatchObject({ status: 'failed', reason: 'model' });
    expect(ended.subagent.result).toContain('No credit');
    expect(ended.subagent.result).toContain('Half of it.');
    await feed.first('announcement.read');
    expect(house.requests.some((one) => one.lastUserText.includes('status="failed" reason="model"'))).toBe(
      true,
    );
    await feed.until(() => feed.all('turn.ended').length === feed.all('turn.started').length);
    expect((await chat.view()).status).toBe('idle');
  });

  test('a parked chat survives a restart and is answered when it is resumed', async () => {
    const house = await openHouse({ script: () => ({ faults: [{ status: 401 }] }) });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Still there?');
    await feed.first('turn.ended');
    await house.stop();
    await house.start();
    expect(await chat.view()).toMatchObject({ status: 'parked', reason: 'auth' });
    house.simulator.follow(cast({ main: { text: 'Still here.' } }));
    await chat.resume();
    await feed.first('message', ({ message }) => message.text === 'Still here.');
    expect(house.requests).toHaveLength(2);
  });
});
