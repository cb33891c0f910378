/**
 * `npm run bench:cloudflare`: what chats cost on Cloudflare Workers, in what the platform bills: requests, rows, bytes.
 * Every figure is counted at the platform's own interfaces in the local runtime; only the prices are the platform's
 * word.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Spent } from './cloudflare/ground.ts';
import { chatOf, oneTurn, subagents } from './cloudflare/turns.ts';
import { followed, waitingFor, waking } from './cloudflare/waits.ts';

/**
 * US dollars for one, beyond what is included, on the paid plan: the platform's pages "Pricing" of Workers and of
 * Durable Objects, November 2026. Time in memory comes on top: 12.50 for a million GB-seconds.
 */
const prices = { front: 0.3e-6, request: 0.15e-6, rowRead: 0.001e-6, rowWritten: 1e-6 };

function dollars({ front, sessions, directory, lanes, rowsRead, rowsWritten, alarmsSet }: Spent): number {
  return (
    front * prices.front +
    (sessions + directory + lanes) * prices.request +
    rowsRead * prices.rowRead +
    // An alarm that is set is billed as a row that is written.
    (rowsWritten + alarmsSet) * prices.rowWritten
  );
}

function figure(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function row(name: string, spent: Spent): string {
  const { front, sessions, directory, lanes, alarmsSet, rowsRead, rowsWritten, bytes } = spent;
  const cells = [front, sessions, directory, lanes, alarmsSet, rowsRead, rowsWritten, bytes / 1_000];
  return `| ${name} | ${cells.map(figure).join(' | ')} | ${(dollars(spent) * 1_000).toPrecision(2)} |`;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'string' } },
});
/** For how long is waited where waiting is what is measured: whole spans between two looks of the alarm. */
const seconds = values.quick ? 60 : 240;

// Alone, because it is the only one in which time counts.
const one = await subagents(1);
const hundred = await subagents(100);
const [turn, chat, woken, answer, notBefore, events, socket] = await Promise.all([
  oneTurn(),
  chatOf(100),
  waking(5_000),
  waitingFor('an answer', seconds),
  waitingFor('not before', seconds),
  followed('events', 40),
  followed('socket', 40),
]);

/** What was counted in a second, for an hour. */
function hour(second: Spent): Spent {
  return {
    front: second.front * 3_600,
    sessions: second.sessions * 3_600,
    directory: second.directory * 3_600,
    lanes: second.lanes * 3_600,
    alarmsSet: second.alarmsSet * 3_600,
    rowsRead: second.rowsRead * 3_600,
    rowsWritten: second.rowsWritten * 3_600,
    bytes: second.bytes * 3_600,
  };
}

console.log(
  [
    '| | requests to the Worker | to sessions | to the directory | to the lanes | alarms set | rows read | rows written | KB stored | US dollars for 1,000 |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('one turn of a chat at rest', turn),
    row('a chat of 100 turns, one after the other', chat),
    row('one subagent, from the message to its news read', one.all),
    row('100 subagents at once', hundred.all),
    row(`an hour of one call under way (counted for ${seconds} s)`, hour(answer)),
    row(`an hour of waiting until "not before" (counted for ${seconds} s)`, hour(notBefore)),
    '',
    `Of 100 subagents at once, the main session's object was asked ${hundred.main} times (one: ${one.main}); until the last news was read it took ${(hundred.ms / one.ms).toFixed(1)} times as long as one.`,
    `A chat at rest with ${woken.events} events: woken to be shown, it reads ${woken.shown} rows; its next turn reads ${woken.turn}.`,
    ...(
      [
        ['server-sent events', events],
        ['a hibernating WebSocket', socket],
      ] as const
    ).map(
      ([name, { requests, leftMemory, told }]) =>
        `40 quiet seconds with one reader over ${name}: ${requests} requests, the object ${leftMemory ? 'left' : 'stayed in'} memory, and the reader was ${told ? '' : 'not '}told of the next turn.`,
    ),
  ].join('\n'),
);
if (values.json !== undefined) {
  const all = { one, hundred, turn, chat, woken, answer, notBefore, events, socket, seconds };
  writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
}
