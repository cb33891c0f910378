/**
 * Sessions played by hand: commands in, decided by the real core, nothing around it. Owns the small words in which
 * the tests of the core are written; no runtime, no store, no time of its own.
 */

import type { Card, TrustLevel } from '../../src/core/card.ts';
import { carryOver } from '../../src/core/carry-over.ts';
import type { Command, Context, Refusal, Rules, SpawnRequest } from '../../src/core/commands.ts';
import type { PostedMail } from '../../src/core/correspondence.ts';
import { decide } from '../../src/core/decide.ts';
import type { Recorded, SessionEvent } from '../../src/core/events.ts';
import type { Block, Json, RefusalKind } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';
import { makeTranscript } from '../../src/core/transcript.ts';
import { wants } from '../../src/core/wants.ts';
import { callerOf } from '../../src/tools/caller.ts';
import { rulesOf, smallLimits, toolset } from '../simulation/life.ts';

export const rules: Rules = rulesOf({ ...smallLimits, maxDepth: 3, maxSpawns: 50 });
/** The same, with how far a main session and its subagents may act by themselves. */
export function trusting(main: 'ask' | 'auto', subagents: TrustLevel): Rules {
  return { ...rules, trust: { main, subagents } };
}
export const person = { principal: 'ada', channel: 'test' };
export const NOON = Date.UTC(2026, 10, 20, 12);

type Input = { readonly [key: string]: Json };

export interface Play {
  readonly state: Session;
  readonly log: readonly Recorded[];
  /** Does what is asked and returns what follows. Throws if it is refused. */
  do(command: Command, more?: Partial<Context>): SessionEvent[];
  refusal(command: Command, more?: Partial<Context>): Refusal;
  say(text: string, interrupt?: boolean): SessionEvent[];
  /** The model answers the step at hand. */
  answer(content: readonly Block[], stop?: string, more?: Partial<Context>): SessionEvent[];
  refused(why: RefusalKind): SessionEvent[];
  /** What the new prefix that is due takes over is read, as the runtime does. */
  renew(): SessionEvent[];
  /** A tool call that is under way comes to its end. */
  tool(call: string, ok?: boolean): SessionEvent[];
}

export function text(words: string): Block {
  return { type: 'text', text: words };
}

let calls = 0;
const inputs = new Map<string, Input>();

export function call(name: string, input: Input): Block {
  calls += 1;
  const id = `toolu_${calls}`;
  inputs.set(id, input);
  return { type: 'tool_use', id, name, input };
}

/** A command, as a call. What the simulated rules say to it, it says itself. */
export const run = (command: string): Block => call('bash', { command });

export function spawnRequest(label: string, more: Partial<SpawnRequest> = {}): SpawnRequest {
  return { task: `Do ${label}.`, label, role: 'worker', announce: 'each', notes: [], ...more };
}

export function spawnCall(label: string, more: Input = {}): Block {
  return call('sessions_spawn', { task: `Do ${label}.`, label, ...more });
}

export function play(first: Command, inForce: Rules = rules): Play {
  const log: Recorded[] = [];
  let state: Session | undefined;

  function run(command: Command, more: Partial<Context> = {}): SessionEvent[] | Refusal {
    const decision = decide(state, command, { at: NOON, worked: 0, rules: inForce, ...more });
    if (!decision.ok) return decision.refusal;
    state = decision.state;
    log.push(...decision.events);
    return decision.events.map(({ event }) => event);
  }

  const one: Play = {
    get state() {
      if (!state) throw new Error('nothing was played yet');
      return state;
    },
    log,
    do(command, more) {
      const came = run(command, more);
      if ('message' in came) throw new Error(`refused: ${came.message}`);
      return came;
    },
    refusal(command, more) {
      const came = run(command, more);
      if ('message' in came) return came;
      throw new Error('it was not refused');
    },
    say: (words, interrupt = false) =>
      one.do({ type: 'say', parts: [{ type: 'text', text: words }], interrupt, from: person }),
    answer(content, stop = 'end_turn', more = {}) {
      const now = one.state;
      const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
      const caller = callerOf(now, inForce);
      const intended = content.flatMap((block) => {
        if (block.type !== 'tool_use') return [];
        const id = String(block.id);
        const made = { id, name: String(block.name), input: inputs.get(id) ?? {} };
        return [{ ...made, ...toolset.intend(made, caller) }];
      });
      return one.do(
        {
          type: 'answered',
          step: now.step?.n ?? 0,
          content,
          stop: intended.length > 0 && stop === 'end_turn' ? 'tool_use' : stop,
          usage,
          calls: intended,
          ms: 1,
        },
        more,
      );
    },
    refused: (why) => one.do({ type: 'refused', step: one.state.step?.n ?? 0, why, message: 'no' }),
    renew() {
      const transcript = makeTranscript();
      for (const recorded of log) transcript.add(recorded);
      const { renewal, unheard, quarantined, refusal, compaction } = one.state;
      const from = compaction?.made?.from;
      const { entries, pending } = carryOver(transcript.conversation, {
        ...(from ? { from } : {}),
        window: inForce.terms(one.state.model).window,
        without: new Set(renewal?.because === 'quarantine' && quarantined.length === 0 ? unheard : []),
        because: refusal ?? '',
        restored: new Map(
          renewal?.because === 'quarantine' ? quarantined.map((seq) => [seq, blocksOf(log[seq - 1])]) : [],
        ),
      });
      const head = { role: 'user' as const, content: [text('The summary.')], seq: 0, step: 0 };
      return one.do({
        type: 'renewed',
        n: renewal?.n ?? 0,
        upTo: one.state.seq,
        carried: renewal?.because === 'compaction' ? [head, ...entries] : entries,
        pending,
        asked: transcript.asked,
      });
    },
    tool: (key, ok = true) =>
      one.do({ type: 'tool', call: key, ok, text: ok ? 'It worked.' : 'It failed.', ms: 5 }),
  };
  one.do(first);
  return one;
}

