import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PostedMail } from '../../src/core/correspondence.ts';
import * as mailbox from '../../src/core/mailbox.ts';

function letter(id: string, seq: number): mailbox.Letter {
  return { id, kind: 'message', seq, wakes: true, interrupt: false, weight: 0, shortWeight: 0 };
}

describe('a mailbox', () => {
  test('accepts each mail of each sender once and in order, however often and late it comes', () => {
    const coming = fc.array(
      fc.record({ sender: fc.constantFrom('a', 'b'), n: fc.integer({ min: 1, max: 6 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(coming, (arrivals) => {
        let box = mailbox.emptyMailbox;
        const taken = new Map<string, number[]>();
        for (const { sender, n } of arrivals) {
          const before = box.accepted[sender] ?? 0;
          const where = mailbox.place(box, sender, n);
          expect(where).toBe(n <= before ? 'seen' : n === before + 1 ? 'next' : 'gap');
          if (where !== 'next') continue;
          box = mailbox.accept(box, sender, n, letter(`${sender}${n}`, box.waiting.length + 1));
          taken.set(sender, [...(taken.get(sender) ?? []), n]);
        }
        for (const numbers of taken.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        expect(box.waiting).toHaveLength([...taken.values()].flat().length);
      }),
    );
  });

  test('moves a letter from waiting to taken to settled, and never back', () => {
    const doings = fc.array(fc.tuple(fc.constantFrom('take', 'settle'), fc.nat(5)), { maxLength: 30 });
    fc.assert(
      fc.property(doings, (all) => {
        let box = mailbox.emptyMailbox;
        for (let n = 0; n <= 5; n++) box = mailbox.accept(box, 'a', n + 1, letter(`m${n}`, n));
        const where = new Map<string, string>();
        for (const [doing, n] of all) {
          const id = `m${n}`;
          if (doing === 'take') {
            box = mailbox.take(box, [id]);
            if (!where.has(id)) where.set(id, 'taken');
          } else {
            box = mailbox.settle(box, id);
            where.set(id, 'settled');
          }
          const ids = (letters: readonly mailbox.Letter[]) => letters.map((one) => one.id).sort();
          const expected = (place: string | undefined) =>
            [0, 1, 2, 3, 4, 5].map((k) => `m${k}`).filter((k) => where.get(k) === place);
          expect(ids(box.waiting)).toEqual(expected(undefined));
          expect(ids(box.taken)).toEqual(expected('taken'));
          expect(ids(mailbox.unsettled(box))).toEqual([...expected('taken'), ...expected(undefined)].sort());
        }
      }),
    );
  });

  test('numbers what is posted for each receiver, and keeps it until it is acknowledged', () => {
    const post = (box: mailbox.Mailbox, to: string) => {
      const mail: PostedMail = {
        to,
        n: mailbox.nextTo(box, to),
        body: { kind: 'kill', target: to, by: 'parent' },
      };
      return mailbox.post(box, mail);
    };
    const box = ['a', 'b', 'a', 'a', 'b'].reduce(post, mailbox.emptyMailbox);
    expect(box.undelivered.map(({ to, n }) => `${to}${n}`)).toEqual(['a1', 'b1', 'a2', 'a3', 'b2']);
    const later = mailbox.delivered(mailbox.delivered(box, 'a', 2), 'b', 9);
    expect(later.undelivered.map(({ to, n }) => `${to}${n}`)).toEqual(['a3']);
    expect(mailbox.nextTo(later, 'a')).toBe(4);
  });
});
