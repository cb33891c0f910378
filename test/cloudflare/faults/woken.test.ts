/** All objects are gone at once, as after a restart of the host: whoever asks for a chat brings all of it back. */
import { expect, test } from 'vitest';
import type { ParsedRequest } from '../../../src/simulator/request.ts';
import type { Reply } from '../../../src/simulator/script.ts';
import { firstWords, isMain, spawn } from '../../e2e/cast.ts';
import { openFaultHouse } from './house.ts';

/** A boss waits for its worker, which waits at its gate. */
function script(request: ParsedRequest): Reply {
  if (isMain(request)) {
    if (!request.lastUserText.includes('Begin.')) return { text: 'Well.' };
    return { toolCalls: [spawn('Lead.', { label: 'boss' }), spawn('Go alone.', { label: 'lone' })] };
  }
  if (!firstWords(request).includes('Lead.')) return { gate: 'below', text: 'Toiled.' };
  return request.answers === 0 ? { toolCalls: [spawn('Toil.', { label: 'worker' })] } : { text: 'Led.' };
}

test('subagents in the middle of a step go on as soon as their chat is asked for, without any alarm', async () => {
  const house = await openFaultHouse(script);
  const { simulator } = house;
  await house.bell({ what: 'alarms', are: 'lost' });
  const chat = await house.client.newChat();
  await house.say(chat, 'Begin.');
  const working = () => simulator.until(() => simulator.waiting('below') === 2);
  await working();
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  const asked = [() => chat.messages(), () => chat.events(), () => house.say(chat, 'How is it going?')];
  for (const ask of asked) {
    await house.host.abortAll();
    await simulator.until(() => simulator.waiting('below') === 0);
    // By this and by nothing else: whoever asks how the chat stands asks those below it, too.
    await ask();
    await working();
  }
  await house.bell({ what: 'alarms', are: 'heard' });
  simulator.open('below');
  const ended = async () => (await chat.subagents()).map(({ announcement }) => announcement).join();
  await expect.poll(ended).toBe('read,read,read');
  await expect.poll(async () => (await chat.view()).status).toBe('idle');
  await house.judged();
});