/** The blocks that an event brought, as the runtime reads them back. */
function blocksOf(recorded: Recorded | undefined): readonly Block[] {
  const event = recorded?.event;
  if (event?.type === 'mail.accepted')
    return [...(event.attached ?? []), ...(event.block ? [event.block] : [])];
  return event && 'block' in event && event.block ? [event.block] : [];
}

export function chat(inForce: Rules = rules): Play {
  return play(
    {
      type: 'create',
      id: 'chat',
      owner: 'ada',
      title: '',
      model: 'claude-sonnet-5-5',
      chosen: false,
      secret: 'sesame',
    },
    inForce,
  );
}

export function card(of: Play, label: string): Card {
  const found = Object.values(of.state.tree.cards).find((one) => one.label === label);
  if (!found) throw new Error(`there is no ${label}`);
  return found;
}

/** Mail that `from` has posted to `to` and that has not been acknowledged. */
export function mailTo(from: Play, to: string): PostedMail[] {
  return from.state.mail.undelivered.filter((mail) => mail.to === to);
}

/** The session of a child, born of the mail that waits for it. */
export function born(parent: Play, label: string, inForce: Rules = rules): Play {
  const { id } = card(parent, label);
  const child = play({ type: 'mail', sender: parent.state.id, mails: mailTo(parent, id) }, inForce);
  acknowledge(parent, id);
  return child;
}

/** Carries what waits from one to the other; returns what followed there. */
export function carry(from: Play, to: Play): SessionEvent[] {
  const mails = mailTo(from, to.state.id);
  if (mails.length === 0) return [];
  const followed = to.do({ type: 'mail', sender: from.state.id, mails });
  acknowledge(from, to.state.id);
  return followed;
}

function acknowledge(from: Play, to: string): void {
  const last = mailTo(from, to).at(-1);
  if (last) from.do({ type: 'delivered', to, upTo: last.n });
}

/** Carries mail both ways until none is left. */
export function exchange(...sessions: readonly Play[]): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const from of sessions)
      for (const to of sessions) if (from !== to && carry(from, to).length > 0) moved = true;
  }
}

/** What children waited for is read back from the log, as the runtime does. */
export function gather(of: Play): SessionEvent[] {
  return wants(of.state).flatMap((effect) => {
    if (effect.kind !== 'gather') return [];
    const { child, endings } = effect;
    const news = endings.flatMap((seq) => {
      const event = of.log[seq - 1]?.event;
      return event?.type === 'mail.accepted' && event.body.kind === 'announcement' ? [event.body] : [];
    });
    return of.do({ type: 'gathered', child, endings, news });
  });
}

/** A chat with one subagent at work. */
export function chatWith(label: string, more: Partial<SpawnRequest> = {}): { main: Play; child: Play } {
  const main = chat();
  main.do({ type: 'spawn', request: spawnRequest(label, more), from: person });
  const child = born(main, label);
  exchange(main, child);
  return { main, child };
}

export function types(events: readonly SessionEvent[]): string[] {
  return events.map((event) => event.type);
}

export function only<Type extends SessionEvent['type']>(
  events: readonly SessionEvent[],
  type: Type,
): Extract<SessionEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
}

/** The words of the blocks that the latest step adds, in order. */
export function latestWords(of: Play): string[] {
  const step = only(
    of.log.map(({ event }) => event),
    'step.requested',
  ).at(-1);
  return (step?.adds ?? []).map((ref) => {
    const event = of.log[ref.seq - 1]?.event;
    const block =
      event && 'block' in event ? (ref.short && 'short' in event ? event.short : event.block) : undefined;
    return String(block?.text ?? block?.content);
  });
}
