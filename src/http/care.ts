/** The routes by which a chat is cared for: changed, archived, deleted, taken along. */
import { z } from 'zod';
import { chatAnswer, deletedAnswer, deletingAnswer } from './answers.ts';
import { lacking } from './callers.ts';
import { exportOf, formats } from './export.ts';
import { budget, modelName, noQuery, title } from './fields.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { invalid, refused } from './problem.ts';
import { get, json, patch, type Route, remove } from './route.ts';
import { chatView } from './views.ts';

/** How long a deletion is waited for. */
const GONE_MS = 4_500;

export function careRoutes(ports: AppPorts): Route[] {
  const { runtime } = ports;

  const changed = patch({
    name: 'changeChat',
    path: '/v1/chats/{chat}',
    scope: 'chat',
    summary: 'Sets what is given of a chat, and leaves the rest.',
    details:
      'A model is in force from the next prefix on. The budget is for a token with the scope `admin` to set. An archived chat goes on working and is listed with `?archived=true`; a message brings it back.',
    query: noQuery,
    body: z.strictObject({
      title: title.optional(),
      model: modelName.optional(),
      budgetUsd: budget.optional(),
      archived: z.boolean().optional(),
    }),
    answers: { 200: { description: 'The chat as it is now.', schema: chatAnswer } },
    problems: ['not-found'],
    async handle({ chat, body, caller }) {
      const before = chatOf(ports, chat);
      if (isProblem(before)) return before;
      // Whoever may speak may not lift what speaking costs at most.
      const refusal = body.budgetUsd === undefined ? undefined : lacking(caller, 'admin');
      if (refusal) return refusal;
      const { model: name, ...rest } = body;
      const model = name === undefined ? undefined : ports.resolveModel(name);
      if (model && 'unknown' in model) {
        return invalid([{ path: 'model', message: model.message }]);
      }
      const outcome = await runtime.send(chat, {
        type: 'change',
        ...(rest.title === undefined ? {} : { title: rest.title }),
        ...(model === undefined ? {} : { model: model.id }),
        ...(rest.budgetUsd === undefined ? {} : { budgetUsd: rest.budgetUsd }),
        ...(rest.archived === undefined ? {} : { archived: rest.archived }),
        from: caller.from,
      });
      if (!outcome.ok) return refused(outcome.refusal);
      const state = chatOf(ports, chat);
      return isProblem(state) ? state : json(chatAnswer, 200, { chat: await chatView(ports, state) });
    },
  });

  const deleted = remove({
    name: 'deleteChat',
    path: '/v1/chats/{chat}',
    scope: 'chat',
    summary: 'Deletes a chat: its tree is killed, its logs and folders are removed.',
    details:
      'Work that was landed nowhere is kept, with its worktree and branch, and named. From the first moment the chat answers 404. Answers when all is gone, or after 5 seconds with 202 while something still ends: the same call again goes on waiting, until it answers 404.',
    query: noQuery,
    answers: {
      200: { description: 'It is gone.', schema: deletedAnswer },
      202: { description: 'It goes, and is not gone yet.', schema: deletingAnswer },
    },
    problems: ['not-found'],
    async handle({ chat, caller }) {
      const state = runtime.state(chat);
      // One that is being deleted is not there for any other call.
      if (state?.kind !== 'main') return notThere(chat);
      const gone = runtime.gone(chat, GONE_MS);
      const outcome = await runtime.send(chat, { type: 'delete', from: caller.from });
      if (!outcome.ok) return refused(outcome.refusal);
      const kept = await gone;
      if (!kept) return json(deletingAnswer, 202, { deleting: chat });
      return json(deletedAnswer, 200, {
        deleted: chat,
        kept: kept.map(({ session: _, ...work }) => work),
      });
    },
  });

  function notThere(chat: string) {
    const found = chatOf(ports, chat);
    if (isProblem(found)) return found;
    throw new Error(`${chat} is there`);
  }

  const exported = get({
    name: 'exportChat',
    path: '/v1/chats/{chat}/export',
    scope: 'read',
    summary: 'Gives a chat with its whole tree, as of the moment of asking.',
    details:
      'As `jsonl` (the usual): a line about the export, then a line for each stored event of the main session and of each subagent, as `{session, path, seq, at, version, event}`; the secrets of sessions are left out (`"secret":""`). As `markdown`: the conversation, the tools as single lines, and each subagent with its task, result and transcript, whatever they say in fences.',
    query: z.strictObject({
      format: z.enum(formats).optional().describe('What to make of it; `jsonl` if left out.'),
    }),
    answers: {
      200: [
        { description: 'One JSON text a line.', media: 'application/jsonl' },
        { description: 'A document.', media: 'text/markdown' },
      ],
    },
    problems: ['not-found'],
    async handle({ chat, query }) {
      const state = chatOf(ports, chat);
      return isProblem(state) ? state : exportOf(ports, state, query.format ?? 'jsonl');
    },
  });

  return [changed, deleted, exported];
}
