/**
 * A chat of thousands of turns without thousands of calls of a model: two turns that were played are written again and
 * again behind themselves, straight into the store, as if they had been played. Only while no gateway has the folder.
 */
import { decodeEvent, encodeEvent, type Recorded, type SessionEvent } from '../../src/core/events.ts';
import { sayingsOf } from '../../src/core/sayings.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';

/** How far a copy is from what it is a copy of. */
interface Shift {
  readonly turns: number;
  readonly steps: number;
  readonly seqs: number;
  readonly words: string;
}

/**
 * @param data of a chat whose log ends with two whole turns of one message each: a plain one, and the one that comes
 *   again instead of it each twentieth time
 * @param words of the message of each turn, by its number
 */
export function lengthen(data: string, chat: string, turns: number, words: (turn: number) => string): void {
  const store = openStore(data);
  try {
    const log = store.events(chat, 0, 10_000).map(decodeEvent);
    const begins = log.flatMap(({ event }, at) => (event.type === 'mail.accepted' ? [at] : []));
    const [first = 0, second = 0] = begins.slice(-2);
    const plain = log.slice(first, second).filter(({ event }) => event.type !== 'chat.changed');
    const special = log.slice(second);
    let seq = log.at(-1)?.seq ?? 0;
    let [turn, step] = [counted(log, 'turn.started'), counted(log, 'step.requested')];
    const made: Recorded[] = [];
    for (let n = 1; n <= turns; n++) {
      const model = n % 20 === 0 ? special : plain;
      const shift = {
        turns: turn + 1 - numberOf(model, 'turn.started'),
        steps: step + 1 - numberOf(model, 'step.requested'),
        seqs: seq + 1 - (model[0]?.seq ?? 0),
        words: words(n),
      };
      for (const { at, event } of model) {
        seq += 1;
        made.push({ seq, at: at + n, worked: 0, event: shifted(event, shift) });
      }
      turn += 1;
      step += counted(model, 'step.requested');
    }
    const events = made.map((one) => ({ seq: one.seq, at: one.at, event: encodeEvent(one.event, 0) }));
    store.commit([{ session: chat, events, wants: false, sayings: sayingsOf(made) }]);
  } finally {
    store.close();
  }
}

function counted(log: readonly Recorded[], type: SessionEvent['type']): number {
  return log.filter(({ event }) => event.type === type).length;
}

function numberOf(log: readonly Recorded[], type: 'turn.started' | 'step.requested'): number {
  const event = log.find((one) => one.event.type === type)?.event;
  if (event?.type === 'turn.started') return event.turn;
  return event?.type === 'step.requested' ? event.step : 0;
}

function shifted(event: SessionEvent, { turns, steps, seqs, words }: Shift): SessionEvent {
  const mail = (id: string) => id.replace(/\d+$/, (n) => String(Number(n) + turns));
  const call = (id: unknown) => `${id}_${turns}`;
  switch (event.type) {
    case 'mail.accepted':
      if (event.body.kind !== 'message') throw new Error(`no copy is made of ${event.body.kind}`);
      return {
        ...event,
        n: event.n + turns,
        body: { ...event.body, text: words, parts: [{ type: 'text', text: words }] },
        block: { type: 'text', text: words },
      };
    case 'turn.started':
    case 'turn.ended':
      return { ...event, turn: event.turn + turns };
    case 'step.requested':
      return {
        ...event,
        step: event.step + steps,
        turn: event.turn + turns,
        takes: event.takes.map(mail),
        adds: event.adds.map((one) => ({ ...one, seq: one.seq + seqs })),
      };
    case 'step.answered':
      return {
        ...event,
        step: event.step + steps,
        content: event.content.map((one) => (one.type === 'tool_use' ? { ...one, id: call(one.id) } : one)),
        calls: event.calls.map((one) => ({ ...one, id: call(one.id) })),
        usage: { ...event.usage, usd: 0 },
      };
    case 'mail.settled':
      return {
        ...event,
        mail: mail(event.mail),
        ...(event.step === undefined ? {} : { step: event.step + steps }),
        ...(event.turn === undefined ? {} : { turn: event.turn + turns }),
      };
    case 'tool.started':
      return { ...event, call: call(event.call) };
    case 'tool.finished':
      return {
        ...event,
        call: call(event.call),
        block: { ...event.block, tool_use_id: call(event.block.tool_use_id) },
      };
    default:
      throw new Error(`no copy is made of ${event.type}`);
  }
}
