import { describe, expect, test } from 'vitest';
import type { Answer, Refusal } from '../../src/core/commands.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { Outcome } from '../../src/runtime/actor.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { deliver } from '../../src/runtime/outbox.ts';
import { newChat, stillClock } from './chat.ts';

const ok = (answer: Answer): Outcome => ({ ok: true, answer, repeated: false });

/** A chat that has posted the mails of a spawn, and the carrying of them to a receiver that answers as told. */
async function carrying(receiver: (attempt: number) => Outcome) {
  const pauses: number[] = [];
  const clock: Clock = {
    ...stillClock,
    after(ms, fire) {
      pauses.push(ms);
      queueMicrotask(fire);
      return () => {};
    },
  };
  const actor = await newChat(memoryStore(), clock);
  await actor.send({
    type: 'spawn',
    request: { task: 'Look.', label: 'scout', role: 'worker', announce: 'each', notes: [] },
    from: { principal: 'ada', channel: 'test' },
  });
  const mails = actor.state?.mail.undelivered ?? [];
  const to = mails[0]?.to ?? '';
  const unreached: unknown[] = [];
  const gaveUp: Refusal[] = [];
  let attempt = 0;
  await deliver(
    actor,
    { key: `mail:${to}`, kind: 'mail', to, mails },
    {
      clock,
      reach: async () => receiver(++attempt),
      unreached: (_, __, error) => unreached.push(error),
      gaveUp: (_, __, refusal) => gaveUp.push(refusal),
    },
    new AbortController().signal,
  );
  return { actor, mails, pauses, unreached, gaveUp, attempts: attempt };
}

describe('mail on its way', () => {
  test('is sent again, ever more slowly and not in silence, to a receiver that fails over it', async () => {
    const { actor, mails, pauses, unreached, attempts } = await carrying((attempt) => {
      if (attempt <= 12) throw new Error('the handler crashed');
      return ok({ kind: 'accepted', upTo: mailCount });
    });
    expect(attempts).toBe(13);
    expect(unreached).toHaveLength(12);
    expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(Math.max(...pauses)).toBe(30_000);
    expect(mails).toHaveLength(mailCount);
    expect(actor.state?.mail.undelivered).toEqual([]);
  });

  test('stays on its way as far as it was not accepted', async () => {
    const { actor } = await carrying(() => ok({ kind: 'accepted', upTo: 1 }));
    expect(actor.state?.mail.undelivered.map(({ n }) => n)).toEqual([2]);
  });

  test('that is refused for good is given up, and said to be', async () => {
    const refusal: Refusal = { kind: 'not_found', message: 'there is no such session' };
    const { actor, gaveUp, attempts } = await carrying(() => ({ ok: false, refusal }));
    expect(gaveUp).toEqual([refusal]);
    expect(attempts).toBe(1);
    expect(actor.state?.mail.undelivered).toEqual([]);
  });
});

/** The task and the word to go. */
const mailCount = 2;
