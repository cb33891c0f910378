/**
 * What lies behind a tool call that the feed names: what the tool was called with and what it answered, read from the
 * log around the event. Owns how far it looks; changes nothing.
 */
import { decodeEvent, type Recorded, type SessionEvent } from '../core/events.ts';
import { head } from '../core/fence.ts';
import type { Block } from '../core/ports.ts';
import { callAnswer } from './answers.ts';
import { noQuery } from './fields.ts';
import { chatOf, isProblem, subagentOf } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { problem } from './problem.ts';
import { get, json, type Reply, type Route } from './route.ts';

/** Characters of an output that are answered. */
const OUTPUT_CHARS = 100_000;
const ROWS = 200;
/** How many events away from the one that was asked for the others of its call may be: a tool may run for long. */
const FAR = 20_000;

type Ports = Pick<AppPorts, 'runtime' | 'clock'>;
type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** What the last part of the address names. */
function seqIn({ path }: { readonly path: string }): number {
  const last = path.split('/').at(-1) ?? '';
  return /^\d{1,15}$/.test(last) ? Number(last) : 0;
}

async function callAt(ports: Ports, session: string, seq: number): Promise<Reply> {
  const [row] = seq > 0 ? await ports.runtime.sessions.events(session, seq - 1, 1) : [];
  const event = row && decodeEvent(row).event;
  if (event?.type !== 'tool.started' && event?.type !== 'tool.finished') {
    return problem(
      'not-found',
      'There is no tool call here: the address ends in the id of an event tool.started or tool.finished of this feed.',
    );
  }
  const { call } = event;
  const finished = event.type === 'tool.finished' ? event : await endOf(ports, session, seq, call);
  const asked = await useOf(ports, session, seq, call);
  const started = event.type === 'tool.started' ? event : undefined;
  return json(callAnswer, 200, {
    call: {
      call,
      name: asked?.name ?? started?.name ?? '',
      ...(asked === undefined ? {} : { input: asked.input }),
      ...(finished ? { output: outputOf(finished.block), ok: finished.ok, ms: finished.ms } : {}),
    },
  });
}

/** The block of the answer that asked for a call, which its key names: `7.0` is the first call of step 7. */
async function useOf(
  ports: Ports,
  session: string,
  seq: number,
  call: string,
): Promise<{ name: string; input: Block[string] } | undefined> {
  const [step, index] = call.split('.').map(Number);
  const answer = await nearest(ports, session, { from: seq, by: -1 }, '"step.answered"', ({ event }) =>
    event.type === 'step.answered' && event.step === step ? event : undefined,
  );
  const fact = answer?.calls[index ?? 0];
  const block = answer?.content.find(({ type, id }) => type === 'tool_use' && id === fact?.id);
  return fact && { name: fact.name, input: block?.input ?? null };
}

function endOf(
  ports: Ports,
  session: string,
  seq: number,
  call: string,
): Promise<Of<'tool.finished'> | undefined> {
  return nearest(ports, session, { from: seq, by: 1 }, '"tool.finished"', ({ event }) =>
    event.type === 'tool.finished' && event.call === call ? event : undefined,
  );
}

/** The first event from a place on, that one aside, of which `pick` makes something; only those with `words` are read. */
async function nearest<Picked>(
  { runtime, clock }: Ports,
  session: string,
  { from, by }: { from: number; by: 1 | -1 },
  words: string,
  pick: (recorded: Recorded) => Picked | undefined,
): Promise<Picked | undefined> {
  for (let at = from, left = FAR; left > 0; left -= ROWS) {
    const after = by > 0 ? at : Math.max(0, at - 1 - ROWS);
    const rows = await runtime.sessions.events(session, after, by > 0 ? ROWS : at - 1 - after);
    for (const row of by > 0 ? rows : rows.toReversed()) {
      const picked = row.event.includes(words) ? pick(decodeEvent(row)) : undefined;
      if (picked !== undefined) return picked;
    }
    if (rows.length < ROWS) return undefined;
    at = by > 0 ? at + ROWS : after + 1;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return undefined;
}

function outputOf({ content, text: note }: Block): string {
  const text = typeof content === 'string' ? content : typeof note === 'string' ? note : '';
  if (text.length <= OUTPUT_CHARS) return text;
  return `${head(text, OUTPUT_CHARS)}\n(cut here: these are the first ${OUTPUT_CHARS} of ${text.length} characters)`;
}

const shared = {
  scope: 'read',
  query: noQuery,
  answers: { 200: { description: 'The call.', schema: callAnswer } },
} as const;
const details =
  '`{seq}` is the id of an event `tool.started` or `tool.finished` of the feed. `input` is what the tool was called with, `output` what it answered.';

export function chatCall(ports: AppPorts): Route {
  return get({
    ...shared,
    name: 'getCall',
    path: '/v1/chats/{chat}/calls/{seq}',
    summary: 'Shows what lies behind a tool call of the assistant.',
    details,
    problems: ['not-found'],
    async handle({ c, chat }) {
      const main = chatOf(ports, chat);
      return isProblem(main) ? main : callAt(ports, chat, seqIn(c.req));
    },
  });
}

/** @param targetDetails what is said of the ways to name a subagent */
export function subagentCall(ports: AppPorts, targetDetails: string): Route {
  return get({
    ...shared,
    name: 'getSubagentCall',
    path: '/v1/chats/{chat}/subagents/{target}/calls/{seq}',
    summary: 'Shows what lies behind a tool call of a subagent.',
    details: `${details} ${targetDetails}`,
    problems: ['not-found', 'ambiguous'],
    async handle({ c, chat, target }) {
      const found = subagentOf(ports, chat, target);
      return isProblem(found) ? found : callAt(ports, found.card.id, seqIn(c.req));
    },
  });
}
