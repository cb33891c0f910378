/** The routes of a chat's subagents: spawned, listed, shown, read, followed, steered, answered and killed by people. */
import { z } from 'zod';
import { isDead, subtree } from '../core/subagents.ts';
import { subagentAnswering } from './answering.ts';
import {
  killAnswer,
  messagesAnswer,
  spawnAnswer,
  steerAnswer,
  subagentAnswer,
  subagentsAnswer,
} from './answers.ts';
import { subagentCall } from './calls.ts';
import { feed, feedDoc } from './feeds.ts';
import { noQuery, requestId, text } from './fields.ts';
import { chatOf, isProblem, subagentOf } from './lookup.ts';
import { messages, messagesQuery } from './messages.ts';
import type { AppPorts } from './ports.ts';
import { invalid } from './problem.ts';
import { ask } from './repeat.ts';
import { get, json, post, type Reply, type Route } from './route.ts';
import { subagentAsSpawned, subagentInFull, subagentNow } from './views.ts';
import { worktreeRoutes } from './worktrees.ts';

/** How long a kill waits until what it ended is confirmed dead. */
const CONFIRM_MS = 4_500;

const targetDetails =
  '`{target}`: a label, if only one has it; a path (`boss/pawn`, with the slash as it is or as %2F; a path that ends in the name of an action, or in `calls` and a number, needs %2F); an id, or at least its first 6 characters.';

