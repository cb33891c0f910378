/**
 * The routes of what a program that leads a chat is to read, and of its saying that it has. What it did not acknowledge
 * is told again; nothing is taken from it by its being shown.
 */
import { z } from 'zod';
import type { AcceptedBody } from '../core/correspondence.ts';
import { decodeEvent } from '../core/events.ts';
import type { Letter } from '../core/mailbox.ts';
import { newsOf } from '../core/news.ts';
import { newsAnswer, newsReadAnswer } from './answers.ts';
import { limit, requestId } from './fields.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { ask } from './repeat.ts';
import { get, json, post, type Route } from './route.ts';

type News = z.output<typeof newsAnswer>['news'][number];

export function newsRoutes(ports: AppPorts): Route[] {
  const { store } = ports;

  /** Letters bring their words in the event that they came with. */
  function told(chat: string, { seq, kind }: Letter): News {
    const [row] = store.events(chat, seq - 1, 1);
    if (!row) throw new Error(`event ${seq} of ${chat} is not there`);
    const { at, event } = decodeEvent(row);
    if (event.type !== 'mail.accepted') throw new Error(`event ${seq} of ${chat} is ${event.type}, no mail`);
    const { block, body } = event;
    const text = block?.type === 'text' && typeof block.text === 'string' ? block.text : '';
    return { seq, at, kind, text, ...aboutOf(body) };
  }

  const listed = get({
    name: 'listNews',
    path: '/v1/chats/{chat}/news',
    scope: 'read',
    summary: 'Reads what waits for the program that leads a chat, oldest first.',
    details:
      "Endings and questions of subagents, and people's words. The same is told again until it is acknowledged. The feed says when there is more.",
    query: z.strictObject({ limit: limit(50, 200) }),
    answers: { 200: { description: 'What waits.', schema: newsAnswer } },
    problems: ['not-found'],
    handle({ chat, query: { limit: most = 50 } }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const waiting = newsOf(main);
      const page = waiting.slice(0, most).map((letter) => told(chat, letter));
      const last = page.at(-1);
      return json(newsAnswer, 200, {
        news: page,
        next: last && waiting.length > most ? last.seq : null,
        createdAt: main.createdAt,
      });
    },
  });

  const read = post({
    name: 'readNews',
    path: '/v1/chats/{chat}/news/read',
    scope: 'chat',
    summary: 'Acknowledges news: what came up to an event was read and is not told again.',
    query: z.strictObject({}),
    body: z.strictObject({
      upTo: z.int().min(0).describe('The `seq` of the latest news that was read.'),
      createdAt: z
        .int()
        .optional()
        .describe(
          'The `createdAt` that the news came with: if the chat was deleted and made anew with the same id since, this is refused (409) and nothing is acknowledged.',
        ),
      id: requestId,
    }),
    answers: { 200: { description: 'How many were read by this.', schema: newsReadAnswer } },
    problems: ['not-found', 'conflict', 'id-reused'],
    async handle({ chat, body: { upTo, createdAt }, key, caller }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const done = await ask(ports, chat, key, () => ({
        type: 'read',
        upTo,
        ...(createdAt === undefined ? {} : { createdAt }),
        from: caller.from,
      }));
      if (done.reply === 'problem') return done;
      if (done.answer.kind !== 'done') throw new Error(`reading was answered with ${done.answer.kind}`);
      return json(newsReadAnswer, 200, newsReadAnswer.parse(done.answer.outcome));
    },
  });

  return [listed, read];
}

/** Whom it is about, and what to answer it with. */
function aboutOf(body: AcceptedBody): Partial<News> {
  switch (body.kind) {
    case 'announcement': {
      const { id, label, path, status } = body.card;
      return { subagentId: id, label, path, status, attempt: body.attempt, result: body.result };
    }
    case 'question':
    case 'denial':
      return { subagentId: body.subagentId, request: body.request };
    case 'message':
      return { from: body.from };
    case 'note':
    case 'task':
    case 'go':
    case 'steer':
    case 'kill':
    case 'result':
    case 'unmet':
    case 'answer':
    case 'status':
      return {};
  }
}
