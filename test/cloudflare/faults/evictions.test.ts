/** Objects that go although their sessions were steadily at work: borne with, but not for ever at one step. */
import { expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { type FaultHouse, openFaultHouse } from './house.ts';

/** In a row, at one step, that are laid to nobody's charge; and then as crashes, that are borne with. */
const BORNE = 10;
const CRASHES = 3;

function script({ lastUserText }: ParsedRequest): Reply {
  return lastUserText.includes('Think') ? { gate: 'thought', text: 'Thought.' } : { text: 'Well.' };
}

/** The object was at work for a while, goes in the middle of the step, and its alarm takes it up. */
async function goes({ bell, simulator }: FaultHouse, session: string): Promise<void> {
  await bell({ what: 'later', ms: 30_000 });
  await bell({ what: 'ring', session, times: 1 });
  await bell({ what: 'reset', session });
  await simulator.until(() => simulator.waiting('thought') === 0);
  await bell({ what: 'ring', session, times: 1 });
}

test('an object that goes again and again at one step is a crash in the end; one step that is answered is a new start', async () => {
  const house = await openFaultHouse(script);
  const { simulator } = house;
  const chat = await house.client.newChat();
  const asked = () => simulator.until(() => simulator.waiting('thought') === 1);
  const begins = async (text: string) => {
    await house.say(chat, text);
    await asked();
  };
  const bears = async (times: number) => {
    for (let n = 1; n <= times; n += 1) {
      await goes(house, chat.id);
      await asked();
    }
  };
  await begins('Think of it.');
  await bears(BORNE);
  simulator.release('thought');
  await expect.poll(() => chat.said()).toEqual(['Thought.']);
  await expect.poll(async () => (await chat.view()).status).toBe('idle');

  await begins('Think of it again.');
  await bears(BORNE + CRASHES);
  expect((await chat.view()).status).toBe('working');
  await goes(house, chat.id);
  await expect.poll(() => chat.view()).toMatchObject({ status: 'parked', reason: 'crash' });
  // Nothing is lost: resumed, it tries once more.
  simulator.open('thought');
  await chat.resume();
  await expect.poll(() => chat.said()).toEqual(['Thought.', 'Thought.']);
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  await house.judged();
});