export function subagentRoutes(ports: AppPorts): Route[] {
  const { runtime, clock } = ports;
  const { input } = ports.spawn;
  if (!(input instanceof z.ZodObject)) throw new Error('the input of sessions_spawn is a flat object');

  const listed = get({
    name: 'listSubagents',
    path: '/v1/chats/{chat}/subagents',
    scope: 'read',
    summary: "Lists a chat's subagents, the whole tree, newest first.",
    query: noQuery,
    answers: { 200: { description: 'The subagents.', schema: subagentsAnswer } },
    problems: ['not-found'],
    async handle({ chat }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const cards = Object.values(main.tree.cards).toReversed();
      return json(subagentsAnswer, 200, {
        subagents: await Promise.all(cards.map((card) => subagentNow(ports, main, card))),
        next: null,
      });
    },
  });

  const spawned = post({
    name: 'spawnSubagent',
    path: '/v1/chats/{chat}/subagents',
    scope: 'chat',
    adds: true,
    summary: 'Spawns a subagent of the chat.',
    details:
      'The body is the input of the tool sessions_spawn. Its news goes to the assistant, as if it had spawned it.',
    query: noQuery,
    body: input.extend({ id: requestId }),
    answers: {
      202: { description: 'The subagent.', schema: spawnAnswer },
      200: {
        description: 'The same request came before: its subagent, as it was spawned.',
        schema: spawnAnswer,
      },
    },
    problems: ['not-found', 'id-reused', 'limit'],
    async handle({ chat, body, key, caller }) {
      const before = chatOf(ports, chat);
      if (isProblem(before)) return before;
      const { id: _, ...given } = body;
      const parsed = ports.spawn.parse(given);
      const done = await ask(ports, chat, key, () =>
        parsed.ok ? { type: 'spawn', request: parsed.request, from: caller.from } : invalid(parsed.errors),
      );
      if (done.reply === 'problem') return done;
      if (done.answer.kind !== 'subagent') throw new Error(`a spawn was answered with ${done.answer.kind}`);
      const note = parsed.ok ? parsed.request.notes.join(' ') : '';
      return json(spawnAnswer, done.repeated ? 200 : 202, {
        subagent: await subagentAsSpawned(ports, chat, done.answer.id),
        ...(note === '' ? {} : { note }),
      });
    },
  });

  const steered = post({
    name: 'steerSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/steer',
    scope: 'chat',
    adds: true,
    summary: 'Tells a subagent something that its next step reads; one that has ended is resumed with it.',
    details: targetDetails,
    query: noQuery,
    body: z.strictObject({
      message: text,
      interrupt: z.boolean().optional().describe('Gives up what it does right now, to be read at once.'),
      id: requestId,
    }),
    answers: {
      202: { description: 'The steer is on its way.', schema: steerAnswer },
      200: { description: 'The same request came before: its steer.', schema: steerAnswer },
    },
    problems: ['not-found', 'ambiguous', 'id-reused'],
    async handle({ chat, target, body, key, caller }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const done = await ask(ports, chat, key, () => ({
        type: 'steer',
        target,
        message: body.message,
        interrupt: body.interrupt ?? false,
        from: caller.from,
      }));
      if (done.reply === 'problem') return done;
      if (done.answer.kind !== 'steer') throw new Error(`a steer was answered with ${done.answer.kind}`);
      const { steerId, note } = done.answer;
      return json(steerAnswer, done.repeated ? 200 : 202, {
        steer: { id: steerId, state: 'queued', ...(note ? { note } : {}) },
      });
    },
  });

  const answered = subagentAnswering(ports, targetDetails);

  const killed = post({
    name: 'killSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/kill',
    scope: 'chat',
    summary: 'Ends a subagent and all below it; `all` ends every one.',
    details: `${targetDetails} Answers when they are confirmed dead, or after 5 seconds with what is not confirmed.`,
    query: noQuery,
    body: z.strictObject({ id: requestId }),
    answers: { 200: { description: 'What became of each.', schema: killAnswer } },
    problems: ['not-found', 'ambiguous', 'id-reused'],
    async handle({ chat, target, key, caller }) {
      const before = chatOf(ports, chat);
      if (isProblem(before)) return before;
      const done = await ask(ports, chat, key, () => ({ type: 'kill', target, from: caller.from }));
      if (done.reply === 'problem') return done;
      if (done.answer.kind !== 'kill') throw new Error(`a kill was answered with ${done.answer.kind}`);
      const targets = await confirmed(chat, done.answer.targets, new Set(Object.keys(before.tree.cards)));
      return tell(chat, targets, done.answer.alreadyEnded);
    },
  });

  /** Waits for the endings; those that were spawned below a target before the kill reached it count, too. */
  async function confirmed(
    chat: string,
    first: readonly string[],
    known: ReadonlySet<string>,
  ): Promise<readonly string[]> {
    const until = clock.monotonic() + CONFIRM_MS;
    let targets = first;
    for (;;) {
      await runtime.confirmDead(chat, targets, Math.max(0, until - clock.monotonic()));
      const tree = runtime.state(chat)?.tree;
      if (!tree) return targets;
      const below = targets.flatMap((id) => subtree(tree, id).map((card) => card.id));
      const born = [...new Set(below)].filter((id) => !known.has(id) && !targets.includes(id));
      if (born.length === 0 || clock.monotonic() >= until) return [...targets, ...born];
      targets = [...targets, ...born];
    }
  }

  function tell(chat: string, targets: readonly string[], ended: readonly string[]): Reply {
    const main = chatOf(ports, chat);
    if (isProblem(main)) return main;
    const killed: string[] = [];
    const unconfirmed: string[] = [];
    const alreadyEnded = [...ended];
    for (const id of targets) {
      const card = main.tree.cards[id];
      if (!card) continue;
      if (!isDead(card)) unconfirmed.push(card.label);
      else if (card.status === 'killed') killed.push(card.label);
      else alreadyEnded.push(card.label);
    }
    return json(killAnswer, 200, { killed, unconfirmed, alreadyEnded });
  }

  const read = get({
    name: 'listSubagentMessages',
    path: '/v1/chats/{chat}/subagents/{target}/messages',
    scope: 'read',
    summary: "Reads a subagent's transcript.",
    details: targetDetails,
    query: messagesQuery,
    answers: { 200: { description: 'A page of messages.', schema: messagesAnswer } },
    problems: ['not-found', 'ambiguous'],
    async handle({ chat, target, query }) {
      const found = subagentOf(ports, chat, target);
      return isProblem(found) ? found : messages(ports, found.card.id, query);
    },
  });

  const followed = get({
    name: 'followSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/events',
    scope: 'read',
    summary: "Follows a subagent's own feed.",
    ...feedDoc,
    details: `${feedDoc.details} ${targetDetails}`,
    problems: ['bad-cursor', 'not-found', 'ambiguous'],
    handle(asked) {
      const found = subagentOf(ports, asked.chat, asked.target);
      return isProblem(found) ? found : feed(ports, found.card.id, asked);
    },
  });

  const one = get({
    name: 'getSubagent',
    path: '/v1/chats/{chat}/subagents/{target}',
    scope: 'read',
    summary: 'Shows a subagent, with its whole task and result.',
    details: targetDetails,
    query: noQuery,
    answers: { 200: { description: 'The subagent.', schema: subagentAnswer } },
    problems: ['not-found', 'ambiguous'],
    async handle({ chat, target }) {
      const found = subagentOf(ports, chat, target);
      if (isProblem(found)) return found;
      return json(subagentAnswer, 200, { subagent: await subagentInFull(ports, found.main, found.card) });
    },
  });

  // Paths that end in an action come before the one that takes any path.
  return [
    listed,
    spawned,
    steered,
    answered,
    killed,
    ...worktreeRoutes(ports, targetDetails),
    read,
    followed,
    subagentCall(ports, targetDetails),
    one,
  ];
}
