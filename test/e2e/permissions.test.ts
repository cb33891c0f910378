/**
 * What must be allowed before it runs: asked once, told to people at once and to the parent, answered once, through
 * whatever happens meanwhile; and what the rules forbid.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bash, cast, resultOf, spawn, subagents } from './cast.ts';
import type { Answer, Chat } from './client.ts';
import { freshFolder, type House, openHouse, openProcessHouse } from './harness.ts';
import { describeWithProcesses } from './hosts.ts';

interface Decision {
  readonly decision?: string;
  readonly text?: string;
}

/** Without a target: what the assistant itself asks. */
function decide(
  house: House,
  chat: Chat,
  request: string,
  { decision, text }: Decision,
  target?: string,
): Promise<Answer> {
  const path = target === undefined ? '/answer' : `/subagents/${target}/answer`;
  return house.client.post(chat.path(path), {
    request,
    ...(decision === undefined ? {} : { decision }),
    ...(text === undefined ? {} : { text }),
  });
}

/** A subagent that makes a mark, where making marks must be allowed. */
function marking(mark: string, config: object = { trust: { ask: ['bash(touch *)'] } }) {
  return {
    config,
    script: cast({
      main: [
        { toolCalls: [spawn('Make the mark.', { label: 'marker' })] },
        { text: 'Under way.' },
        { text: 'I see.' },
      ],
      'Make the mark': [
        { toolCalls: [bash(`true && touch ${mark}`)] },
        (request) => ({ text: `It said: ${resultOf(request, 'bash')}` }),
      ],
    }),
  };
}

