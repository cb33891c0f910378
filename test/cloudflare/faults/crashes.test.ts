/** A session that brings its object down again and again is let be; one whose object goes for other reasons is not. */
import { describe, expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { isMain, spawn } from '../../e2e/cast.ts';
import { type FaultHouse, openFaultHouse } from './house.ts';

/** Both wait at their gate with what they are asked to do. */
function script(request: ParsedRequest): Reply {
  if (!isMain(request)) return { gate: 'below', text: 'Toiled.' };
  if (request.lastUserText.includes('Delegate.')) return { toolCalls: [spawn('Toil.', { label: 'worker' })] };
  return request.lastUserText.includes('Think.') ? { gate: 'above', text: 'Thought.' } : { text: 'Well.' };
}

/** Waits until the model is asked once more on behalf of who waits at this gate. */
async function asked(house: FaultHouse, gate: string, before: number): Promise<void> {
  const { simulator } = house;
  await simulator.until(() => simulator.counts.requests > before && simulator.waiting(gate) > 0);
}

/** The object goes in the middle of the step, and comes back in this way. */
async function goes(house: FaultHouse, gate: string, session: string, back: 'nudge' | 'ring'): Promise<void> {
  const before = house.simulator.counts.requests;
  await house.bell({ what: 'reset', session });
  await house.bell(back === 'nudge' ? { what: 'nudge', session } : { what: 'ring', session, times: 1 });
  await asked(house, gate, before);
}

describe('an object that is reset at one step again and again', () => {
  test.each(['nudge', 'ring'] as const)('parks its chat, be it taken up by a %s', async (back) => {
    const house = await openFaultHouse(script);
    const chat = await house.client.newChat();
    await house.say(chat, 'Think.');
    await asked(house, 'above', 0);
    for (let times = 1; times <= 3; times += 1) await goes(house, 'above', chat.id, back);
    expect((await chat.view()).status).toBe('working');
    await house.bell({ what: 'reset', session: chat.id });
    await expect.poll(() => chat.view()).toMatchObject({ status: 'parked', reason: 'crash' });
    // Nothing is lost: resumed, it tries once more.
    house.simulator.open('above');
    await chat.resume();
    await expect.poll(() => chat.said()).toContain('Thought.');
    await expect.poll(async () => (await chat.view()).status).toBe('idle');
    await house.judged();
  });

  test('ends a subagent, and its parent hears why', async () => {
    const house = await openFaultHouse(script);
    const chat = await house.client.newChat();
    const feed = chat.feed();
    await house.say(chat, 'Delegate.');
    await asked(house, 'below', 0);
    await feed.first('turn.ended');
    const { id } = await chat.subagent('worker');
    for (let times = 1; times <= 3; times += 1) await goes(house, 'below', id, 'ring');
    await house.bell({ what: 'reset', session: id });
    await house.bell({ what: 'ring', session: id, times: 1 });
    const { subagent } = await feed.first('subagent.ended');
    expect(subagent).toMatchObject({ id, status: 'failed', reason: 'crash' });
    await feed.first('announcement.read');
    await expect.poll(async () => (await chat.view()).status).toBe('idle');
    await house.judged();
  });
});

test('an object that goes after it was steadily at work is no crash', async () => {
  const house = await openFaultHouse(script);
  const chat = await house.client.newChat();
  await house.say(chat, 'Think.');
  await asked(house, 'above', 0);
  for (let times = 1; times <= 8; times += 1) {
    await house.bell({ what: 'later', ms: 30_000 });
    await house.bell({ what: 'ring', session: chat.id, times: 1 });
    await goes(house, 'above', chat.id, 'ring');
  }
  expect((await chat.view()).status).toBe('working');
  house.simulator.open('above');
  await expect.poll(() => chat.said()).toEqual(['Thought.']);
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  const logs = await house.judged();
  const resumed = logs.flatMap(({ log }) => log.filter(({ event }) => event.type === 'session.resumed'));
  expect(resumed.length).toBe(8);
});
