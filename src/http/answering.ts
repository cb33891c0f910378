/** The routes by which people answer what is asked of them: by the assistant itself, and by its subagents. */
import { z } from 'zod';
import { inputAnswer } from './answers.ts';
import { noQuery, requestId, text } from './fields.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { invalid } from './problem.ts';
import { ask } from './repeat.ts';
import { json, post, type Reply, type Route, type Told } from './route.ts';

const once = 'Each request is answered once: the first answer counts, whoever gives it.';

const answerBody = z.strictObject({
  request: z.string().min(1).max(200).describe('The id of its `inputRequest`.'),
  decision: z
    .enum(['allow', 'deny'])
    .optional()
    .describe('Where permission or approval was asked for: what is decided.'),
  text: text.optional().describe('The answer to a question; with a decision, why.'),
  id: requestId,
});

const answering = {
  scope: 'answer',
  adds: true,
  query: noQuery,
  body: answerBody,
  answers: {
    200: { description: 'The answer is on its way, and is the one that counts.', schema: inputAnswer },
  },
} as const;

/** What the main session itself asks. */
export function chatAnswering(ports: AppPorts): Route {
  return post({
    ...answering,
    name: 'answerChat',
    path: '/v1/chats/{chat}/answer',
    summary: 'Answers what the assistant itself asks.',
    details: `What its subagents ask is answered at their own address. ${once}`,
    problems: ['not-found', 'conflict', 'id-reused'],
    handle: (told) => answer(ports, told),
  });
}

/** @param targetDetails what may stand as `{target}` */
export function subagentAnswering(ports: AppPorts, targetDetails: string): Route {
  return post({
    ...answering,
    name: 'answerSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/answer',
    summary: 'Answers what a subagent asks.',
    details: `${targetDetails} ${once}`,
    problems: ['not-found', 'ambiguous', 'conflict', 'id-reused'],
    handle: (told) => answer(ports, told, told.target),
  });
}

async function answer(
  ports: AppPorts,
  { chat, body, key, caller }: Told<unknown, z.output<typeof answerBody>>,
  target?: string,
): Promise<Reply> {
  const main = chatOf(ports, chat);
  if (isProblem(main)) return main;
  const { request, decision, text: words } = body;
  const missing = 'is missing: the answer; where permission or approval was asked for, `decision`';
  const done = await ask(ports, chat, key, () =>
    words === undefined && decision === undefined
      ? invalid([{ path: 'text', message: missing }])
      : {
          type: 'answer',
          ...(target === undefined ? {} : { target }),
          request,
          text: words ?? '',
          ...(decision === undefined ? {} : { decision }),
          from: caller.from,
        },
  );
  if (done.reply === 'problem') return done;
  if (done.answer.kind !== 'input') throw new Error(`an answer was answered with ${done.answer.kind}`);
  const { subagentId, request: id } = done.answer;
  return json(inputAnswer, 200, {
    answer: { ...(subagentId === undefined ? {} : { subagentId }), request: id },
  });
}
