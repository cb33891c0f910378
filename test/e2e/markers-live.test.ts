/** Markers while they stream and through a restart, on any host: they act once, and people never see them. */
import { expect, test } from 'vitest';
import { ended, notesOf, openChat, streamed } from './marker-chat.ts';

test('an answer with markers streams without them, however they are cut, and its words are what was streamed', async () => {
  const words =
    'First this.\n\n```\n[SESSION_STATUS]\n```\n\nThen [SESSION_STATUS] and [CREATE_SESSION: that.';
  const text = `${words.replace('\n\nThen', '\n\n[CREATE_SESSION: count to ten]\n\nThen')}\n\n[SESSION_STATUS]`;
  const { chat, feed, house } = await openChat(
    [{ text, chunk: 1 }, { text: 'Well then.' }, { text: 'Ten.' }],
    { 'count to ten': { text: '1 to 10.', gate: 'child' } },
  );
  await chat.say('Begin.');
  await ended(feed, 1);
  const [first] = (await chat.messages()).filter(({ role }) => role === 'assistant');
  expect(first?.text).toBe(words);
  expect(words.startsWith(streamed(feed, first?.id ?? ''))).toBe(true);
  expect(streamed(feed, first?.id ?? '')).toContain('```\n[SESSION_STATUS]\n```');
  // They are told of, and so is the skill about them; there are no repositories, and no skill for these.
  expect(house.requests[0]?.systemText).toMatch(/^Markers$[\s\S]*^- markers: /m);
  expect(house.requests[0]?.systemText).not.toMatch(/^- worktrees: /m);
  // What the model said stays what it said.
  const sent = house.requests
    .flatMap(({ messages }) => messages)
    .find(({ role, blocks }) => role === 'assistant' && blocks[0]?.text !== 'Well then.');
  expect(sent?.blocks[0]?.text).toBe(text);
  const [created, listed] = notesOf(house);
  const [child] = await chat.subagents();
  expect(created).toMatch(`[SESSION_CREATED: ${child?.id} worker ${child?.path} ${child?.id}]\n`);
  expect(JSON.parse(/^\[SESSIONS: (.*)\]$/s.exec(listed ?? '')?.[1] ?? '')).toMatchObject([
    { id: child?.id, type: 'worker', path: child?.path, status: 'running' },
  ]);
  house.simulator.open('child');
  await ended(feed, 2);
});

test('an answer that a restart cut is asked for again, and its markers act once', async () => {
  const { chat, feed, house } = await openChat(
    ({ lastUserText }) =>
      lastUserText.includes('Begin')
        ? {
            text: 'Now.\n\n[CREATE_SESSION: count the spoons]\n\nSo.',
            chunk: 4,
            gate: { name: 'late', afterEvent: 14 },
          }
        : { text: 'Well.' },
    { 'count the spoons': { text: 'Nine.', gate: 'child' } },
  );
  await chat.say('Begin.');
  await feed.first('delta');
  await house.stop();
  house.simulator.open('late');
  await house.start();
  const again = house.client.chat(chat.id);
  const later = again.feed();
  await ended(later, 1);
  await house.stop();
  await house.start();
  expect((await again.subagents()).map(({ label }) => label)).toEqual(['count-the-spoons']);
  expect(await again.said()).toEqual(['Now.\n\nSo.', 'Well.']);
  house.simulator.open('child');
  await ended(again.feed(), 2);
});
