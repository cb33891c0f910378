/**
 * What only time shows: a call longer than the local runtime keeps an idle object, and an object that was reset and
 * that nobody asks for. Both wait for the same half minute.
 */
import { expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { openFaultHouse } from './house.ts';

/** The runtime takes an object out of memory ten seconds after the last that reached it. */
const LONG_MS = 25_000;

function script(request: ParsedRequest): Reply {
  if (request.lastUserText.includes('Take your time.')) return { delayMs: LONG_MS, text: 'Here you are.' };
  return request.lastUserText.includes('Wait.') ? { gate: 'wait', text: 'Waited.' } : { text: 'Well.' };
}

test('a long call is made once, and a session that was reset comes back, with nobody there', async () => {
  const house = await openFaultHouse(script);
  const { simulator } = house;
  const patient = await house.client.newChat();
  const alone = await house.client.newChat();
  await house.say(alone, 'Wait.');
  await simulator.until(() => simulator.waiting('wait') === 1);
  await house.bell({ what: 'reset', session: alone.id });
  await house.say(patient, 'Take your time.');
  // Nobody reaches either of the two from here on.
  await simulator.until(() => simulator.counts.requests === 3, 40_000);
  simulator.open('wait');
  await simulator.until(
    () => simulator.requests.filter((one) => one.outcome === 'answered').length === 2,
    40_000,
  );
  await expect.poll(() => patient.said()).toEqual(['Here you are.']);
  await expect.poll(() => alone.said()).toEqual(['Waited.']);
  expect(simulator.counts.requests).toBe(3);
  await expect.poll(async () => (await patient.view()).status).toBe('idle');
  await house.judged();
});
