import { describe, expect, test } from 'vitest';
import type { Answer, Refusal } from '../../src/core/commands.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { Actor, Outcome } from '../../src/runtime/actor.ts';
import type { MailCommand } from '../../src/runtime/elsewhere.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import { deliver } from '../../src/runtime/outbox.ts';
import { newChat, stillClock } from './chat.ts';

const ok = (answer: Answer): Outcome => ({ ok: true, answer, repeated: false });

/** A chat that has posted the mails of a spawn, and the carrying of them to a receiver that answers as told. */
async function carrying(
  receiver: (attempt: number, mail: MailCommand, actor: Actor) => Outcome | Promise<Outcome>,
  /** How many mails a call carries. */
  most = 100,
) {
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
      async reach(_, mail) {
        attempt += 1;
        const carried = mail.mails.slice(0, most);
        const outcome = await receiver(attempt, { ...mail, mails: carried }, actor);
        return { outcome, last: carried.at(-1)?.n ?? 0 };
      },
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

describe('mail that is posted while a receiver takes none', () => {
  test('goes along with the next try, so that a kill never waits behind what is not taken', async () => {
    const carried: string[][] = [];
    const { actor } = await carrying(async (attempt, { mails }, sender) => {
      carried.push(mails.map(({ body }) => body.kind));
      if (attempt > 1) return ok({ kind: 'accepted', upTo: mails.at(-1)?.n ?? 0 });
      await sender.send({ type: 'kill', target: 'scout', from: { principal: 'ada', channel: 'test' } });
      throw new Error('not now');
    });
    expect(carried).toEqual([
      ['task', 'go'],
      ['task', 'go', 'kill'],
    ]);
    expect(actor.state?.mail.undelivered).toEqual([]);
  });
});

test('a refusal gives up no more than was handed over', async () => {
  const refusal: Refusal = { kind: 'not_allowed', message: 'not this one' };
  const { actor, gaveUp } = await carrying(() => ({ ok: false, refusal }), 1);
  expect(gaveUp).toEqual([refusal]);
  expect(actor.state?.mail.undelivered.map(({ n }) => n)).toEqual([2]);
});

/** The task and the word to go. */
const mailCount = 2;
