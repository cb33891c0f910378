/** The routes of chats: made, listed, shown, spoken to, read back, stopped and resumed. */
import { z } from 'zod';
import { decodeEvent } from '../core/events.ts';
import { messageOf } from '../core/feed.ts';
import { chatIdFor } from '../core/ids.ts';
import { chatAnswering } from './answering.ts';
import { chatAnswer, chatsAnswer, messageAnswer, messagesAnswer } from './answers.ts';
import { lacking, onlyOwner, sees } from './callers.ts';
import { chatCall } from './calls.ts';
import { budgetUsd, limit, messageBody, modelName, noQuery, requestId, title, yesOrNo } from './fields.ts';
import { saidParts } from './files.ts';
import { chatOf, isProblem } from './lookup.ts';
import { messages, messagesQuery } from './messages.ts';
import type { AppPorts } from './ports.ts';
import { invalid } from './problem.ts';
import { ask } from './repeat.ts';
import { get, json, post, type Reply, type Route } from './route.ts';
import { chatAsMade, chatView } from './views.ts';

export function chatRoutes(ports: AppPorts): Route[] {
  const { store, shelf } = ports;

  async function shown(status: number, id: string): Promise<Reply> {
    const state = chatOf(ports, id);
    return isProblem(state) ? state : json(chatAnswer, status, { chat: await chatView(ports, state) });
  }

  const created = post({
    name: 'createChat',
    path: '/v1/chats',
    scope: 'chat',
    summary: 'Starts a chat.',
    query: noQuery,
    body: z.strictObject({
      title: title.optional(),
      model: modelName.optional(),
      budgetUsd: budgetUsd.optional(),
      lead: z
        .enum(['assistant', 'program'])
        .optional()
        .describe(
          'Who leads it: the model, or a program, which then reads the news of its subagents itself. No model speaks in such a chat.',
        ),
      id: requestId,
    }),
    answers: {
      201: { description: 'The chat.', schema: chatAnswer },
      200: { description: 'The same request came before: the chat, as it was made.', schema: chatAnswer },
    },
    problems: ['id-reused'],
    async handle({ c, body, given, key, caller, requestId: number }) {
      // Whoever may speak may not lift what speaking costs at most.
      const lifts = body.budgetUsd !== undefined && body.budgetUsd > ports.budget.chatUsd;
      const refusal = lifts ? lacking(caller, 'admin') : undefined;
      if (refusal) return refusal;
      const id = key ? chatIdFor(caller.owner, key.id) : (ports.newChatId?.() ?? `chat_${ports.newId()}`);
      const there = ports.elsewhere?.(id);
      if (there) return there(withBody(c.req.raw, given), { caller, requestId: number });
      // In a name space of its own: requests to the chat are free to use the same id.
      const own = key && { ...key, id: `create ${key.id}` };
      const done = await ask(ports, id, own, () => {
        const model = ports.resolveModel(body.model ?? ports.about.model);
        if ('unknown' in model) return invalid([{ path: 'model', message: model.message }]);
        if (model.prices === undefined && ports.budget.chatTokens === undefined) {
          const mend = 'give it prices in "models" of the configuration, or set TIDINGS_CHAT_BUDGET_TOKENS';
          return invalid([
            { path: 'model', message: `has no known price, so no budget would hold: ${mend}` },
          ]);
        }
        return {
          type: 'create',
          id,
          owner: caller.owner,
          title: body.title ?? '',
          model: model.id,
          chosen: body.model !== undefined,
          secret: ports.newId(),
          ...(body.lead === 'program' ? { lead: body.lead } : {}),
          ...(body.budgetUsd === undefined ? {} : { budgetUsd: body.budgetUsd }),
        };
      });
      if (done.reply === 'problem') return done;
      return json(chatAnswer, done.repeated ? 200 : 201, {
        chat: await chatAsMade(ports, id),
      });
    },
  });

  const listed = get({
    name: 'listChats',
    path: '/v1/chats',
    scope: 'read',
    summary: 'Lists chats, newest first.',
    query: z.strictObject({
      limit: limit(50, 200),
      archived: yesOrNo.describe('`true`: those that are archived, instead of those that are not.'),
      before: z.string().optional().describe('The id of a chat: those made before it.'),
    }),
    answers: { 200: { description: 'A page of chats.', schema: chatsAnswer } },
    problems: [],
    async handle({ query: { before, limit: wanted = 50, archived = false }, caller }) {
      if (before !== undefined && !(await sees(shelf, caller, before))) {
        return invalid([{ path: 'before', message: 'is not the id of a chat' }]);
      }
      const owner = onlyOwner(caller);
      const ids = await shelf.page({
        limit: wanted + 1,
        archived,
        ...(before === undefined ? {} : { before }),
        ...(owner === undefined ? {} : { owner }),
      });
      const page = ids.slice(0, wanted);
      const chats = (await Promise.all(page.map((id) => shelf.view(id)))).filter((one) => one !== undefined);
      return json(chatsAnswer, 200, { chats, next: ids.length > wanted ? (page.at(-1) ?? null) : null });
    },
  });

  const said = post({
    name: 'sendMessage',
    path: '/v1/chats/{chat}/messages',
    scope: 'chat',
    adds: true,
    summary: 'Says something to the assistant.',
    details:
      'Answered once the message is durable; what comes of it is on the feed. It is in the next request to the model, whatever the chat is doing.',
    query: noQuery,
    body: messageBody,
    answers: {
      202: { description: 'The message is accepted.', schema: messageAnswer },
      200: { description: 'The same request came before: its message.', schema: messageAnswer },
    },
    problems: ['not-found', 'id-reused'],
    async handle({ chat, body, key, caller }) {
      const state = chatOf(ports, chat);
      if (isProblem(state)) return state;
      const done = await ask(ports, chat, key, async () => {
        const parts = await saidParts(ports, chat, body);
        if ('reply' in parts) return parts;
        return { type: 'say', parts, interrupt: body.interrupt ?? false, from: caller.from };
      });
      if (done.reply === 'problem') return done;
      if (done.answer.kind !== 'message') throw new Error(`a message was answered with ${done.answer.kind}`);
      const [row] = store.events(chat, done.answer.seq - 1, 1);
      const message = row && messageOf(chat, decodeEvent(row));
      if (!message) throw new Error(`event ${done.answer.seq} of ${chat} is no message`);
      return json(messageAnswer, done.repeated ? 200 : 202, { message });
    },
  });

  const stopped = post({
    name: 'stopChat',
    path: '/v1/chats/{chat}/stop',
    scope: 'chat',
    summary: "Ends the main session's turn; with `subagents`, the whole tree.",
    query: noQuery,
    body: z.strictObject({
      subagents: z.boolean().optional().describe('Whether its subagents are killed, too.'),
      id: requestId,
    }),
    answers: { 200: { description: 'The chat.', schema: chatAnswer } },
    problems: ['not-found', 'id-reused'],
    async handle({ chat, body, key, caller }) {
      const state = chatOf(ports, chat);
      if (isProblem(state)) return state;
      const done = await ask(ports, chat, key, () => ({
        type: 'stop',
        subagents: body.subagents ?? false,
        from: caller.from,
      }));
      return done.reply === 'problem' ? done : shown(200, chat);
    },
  });

  const resumed = post({
    name: 'resumeChat',
    path: '/v1/chats/{chat}/resume',
    scope: 'chat',
    summary: 'Wakes a parked chat.',
    query: noQuery,
    body: z.strictObject({ id: requestId }),
    answers: { 200: { description: 'The chat.', schema: chatAnswer } },
    problems: ['not-found', 'id-reused'],
    async handle({ chat, key, caller }) {
      const state = chatOf(ports, chat);
      if (isProblem(state)) return state;
      const done = await ask(ports, chat, key, () => ({ type: 'resume', from: caller.from }));
      return done.reply === 'problem' ? done : shown(200, chat);
    },
  });

  const one = get({
    name: 'getChat',
    path: '/v1/chats/{chat}',
    scope: 'read',
    summary: 'Shows a chat.',
    query: noQuery,
    answers: { 200: { description: 'The chat.', schema: chatAnswer } },
    problems: ['not-found'],
    handle: ({ chat }) => shown(200, chat),
  });

  const read = get({
    name: 'listMessages',
    path: '/v1/chats/{chat}/messages',
    scope: 'read',
    summary: "Reads a chat's messages in their order, the gateway's notices among them.",
    query: messagesQuery,
    answers: { 200: { description: 'A page of messages.', schema: messagesAnswer } },
    problems: ['not-found'],
    async handle({ chat, query }) {
      const state = chatOf(ports, chat);
      return isProblem(state) ? state : messages(ports, chat, query);
    },
  });

  return [created, listed, one, said, read, stopped, resumed, chatAnswering(ports), chatCall(ports)];
}

/** The same request, though its body was read. */
function withBody({ url, method, headers: sent }: Request, body: unknown): Request {
  const headers = new Headers(sent);
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  headers.set('content-type', 'application/json');
  return new Request(url, { method, headers, body: JSON.stringify(body) });
}
