/** The tool that looks after subagents: the same actions, under the same names, as a model's own. Owns its outcomes. */
import type { z } from 'zod';
import type { Client, InputAnswer } from '../../client/index.ts';
import { encodeBody } from '../../core/fence.ts';
import { subagentsInput } from '../../tools/subagents.ts';
import type { McpTool, ToolOutcome } from '../tool.ts';
import { briefOf, cardOf, lineOf, mistake, pageOf, told } from '../words.ts';

/** Characters of a result that one `show` carries. */
const PAGE_CHARS = 20_000;
/** Messages that are looked through for what it said last. */
const LATEST = 12;

export const subagents: McpTool<typeof subagentsInput> = {
  name: 'subagents',
  title: 'Look after subagents',
  description: [
    'Looks after the subagents that you spawned and those below them. list: how each stands. show: one in full, its',
    'task, latest words, and its result by pages (offset). steer: message is read by its next step, or at once with',
    'interrupt; one that has ended is resumed with it. answer: message answers what one that waits asked; with',
    'decision, allow or deny, where it asked for permission or for approval of its plan. kill: ends it and all below',
    'it; "all" ends every one. Targets are labels, paths (boss/pawn) or ids. Never list in order to wait: news is told.',
  ].join(' '),
  input: subagentsInput,
  async run(parent, input) {
    const { client } = parent;
    const { action, target } = input;
    if (action !== 'list' && target === undefined) {
      return mistake(`subagents ${action} needs a \`target\`: a label, a path or an id.`);
    }
    const chat = await parent.chat();
    return target === undefined ? list(client, chat) : act(client, chat, target, input);
  },
};

async function list(client: Client, chat: string): Promise<ToolOutcome> {
  const all = await client.subagents(chat);
  const lines = all.map((one) => lineOf(one, Date.now()));
  return told(lines.length === 0 ? 'There are no subagents.' : lines.join('\n'), {
    subagents: all.map(briefOf),
  });
}

async function act(
  client: Client,
  chat: string,
  target: string,
  { action, message, interrupt, request, decision, offset }: z.output<typeof subagentsInput>,
): Promise<ToolOutcome> {
  switch (action) {
    case 'list':
      return mistake('subagents list takes no `target`: show tells of one.');
    case 'show':
      return show(client, chat, target, offset ?? 0);
    case 'steer': {
      if (message === undefined) {
        return mistake('subagents steer needs a `message`: what it is to know or do differently.');
      }
      const steer = await client.steer(chat, target, { message, ...(interrupt ? { interrupt } : {}) });
      return told(`Queued for ${target}: its next step reads it.`, { ...steer, target });
    }
    case 'answer':
      if (message === undefined && decision === undefined) {
        return mistake(
          'subagents answer needs a `message`, the answer, or where it asks for permission or approval a `decision`.',
        );
      }
      return answer(client, chat, target, {
        ...(request === undefined ? {} : { request }),
        ...(decision === undefined ? {} : { decision }),
        ...(message === undefined ? {} : { text: message }),
      });
    case 'kill': {
      const ended = await client.kill(chat, target);
      const lines = [
        ...ended.killed.map((label) => `${label} is ended.`),
        ...ended.unconfirmed.map((label) => `${label} was told to end, and is not known to have ended yet.`),
        ...ended.alreadyEnded.map((label) => `${label} had ended before.`),
      ];
      return told(lines.length === 0 ? 'There was nobody to end.' : lines.join('\n'), ended);
    }
  }
}

async function show(client: Client, chat: string, target: string, offset: number): Promise<ToolOutcome> {
  const one = await client.subagent(chat, target);
  const { messages } = await client.subagentMessages(chat, one.id, { before: 'latest', limit: LATEST });
  const said = messages
    .filter(({ role, text }) => role === 'assistant' && text !== one.result)
    .map(({ text }) => text);
  const page = one.result === undefined ? undefined : pageOf(one.result, offset, PAGE_CHARS);
  // Some clients show their model this instead of the words: what others wrote opens no tag of ours here either.
  return told(cardOf(one, said, page), {
    ...briefOf(one),
    task: encodeBody(one.task),
    latest: said.map(encodeBody),
    ...(page ? { result: encodeBody(page.text), next: page.to < page.chars ? page.to : null } : {}),
  });
}

async function answer(
  client: Client,
  chat: string,
  target: string,
  { request, ...given }: Partial<InputAnswer>,
): Promise<ToolOutcome> {
  const one = await client.subagent(chat, target);
  const asked = request ?? one.inputRequest?.id;
  if (asked === undefined) return mistake(`${one.path} asks for nothing at the moment.`);
  const answered = await client.answerSubagent(chat, one.id, { request: asked, ...given });
  return told(`${one.path} is answered.`, { ...answered });
}
