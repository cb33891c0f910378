/**
 * People of a fault run: each keeps one chat busy over HTTP, with an id on every request, and repeats a request
 * until it is answered, however often the gateway goes down meanwhile. Remembers what was promised to them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Answer, type Chat, type Client, type SubagentView, UnexpectedAnswer } from '../e2e/client.ts';
import { type Choices, chance, pick, weighted } from '../simulation/choices.ts';
import { type Order, taskOf, wordsOf } from './play.ts';

/** Something that was asked and answered: what must be found in the logs. */
export type Promised =
  | { readonly kind: 'message'; readonly chat: string; readonly seq: number; readonly text: string }
  | { readonly kind: 'spawn'; readonly chat: string; readonly subagent: string; readonly task: string }
  | { readonly kind: 'steer'; readonly chat: string; readonly steer: string };

export interface Person {
  readonly chat: Chat;
  readonly promised: readonly Promised[];
  /** What they were told that can't be: another answer to the same request, a refusal that makes no sense. */
  readonly complaints: readonly string[];
  /** Resolves when the last request is answered; no more are made. */
  leave(): Promise<void>;
}

const messageAnswer = z.object({ message: z.object({ seq: z.number(), text: z.string() }) });
const spawnAnswer = z.object({ subagent: z.object({ id: z.string() }) });
const steerAnswer = z.object({ steer: z.object({ id: z.string() }) });

/** Live subagents of a chat above which nobody spawns more. */
const ENOUGH = 10;
const plans = [
  'bash',
  'bash+bash',
  'report+bash',
  'nest',
  'nest+bash',
  'bash+nest',
  'stray',
  'say',
  'ask+bash',
] as const;

export async function makePerson(client: Client, name: string, choices: Choices): Promise<Person> {
  const promised: Promised[] = [];
  const complaints: string[] = [];
  const tokens: string[] = [];
  let count = 0;
  let leaving = false;

  /** Asks until there is an answer: the same id and body each time. */
  async function insist(path: string, body: object): Promise<Answer> {
    for (;;) {
      try {
        const answer = await client.post(path, body);
        if (answer.status < 500) return answer;
      } catch {
        // The gateway is down, or went down while it had our request.
      }
      await sleep(20);
    }
  }

  /** Undefined if it was refused for a reason that a busy chat may have. */
  async function ask<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema> | undefined> {
    count += 1;
    const named = { ...body, id: `${name}-${count}` };
    const answer = await insist(path, named);
    if ([404, 409, 429].includes(answer.status)) return undefined;
    if (answer.status >= 300) {
      complaints.push(`POST ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return undefined;
    }
    const told = schema.parse(answer.body);
    if (chance(choices, 20)) {
      const again = await insist(path, named);
      const same = again.status === 200 && JSON.stringify(schema.parse(again.body)) === JSON.stringify(told);
      if (!same) complaints.push(`POST ${path} ${named.id} again was answered ${JSON.stringify(again.body)}`);
    }
    return told;
  }

  const made = await ask('/v1/chats', {}, z.object({ chat: z.object({ id: z.string() }) }));
  if (!made) throw new Error('no chat could be made');
  const chat = client.chat(made.chat.id);

  async function say(orders: readonly Order[], more: { interrupt?: boolean } = {}): Promise<void> {
    const text = `#${name}-${count} ${orders.map(wordsOf).join(' ')}`;
    const told = await ask(chat.path('/messages'), { text, ...more }, messageAnswer);
    if (!told) return;
    promised.push({ kind: 'message', chat: chat.id, seq: told.message.seq, text });
    if (told.message.text !== text) complaints.push(`"${text}" was taken as "${told.message.text}"`);
  }

  function newOrder(): Order {
    const token = `${name}-t${tokens.length}`;
    tokens.push(token);
    return { do: 'spawn', token, plan: pick(choices, plans) };
  }

  async function live(): Promise<SubagentView[]> {
    const all = await chat.subagents();
    return all.filter(({ endedAt }) => endedAt === undefined);
  }

  async function act(): Promise<void> {
    const alive = await live();
    const old = tokens[choices.below(Math.max(1, tokens.length))];
    const target = alive[choices.below(Math.max(1, alive.length))];
    const action = weighted(choices, [
      [3, 'chat'],
      [alive.length < ENOUGH ? 8 : 0, 'spawn'],
      [alive.length < ENOUGH ? 2 : 0, 'spawn by hand'],
      [2, 'bash'],
      [old === undefined ? 0 : 2, 'order a steer'],
      [old === undefined ? 0 : 1, 'order a kill'],
      [target === undefined ? 0 : 2, 'steer'],
      [target === undefined ? 0 : 1, 'kill'],
      [target?.inputRequest === undefined ? 0 : 12, 'answer'],
      [1, 'interrupt'],
      [1, 'stop'],
      [1, 'resume'],
    ] as const);
    switch (action) {
      case 'chat':
        return say([]);
      case 'spawn':
        return say(Array.from({ length: 1 + choices.below(4) }, newOrder));
      case 'spawn by hand': {
        const token = `${name}-t${tokens.length}`;
        tokens.push(token);
        const task = taskOf(token, pick(choices, plans));
        const told = await ask(chat.path('/subagents'), { task }, spawnAnswer);
        if (told) promised.push({ kind: 'spawn', chat: chat.id, subagent: told.subagent.id, task });
        return;
      }
      case 'bash':
        return say([{ do: 'bash', token: `${name}-b` }]);
      case 'order a steer':
        return say([{ do: 'steer', token: old ?? '' }]);
      case 'order a kill':
        return say([{ do: 'kill', token: old ?? '' }]);
      case 'steer': {
        const body = { message: `Mind this, ${name} ${count}.`, interrupt: chance(choices, 30) };
        const told = await ask(chat.path(`/subagents/${target?.id}/steer`), body, steerAnswer);
        if (told) promised.push({ kind: 'steer', chat: chat.id, steer: told.steer.id });
        return;
      }
      case 'kill':
        await ask(
          chat.path(`/subagents/${target?.id}/kill`),
          {},
          z.unknown().transform(() => 'told'),
        );
        return;
      case 'answer':
        await ask(
          chat.path(`/subagents/${target?.id}/answer`),
          { request: target?.inputRequest?.id ?? '', text: `This way, ${name} ${count}.` },
          z.unknown().transform(() => 'told'),
        );
        return;
      case 'interrupt':
        return say([], { interrupt: true });
      case 'stop':
        // Rarely, or nothing would ever be under way.
        if (chance(choices, 25))
          await ask(
            chat.path('/stop'),
            {},
            z.unknown().transform(() => 'told'),
          );
        return;
      case 'resume':
        await ask(
          chat.path('/resume'),
          {},
          z.unknown().transform(() => 'told'),
        );
    }
  }

  const busy = (async () => {
    while (!leaving) {
      try {
        await act();
      } catch (error) {
        // Reading while the gateway is down fails; that is no complaint.
        if (error instanceof UnexpectedAnswer && error.answer.status < 500) complaints.push(error.message);
        if (error instanceof z.ZodError) complaints.push(error.message);
        await sleep(20);
      }
      await sleep(choices.below(40));
    }
  })();

  return {
    chat,
    promised,
    complaints,
    async leave() {
      leaving = true;
      await busy;
    },
  };
}
