/** `tidings subagents`: a chat's subagents from a shell. Owns its options and words; what is done, the gateway does. */
import { type Chat, type Client, isEnded, type Subagent } from '../client/index.ts';
import { answerOf } from './terminal/answering.ts';
import { argumentsOf } from './terminal/arguments.ts';
import { clean, cleanLine } from './terminal/clean.ts';
import { inkFor } from './terminal/ink.ts';
import { likeliestChat, named, pickChat } from './terminal/pick.ts';
import { reach } from './terminal/reach.ts';
import { fullCard, subagentTable } from './terminal/roster.ts';
import { UsageError } from './terminal/usage-error.ts';
import { nameOf } from './terminal/words.ts';

export const subagentsHelp = `tidings subagents list                 who is there, and what they do
tidings subagents show LABEL           one with its task, result and last words
tidings subagents steer LABEL WORDS    tells one something; --interrupt: at once
tidings subagents kill LABEL|all       ends one and all below it
tidings subagents answer [LABEL] allow|deny|WORDS
                                       answers what is asked; without a label what the assistant asks, or the only
                                       one that asks

  --chat CHAT   its id, the beginning of one, or words of its title; without: the newest that is at work, else the newest
  --json        the gateway's answer as JSON

Exit codes: 0 done; 2 wrong use, no gateway, no token, no such chat or subagent.`;

interface Terminal {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Resolves with the exit code. @throws UsageError, ProblemError, UnreachableError */
export async function subagents(args: readonly string[], { print, complain }: Terminal): Promise<number> {
  const { names, values } = read(args);
  const [action, target = '', ...words] = names;
  if (values.help || action === undefined) {
    (values.help ? print : complain)(subagentsHelp);
    return values.help ? 0 : 2;
  }
  const does = actions.get(action);
  if (!does) throw new UsageError(`There is no "tidings subagents ${cleanLine(action)}".\n${subagentsHelp}`);
  if (action === 'list' && target !== '') throw new UsageError(`List takes no "${cleanLine(target)}".`);
  if (['show', 'steer', 'kill'].includes(action) && target === '')
    throw new UsageError(`${action} which subagent?`);
  const { client } = await reach({ env: process.env, cwd: process.cwd() });
  const chat = await chatFor(client, values.chat, complain);
  const text = words.join(' ').trim();
  const told = await does({ client, chat, target, text, interrupt: values.interrupt === true });
  if (values.json) print(JSON.stringify(told.json));
  else for (const line of told.lines) print(line);
  return 0;
}

/** The chat that is named, or the likeliest; which one that is, is said where it was not named. */
export async function chatFor(
  client: Client,
  wanted: string | undefined,
  complain: (line: string) => void,
): Promise<Chat> {
  if (wanted !== undefined) return pickChat(client, wanted);
  const chat = await likeliestChat(client);
  if (!chat) throw new UsageError('There is no chat yet. Begin one with tidings chat.');
  complain(`In ${named(chat)}:`);
  return chat;
}

interface Asked {
  readonly client: Client;
  readonly chat: Chat;
  readonly target: string;
  readonly text: string;
  readonly interrupt: boolean;
}
interface Told {
  readonly json: unknown;
  readonly lines: readonly string[];
}

const actions: ReadonlyMap<string, (asked: Asked) => Promise<Told>> = new Map([
  ['list', list],
  ['show', show],
  ['steer', steer],
  ['kill', kill],
  ['answer', answer],
]);

const width = (): number =>
  process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : 160;

async function list({ client, chat }: Asked): Promise<Told> {
  const all = await client.subagents(chat.id);
  const lines = subagentTable(all, Date.now(), width());
  return {
    json: { chat: chat.id, subagents: all },
    lines: all.length === 0 ? ['There are no subagents.'] : lines,
  };
}

async function show({ client, chat, target }: Asked): Promise<Told> {
  const one = await client.subagent(chat.id, target);
  const { messages } = await client.subagentMessages(chat.id, target, { before: 'latest', limit: 6 });
  const said = messages.filter(({ role, text }) => role === 'assistant' && text !== one.result);
  const sheet = { ink: inkFor(process.stdout, process.env), width: width() };
  return {
    json: { chat: chat.id, subagent: one, messages },
    lines: fullCard(
      sheet,
      one,
      said.map(({ text }) => text),
      Date.now(),
    ),
  };
}

async function steer({ client, chat, target, text, interrupt }: Asked): Promise<Told> {
  if (text === '') throw new UsageError(`What is ${cleanLine(target)} to be told?`);
  const told = await client.steer(chat.id, target, { message: text, interrupt });
  return { json: { chat: chat.id, steer: told }, lines: [`On its way to ${cleanLine(target)}.`] };
}

async function kill({ client, chat, target }: Asked): Promise<Told> {
  const told = await client.kill(chat.id, target);
  const lines = [
    ...told.killed.map((label) => `${label} is ended.`),
    ...told.unconfirmed.map((label) => `${label} was told to end, and is not known to have ended yet.`),
    ...told.alreadyEnded.map((label) => `${label} had ended before.`),
  ];
  return {
    json: { chat: chat.id, ...told },
    lines: lines.length > 0 ? lines.map(cleanLine) : ['There was nobody to end.'],
  };
}

async function answer({ client, chat, target, text }: Asked): Promise<Told> {
  const asking = (await client.subagents(chat.id)).filter((one) => one.inputRequest && !isEnded(one));
  const meant = asking.find((one) => [nameOf(one), one.label, one.id].includes(target));
  const words = meant ? text : `${target} ${text}`.trim();
  const one = meant ?? whoAsks(chat, asking);
  const request = one ? one.inputRequest : chat.inputRequest;
  if (!request) throw new UsageError('Nothing is asked at the moment.');
  if (words === '') throw new UsageError('What is the answer? allow, deny, or words.');
  const given = { request: request.id, ...answerOf(request.kind, words) };
  const told = one
    ? await client.answerSubagent(chat.id, one.id, given)
    : await client.answer(chat.id, given);
  const name = one ? nameOf(one) : 'the assistant';
  return { json: { chat: chat.id, answer: told }, lines: [`${name} is answered: ${clean(words)}`] };
}

/** Undefined: the assistant itself. */
function whoAsks(chat: Chat, asking: readonly Subagent[]): Subagent | undefined {
  const [only, second] = asking;
  if (chat.inputRequest) return undefined;
  if (second) throw new UsageError(`Who is answered? ${asking.map(nameOf).join(', ')} ask.`);
  return only;
}

function read(args: readonly string[]) {
  return argumentsOf(args, {
    help: { type: 'boolean', short: 'h' },
    chat: { type: 'string' },
    json: { type: 'boolean' },
    interrupt: { type: 'boolean' },
  });
}
