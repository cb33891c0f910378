/**
 * People and programs at the gateway's door: each asks under an id of its own and asks again, with the same id
 * and words, until it is answered. Owns what was asked and what came back.
 */
import type { InputRequest } from '../../src/core/card.ts';
import type { Command, SpawnRequest, Verdict } from '../../src/core/commands.ts';
import type { Outcome } from '../../src/runtime/actor.ts';
import type { Life } from './life.ts';
import type { Witness } from './witness.ts';

export const CHAT = 'chat_of_the_world';
const from = { principal: 'ada', channel: 'test' };

export interface Asking {
  readonly id: string;
  readonly command: Command;
  /** The life of the gateway that was asked last, until it answers or goes down. */
  asked?: number;
  outcome?: Outcome;
}

/** Something that a session waits to be told. */
export interface InputAsked {
  /** The session that asks. */
  readonly session: string;
  readonly id: string;
  readonly kind: InputRequest['kind'];
}

/** What is answered; without words of its own each answer has others. */
export interface Given {
  readonly decision?: Verdict;
  readonly text?: string;
}

export interface People {
  readonly askings: readonly Asking[];
  /** What came back and shouldn't have. */
  readonly complaints: readonly string[];
  say(text: string, interrupt: boolean): Asking;
  spawn(request: SpawnRequest): Asking;
  steer(target: string, message: string, interrupt: boolean): Asking;
  kill(target: string): Asking;
  /** @param target whom it is said to ask, if not the one that does; the chat for its main session */
  answer(asked: Pick<InputAsked, 'session' | 'id'>, given?: Given, target?: string): Asking;
  stop(subagents: boolean): Asking;
  resume(): Asking;
  change(set: { title?: string; archived?: boolean }): Asking;
  raise(budgetUsd: number): Asking;
  /** Asks whatever isn't answered and isn't being answered. */
  askAgain(life: Life): void;
  /** Sends once more what was answered already, and expects the same answer. */
  repeat(life: Life, asking: Asking): void;
  /** Sends something else under an id that was used. */
  misuse(life: Life, asking: Asking): void;
}

export function makePeople(witness: Witness, note: (line: () => string) => void): People {
  const askings: Asking[] = [];
  const complaints: string[] = [];

  function asking(command: Command): Asking {
    const one: Asking = { id: `r${askings.length + 1}`, command };
    askings.push(one);
    return one;
  }

  async function send(life: Life, one: Asking): Promise<void> {
    one.asked = life.n;
    const { command, id } = one;
    note(() => `person ${id}: ${JSON.stringify(command)}`);
    const key = { id, hash: JSON.stringify(command) };
    const outcome = await life.runtime.send(CHAT, command, key).catch((): undefined => undefined);
    if (!outcome) {
      delete one.asked;
      return;
    }
    one.outcome = outcome;
    note(() => `answered ${id}: ${JSON.stringify(outcome.ok ? outcome.answer : outcome.refusal.message)}`);
    if (outcome.ok) acknowledged(one);
  }

  /** What is acknowledged is durable at that moment. */
  function acknowledged({ id, command, outcome }: Asking): void {
    if (command.type !== 'say' || !outcome?.ok || outcome.answer.kind !== 'message') return;
    const found = witness.logs.get(CHAT)?.[outcome.answer.seq - 1]?.event;
    const [part] = command.parts;
    const words = part?.type === 'text' ? part.text : undefined;
    if (found?.type !== 'mail.accepted' || found.body.kind !== 'message' || found.body.text !== words) {
      complaints.push(`${id} was acknowledged and is not in the log at ${outcome.answer.seq}`);
    }
  }

  asking({
    type: 'create',
    id: CHAT,
    owner: 'ada',
    title: 'a chat',
    model: 'claude-sonnet-5-5',
    chosen: false,
    secret: 'sesame',
  });
  return {
    askings,
    complaints,
    say: (text, interrupt) => asking({ type: 'say', parts: [{ type: 'text', text }], interrupt, from }),
    spawn: (request) => asking({ type: 'spawn', request, from }),
    steer: (target, message, interrupt) => asking({ type: 'steer', target, message, interrupt, from }),
    kill: (target) => asking({ type: 'kill', target, from }),
    answer({ session, id }, { decision, text = `answer ${askings.length + 1}` } = {}, target = session) {
      return asking({
        type: 'answer',
        ...(target === CHAT ? {} : { target }),
        request: id,
        text,
        ...(decision === undefined ? {} : { decision }),
        from,
      });
    },
    stop: (subagents) => asking({ type: 'stop', subagents, from }),
    resume: () => asking({ type: 'resume', from }),
    change: (set) => asking({ type: 'change', ...set, from }),
    raise: (budgetUsd) => asking({ type: 'change', budgetUsd, from }),
    askAgain(life) {
      for (const one of askings) if (!one.outcome && one.asked !== life.n) void send(life, one);
    },
    repeat(life, one) {
      const { id, command, outcome } = one;
      if (!outcome?.ok || command.type === 'create') return;
      const key = { id, hash: JSON.stringify(command) };
      void life.runtime.send(CHAT, command, key).then(
        (again) => {
          const same = again.ok && JSON.stringify(again.answer) === JSON.stringify(outcome.answer);
          if (!same || !again.repeated) {
            complaints.push(
              `${id} asked again was answered ${JSON.stringify(again)}, not ${JSON.stringify(outcome)}`,
            );
          }
        },
        () => {},
      );
    },
    misuse(life, { id, outcome, command }) {
      if (!outcome?.ok || command.type === 'create') return;
      void life.runtime.send(CHAT, { type: 'resume', from }, { id, hash: 'another body' }).then(
        (again) => {
          if (again.ok || again.refusal.kind !== 'exists')
            complaints.push(`${id} was taken with another body`);
        },
        () => {},
      );
    },
  };
}
