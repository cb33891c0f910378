/**
 * The routes of subagents' git worktrees: listed, shown as a patch, landed, removed. What people do here is told in the
 * chat by a notice, in the commit that remembers the request. Owns no git.
 */
import { z } from 'zod';
import type { Json } from '../core/ports.ts';
import type { WorktreeFault } from '../runtime/worktrees.ts';
import { diffAnswer, landAnswer, removeAnswer, worktreesAnswer } from './answers.ts';
import { noQuery, requestId, title } from './fields.ts';
import { chatOf, isProblem } from './lookup.ts';
import type { AppPorts } from './ports.ts';
import { type Problem, type ProblemKind, problem } from './problem.ts';
import { ask, known } from './repeat.ts';
import { get, json, post, type Reply, type Route, type Told } from './route.ts';

/** Characters of a patch in one answer. */
const PAGE_CHARS = 200_000;

/** @param targetDetails what may stand as `{target}` */
export function worktreeRoutes(ports: AppPorts, targetDetails: string): Route[] {
  const { worktrees } = ports.runtime;
  /** Requests with an id that are under way: the same one again waits for the first. */
  const underWay = new Map<string, Promise<Reply>>();

  const listed = get({
    name: 'listWorktrees',
    path: '/v1/chats/{chat}/worktrees',
    scope: 'read',
    summary: "Lists the git worktrees of a chat's subagents, with what others change in the same files.",
    query: noQuery,
    answers: { 200: { description: 'The worktrees, newest subagent first.', schema: worktreesAnswer } },
    problems: ['not-found'],
    async handle({ chat }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const all = await worktrees.list(main);
      return json(worktreesAnswer, 200, {
        worktrees: all.map(({ subagent, worktree }) => {
          const { session, overlaps, files, ...facts } = worktree;
          return {
            ...facts,
            files: [...files],
            overlaps: overlaps.map((one) => ({ ...one, files: [...one.files] })),
            subagentId: session,
            path: subagent.path,
            status: subagent.status,
          };
        }),
        next: null,
      });
    },
  });

  const shown = get({
    name: 'diffSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/diff',
    scope: 'read',
    summary: 'Shows what a subagent changed in its worktree since it began, uncommitted changes among it.',
    details: targetDetails,
    query: z.strictObject({
      offset: z.coerce.number().int().min(0).default(0).describe('From which character of the patch.'),
    }),
    answers: { 200: { description: 'A page of the patch.', schema: diffAnswer } },
    problems: ['not-found', 'ambiguous', 'conflict'],
    async handle({ chat, target, query: { offset } }) {
      const main = chatOf(ports, chat);
      if (isProblem(main)) return main;
      const outcome = await worktrees.diff(main, target);
      if (!outcome.ok) return faulty(outcome);
      const { patch } = outcome;
      const page = patch.slice(offset, offset + PAGE_CHARS);
      const end = offset + page.length;
      return json(diffAnswer, 200, {
        diff: { patch: page, chars: patch.length, next: end < patch.length ? end : null },
      });
    },
  });

  const landed = post({
    name: 'landSubagent',
    path: '/v1/chats/{chat}/subagents/{target}/land',
    scope: 'chat',
    summary: "Puts all of an ended subagent's work as one commit on the branch that it began from.",
    details: `${targetDetails} One landing at a time for each repository. A conflict, or changes that are not committed where that branch is checked out, refuse it (409 with \`files\`) and leave all as it was.`,
    query: noQuery,
    body: z.strictObject({
      message: title.optional().describe("The commit's title. Default: the label and the task."),
      id: requestId,
    }),
    answers: { 200: { description: 'What landed.', schema: landAnswer } },
    problems: ['not-found', 'ambiguous', 'conflict', 'id-reused'],
    handle: (told) =>
      once(told, landAnswer, async (main) => {
        const outcome = await worktrees.land(main, told.target, { message: told.body.message });
        if (!outcome.ok) return faulty(outcome);
        const { overlaps, files, ...rest } = outcome.landed;
        const { path, id } = outcome.subagent;
        const text = `${path} landed on ${rest.base} as ${rest.commit.slice(0, 12)}: ${amount(files.length)}.`;
        return {
          text,
          body: {
            landed: {
              ...rest,
              subagentId: id,
              files: [...files],
              overlaps: overlaps.map((one) => ({ ...one, files: [...one.files] })),
            },
          },
        };
      }),
  });

  const removed = post({
    name: 'removeWorktree',
    path: '/v1/chats/{chat}/subagents/{target}/remove',
    scope: 'chat',
    summary: "Removes an ended subagent's worktree and branch; refuses to lose what has not landed.",
    details: targetDetails,
    query: noQuery,
    body: z.strictObject({
      discard: z.boolean().optional().describe('Lose for good what has not landed.'),
      id: requestId,
    }),
    answers: { 200: { description: 'What was removed.', schema: removeAnswer } },
    problems: ['not-found', 'ambiguous', 'conflict', 'id-reused'],
    handle: (told) =>
      once(told, removeAnswer, async (main) => {
        const discard = told.body.discard ?? false;
        const outcome = await worktrees.remove(main, told.target, { discard });
        if (!outcome.ok) return faulty(outcome);
        const { branch, lost, subagent } = outcome;
        const losses = lost > 0 ? ` What it changed in ${amount(lost)} is lost.` : '';
        const text = `The worktree of ${subagent.path} and its branch ${branch} were removed.${losses}`;
        return { text, body: { removed: { subagentId: subagent.id, branch, lost } } };
      }),
  });

  type Act<Schema extends z.ZodType> = (
    main: Exclude<ReturnType<typeof chatOf>, Problem>,
  ) => Promise<Problem | { text: string; body: z.output<Schema> & Json }>;

  /** Does what is asked once, tells it in the chat, and remembers the answer for the same request. */
  async function once<Schema extends z.ZodType>(
    told: Told<unknown, unknown>,
    schema: Schema,
    act: Act<Schema>,
  ): Promise<Reply> {
    const { chat, key } = told;
    if (!key) return done(told, schema, act);
    const name = `${chat} ${key.id}`;
    for (let first = underWay.get(name); first; first = underWay.get(name))
      await first.catch(() => undefined);
    const reply = done(told, schema, act);
    underWay.set(name, reply);
    try {
      return await reply;
    } finally {
      if (underWay.get(name) === reply) underWay.delete(name);
    }
  }

  async function done<Schema extends z.ZodType>(
    { chat, key, caller }: Told<unknown, unknown>,
    schema: Schema,
    act: Act<Schema>,
  ): Promise<Reply> {
    const main = chatOf(ports, chat);
    if (isProblem(main)) return main;
    const before = known(ports, chat, key);
    if (before?.reply === 'problem') return before;
    const did = before ? undefined : await act(main);
    if (did && 'reply' in did) return did;
    const text = did?.text ?? '';
    const outcome = did?.body ?? null;
    const told = await ask(ports, chat, key, () => ({ type: 'done', text, outcome, from: caller.from }));
    if (told.reply === 'problem') return told;
    if (told.answer.kind !== 'done') throw new Error(`it was answered with ${told.answer.kind}`);
    return json(schema, 200, schema.parse(told.answer.outcome));
  }

  return [listed, shown, landed, removed];
}

function amount(files: number): string {
  return `${files} ${files === 1 ? 'file' : 'files'}`;
}

function faulty({ why, message, files }: WorktreeFault): Problem {
  return problem(kindOf(why), message, files.length > 0 ? { files } : {});
}

function kindOf(why: WorktreeFault['why']): ProblemKind {
  switch (why) {
    case 'not_found':
    case 'none':
      return 'not-found';
    case 'ambiguous':
      return 'ambiguous';
    case 'failed':
      return 'unavailable';
    case 'at_work':
    case 'conflict':
    case 'dirty':
    case 'base':
    case 'unlanded':
    case 'nothing':
      return 'conflict';
  }
}