describeWithProcesses('a command that must be allowed', () => {
  test('waits, is shown whole, and runs once a person has allowed it', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse(marking(mark));
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { request, subagentId } = await feed.first('input.requested');
    expect(request).toMatchObject({ kind: 'permission', title: `bash: true && touch ${mark}`, person: true });
    expect(request.detail).toContain(`true && touch ${mark}`);
    expect(request.detail).toContain('bash(touch *)');
    expect((await chat.subagent('marker')).id).toBe(subagentId);
    expect((await feed.first('notice')).text).toContain('marker asks for permission: bash: true && touch');
    expect(existsSync(mark)).toBe(false);
    expect((await decide(house, chat, request.id, { decision: 'allow' }, 'marker')).status).toBe(200);
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toBe('It said: (no output)');
    expect(existsSync(mark)).toBe(true);
    expect(await feed.first('input.answered')).toMatchObject({ by: 'person', decision: 'allow' });
    expect((await decide(house, chat, request.id, { decision: 'deny' }, 'marker')).status).toBe(409);
  });

  test('never runs once it is denied; its subagent and the assistant are told why', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse(marking(mark));
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { request } = await feed.first('input.requested');
    const no = { decision: 'deny', text: 'Marks are for people.' };
    expect((await decide(house, chat, request.id, no, 'marker')).status).toBe(200);
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toContain('Not run: denied by a person (admin):\nMarks are for people.');
    await feed.first('announcement.read');
    const heard = house.requests.map(({ lastUserText }) => lastUserText).join('\n');
    expect(heard).toContain('A person denied what was asked for by your subagent marker');
    expect(existsSync(mark)).toBe(false);
  });

  test('waits through kills of the gateway and runs once, however often it was asked', async () => {
    const mark = join(freshFolder(), 'marks');
    const script = marking(mark).script;
    const house = await openProcessHouse({ config: { trust: { subagents: 'ask' } }, script });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { request } = await feed.first('input.requested');
    await feed.first('turn.ended', () => feed.all('turn.ended').length === feed.all('turn.started').length);
    for (let n = 0; n < 3; n++) {
      await house.gateway.end('SIGKILL');
      await house.start();
    }
    expect(await chat.subagent('marker')).toMatchObject({ status: 'input_required', inputRequest: request });
    const answers = await Promise.all(
      ['allow', 'allow', 'allow'].map((decision) => decide(house, chat, request.id, { decision }, 'marker')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    await feed.first('subagent.ended');
    expect(feed.all('input.requested')).toHaveLength(1);
    expect(existsSync(mark)).toBe(true);
  });

  test('of the assistant itself is answered at the chat, whose view says what it asks', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse({
      config: { trust: { main: 'ask' } },
      script: cast({
        main: [{ toolCalls: [bash(`touch ${mark}`)] }, { text: 'Done.' }],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { request, subagentId } = await feed.first('input.requested');
    expect(subagentId).toBeUndefined();
    const { body } = await house.client.get(chat.path());
    expect(body).toMatchObject({ chat: { status: 'input_required', inputRequest: { id: request.id } } });
    expect((await decide(house, chat, request.id, { text: 'Sure.' })).body).toMatchObject({
      status: 422,
      errors: [{ path: 'decision' }],
    });
    expect((await decide(house, chat, 'chat.q7', { decision: 'allow' })).status).toBe(404);
    expect((await decide(house, chat, request.id, { decision: 'allow' })).body).toEqual({
      answer: { request: request.id },
    });
    expect((await decide(house, chat, request.id, { decision: 'allow' })).status).toBe(409);
    await feed.first('turn.ended');
    expect(existsSync(mark)).toBe(true);
    expect(await chat.said()).toEqual(['Done.']);
  });

  test('gives way to what the person says instead', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse({
      config: { trust: { main: 'ask' } },
      script: cast({ main: [{ toolCalls: [bash(`touch ${mark}`)] }, { text: 'Then not.' }] }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    await feed.first('input.requested');
    await chat.say('No, leave it.');
    expect(await feed.first('input.answered')).toMatchObject({ outcome: 'withdrawn' });
    await feed.first('turn.ended');
    expect(await chat.said()).toEqual(['Then not.']);
    expect(existsSync(mark)).toBe(false);
  });

  test('that the assistant could run unasked it may allow, and nothing more', async () => {
    const folder = freshFolder();
    const [own, theirs] = [join(folder, 'own'), join(folder, 'theirs')];
    const house = await openHouse({
      config: { trust: { subagents: 'ask', ask: [`bash(touch ${theirs})`] } },
      script: cast({
        main: (request) => {
          const id = /request "(\S+)", decision/.exec(request.lastUserText)?.[1];
          const allow = { target: 'marker', decision: 'allow' };
          if (id !== undefined) return { toolCalls: [subagents('answer', { ...allow, request: id })] };
          return request.answers === 0
            ? { toolCalls: [spawn('Make the marks.', { label: 'marker' })] }
            : { text: 'Well.' };
        },
        'Make the marks': [
          { toolCalls: [bash(`touch ${own}`)] },
          { toolCalls: [bash(`touch ${theirs}`)] },
          { text: 'Tried.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make them.');
    const second = await feed.first('input.requested', ({ request }) => request.id.endsWith('.q2'));
    expect(feed.all('input.answered')).toMatchObject([{ by: 'parent', decision: 'allow' }]);
    expect(existsSync(own)).toBe(true);
    await chat.say('Well?');
    const refused = () => house.requests.map((one) => resultOf(one, 'subagents')).join('\n');
    await expect.poll(refused).toContain('beyond your own rights');
    expect(existsSync(theirs)).toBe(false);
    await decide(house, chat, second.request.id, { decision: 'allow' }, 'marker');
    await feed.first('subagent.ended');
    expect(existsSync(theirs)).toBe(true);
  });

  test('that the rules forbid is not run, and the chat shows what was tried', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse(marking(mark, { trust: { deny: ['bash(touch *)'] } }));
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent.result).toContain('Not run, and nobody can allow it here');
    expect(existsSync(mark)).toBe(false);
    const notice = feed.all('notice').find(({ level }) => level === 'warning');
    expect(notice?.text).toContain(`marker tried what the rules don't allow: bash: true && touch ${mark}`);
  });

  test('waits for the plan first, where a plan is asked for', async () => {
    const mark = join(freshFolder(), 'mark');
    const house = await openHouse({
      script: cast({
        main: [
          { toolCalls: [spawn('Make the mark.', { label: 'marker', trust: 'plan' })] },
          { text: 'Well.' },
        ],
        'Make the mark': [
          { toolCalls: [bash(`touch ${mark}`)] },
          { toolCalls: [{ name: 'report', input: { plan: 'Make one mark.\n1. touch it' } }] },
          { toolCalls: [bash(`touch ${mark}`)] },
          { text: 'Made.' },
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Make it.');
    const { request } = await feed.first('input.requested');
    expect(request).toMatchObject({
      kind: 'plan',
      title: 'Make one mark.',
      detail: 'Make one mark.\n1. touch it',
    });
    expect(existsSync(mark)).toBe(false);
    await decide(house, chat, request.id, { decision: 'allow' }, 'marker');
    expect((await feed.first('subagent.ended')).subagent.result).toBe('Made.');
    expect(existsSync(mark)).toBe(true);
  });
});

describe('a page of the web that must be asked for', () => {
  test('is not fetched when it is denied', async () => {
    const house = await openHouse({
      config: { trust: { ask: ['web_fetch'] } },
      script: cast({
        main: [
          { toolCalls: [{ name: 'web_fetch', input: { url: 'https://news.example.org/' } }] },
          (request) => ({ text: resultOf(request, 'web_fetch') }),
        ],
      }),
    });
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await chat.say('Look.');
    const { request } = await feed.first('input.requested');
    expect(request.title).toBe('web_fetch: https://news.example.org/');
    await decide(house, chat, request.id, { decision: 'deny', text: 'Not now.' });
    await feed.first('turn.ended');
    expect((await chat.said())[0]).toContain('Not run: denied by a person (admin):\nNot now.');
  });
});
