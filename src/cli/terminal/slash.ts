/**
 * What can be asked in a conversation besides speaking: lines that begin with a slash. Owns their names, their help, how
 * they are read and completed; what they do is done through the client, and told in lines.
 */
import type { Client } from '../../client/index.ts';
import { nearest } from '../../config/nearest.ts';
import { answer } from './answering.ts';
import { marked, type Sheet } from './cards.ts';
import { cleanLine } from './clean.ts';
import { wrap } from './measure.ts';
import { isAtWork, newest, pickChat } from './pick.ts';
import { fullCard, subagentTable } from './roster.ts';
import { tableOf } from './table.ts';
import type { Team } from './team.ts';
import { UsageError } from './usage-error.ts';
import { nameOf } from './words.ts';

export interface Desk {
  readonly client: Client;
  readonly chat: () => string;
  readonly team: () => Team;
  /** Whether a turn of the assistant is under way. */
  readonly speaking: () => boolean;
  readonly sheet: () => Sheet;
  readonly print: (lines: readonly string[]) => void;
  /** Goes over to another chat. */
  readonly open: (chat: string) => Promise<void>;
  readonly leave: () => void;
}

interface Command {
  readonly name: string;
  readonly takes: string;
  readonly does: string;
  /** What the first word after it may be. */
  readonly first?: 'subagent' | 'asker' | 'chat';
  /** Whether what is typed behind it is for another chat. */
  readonly elsewhere?: true;
  run(desk: Desk, rest: string): Promise<void>;
}

const commands: readonly Command[] = [
  {
    name: 'subagents',
    takes: '',
    does: 'lists all subagents of this chat',
    async run({ client, chat, team, sheet, print }) {
      const all = await client.subagents(chat());
      if (all.length === 0)
        return print(wrap('There are no subagents yet. Ask the assistant to spawn one.', sheet().width));
      print(subagentTable(all, team().now(), sheet().width));
    },
  },
  {
    name: 'show',
    takes: 'LABEL',
    does: 'shows a subagent: its task, last words, result',
    first: 'subagent',
    async run({ client, chat, team, sheet, print }, rest) {
      const [target] = oneWord(rest, 'Show which subagent?');
      const one = await client.subagent(chat(), target);
      const { messages } = await client.subagentMessages(chat(), target, { before: 'latest', limit: 6 });
      const words = messages
        .filter(({ role }) => role === 'assistant')
        .map(({ text }) => text)
        .filter((text) => text !== one.result);
      print(fullCard(sheet(), one, words, team().now()));
    },
  },
  {
    name: 'steer',
    takes: 'LABEL WORDS',
    does: 'tells a subagent something; /steer! tells it at once',
    first: 'subagent',
    run: (desk, rest) => steer(desk, rest, false),
  },
  {
    name: 'steer!',
    takes: 'LABEL WORDS',
    does: 'the same, giving up what it does',
    first: 'subagent',
    run: (desk, rest) => steer(desk, rest, true),
  },
  {
    name: 'kill',
    takes: 'LABEL, or all',
    does: 'ends a subagent and all below it',
    first: 'subagent',
    async run({ client, chat, sheet, print }, rest) {
      const [target] = oneWord(rest, 'Kill which subagent? /kill all ends every one.');
      const { killed, unconfirmed, alreadyEnded } = await client.kill(chat(), target);
      const told = [
        killed.length > 0 ? `Ended: ${killed.join(', ')}.` : '',
        unconfirmed.length > 0 ? `Told to end, not confirmed yet: ${unconfirmed.join(', ')}.` : '',
        alreadyEnded.length > 0 ? `Had ended before: ${alreadyEnded.join(', ')}.` : '',
      ].filter((line) => line !== '');
      const lines = told.length > 0 ? told.map(cleanLine) : ['There was nobody to end.'];
      print(lines.flatMap((line) => wrap(line, sheet().width)));
    },
  },
  {
    name: 'answer',
    takes: '[LABEL] ANSWER',
    does: 'answers what is asked: allow, deny and why, or words',
    first: 'asker',
    run: answer,
  },
  {
    name: 'stop',
    takes: '[all]',
    does: 'ends what the assistant does; all: subagents, too',
    async run({ client, chat, speaking, team, sheet, print }, rest) {
      if (rest !== '' && rest !== 'all') throw new UsageError('/stop takes nothing, or all.');
      const all = rest === 'all';
      const rests = !speaking() && (!all || team().live.length === 0);
      await client.stop(chat(), { subagents: all });
      if (rests) print(marked(sheet(), '·', 'dim', 'Nothing is at work that it could end.'));
    },
  },
  {
    name: 'resume',
    takes: '',
    does: 'lets a parked chat go on',
    async run({ client, chat, sheet, print }) {
      const { status } = await client.resume(chat());
      if (status === 'idle')
        print(marked(sheet(), '·', 'dim', 'The chat is not parked: just say what comes next.'));
    },
  },
  {
    name: 'new',
    takes: '[TITLE]',
    does: 'begins another chat',
    elsewhere: true,
    async run({ client, open }, rest) {
      await open((await client.createChat(rest === '' ? {} : { title: rest })).id);
    },
  },
  {
    name: 'chats',
    takes: '',
    does: 'lists the newest chats',
    async run({ client, chat, sheet, print }) {
      const all = await newest(client, 20);
      const rows = all
        .slice(0, 20)
        .map((one) => [
          `${one.id === chat() ? '*' : ' '} ${one.id}`,
          cleanLine(one.title) || '(no title)',
          isAtWork(one) ? 'at work' : one.status,
        ]);
      print([
        ...tableOf(rows, sheet().width, 1),
        ...wrap('Open one with /open and its id, the beginning of it, or its title.', sheet().width),
      ]);
    },
  },
  {
    name: 'open',
    takes: 'CHAT',
    does: 'goes over to another chat',
    elsewhere: true,
    first: 'chat',
    async run({ client, open }, rest) {
      if (rest === '') throw new UsageError('Open which chat? /chats lists them.');
      await open((await pickChat(client, rest)).id);
    },
  },
  {
    name: 'help',
    takes: '',
    does: 'shows this',
    async run({ print, sheet }) {
      print(helpLines(sheet()));
    },
  },
  {
    name: 'quit',
    takes: '',
    does: 'leaves; what is at work goes on',
    async run({ leave }) {
      leave();
    },
  },
];

/** Whether what was typed is for this terminal; with a blank before the slash it is said. */
export function isCommand(text: string): boolean {
  return text.startsWith('/');
}

/** Whether what is typed behind this line is for another chat. */
export function goesElsewhere(line: string): boolean {
  return commands.some(({ name, elsewhere }) => elsewhere && name === partsOf(line).name);
}

/** @param line as it was typed, with its slash; throws UsageError in words */
export async function runCommand(desk: Desk, line: string): Promise<void> {
  const { name, rest } = partsOf(line);
  const command = commands.find((one) => one.name === (name === '' ? 'help' : name));
  if (command) return command.run(desk, rest);
  const names = commands.map((one) => one.name);
  const begins = names.filter((one) => one.startsWith(name));
  const near = begins.length > 0 ? begins : [nearest(name, names)].filter((one) => one !== undefined);
  const hint = near.length > 0 ? ` Did you mean ${near.map((one) => `/${one}`).join(' or ')}?` : '';
  throw new UsageError(
    `There is no /${cleanLine(name)}.${hint} /help lists all. To say it as it stands, put a blank before it.`,
  );
}

function partsOf(line: string): { readonly name: string; readonly rest: string } {
  const [, name = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  return { name, rest: rest.trim() };
}

/** Whole lines that could stand in place of one. */
export function completions(line: string, team: Team, chats: readonly string[]): string[] {
  const [, name = '', blank = '', word = ''] = /^\/(\S*)(\s*)(\S*)$/.exec(line) ?? [];
  if (!line.startsWith('/')) return [];
  if (blank === '') return commands.map((one) => `/${one.name} `).filter((one) => one.startsWith(line));
  const command = commands.find((one) => one.name === name);
  return candidates(command, team, chats)
    .filter((one) => one.startsWith(word))
    .map((one) => `/${name} ${one} `);
}

function candidates(command: Command | undefined, team: Team, chats: readonly string[]): readonly string[] {
  switch (command?.first) {
    case 'subagent': {
      const names = team.all.map(nameOf);
      return command.name === 'kill' ? [...names, 'all'] : names;
    }
    case 'asker':
      return [
        ...new Set(team.requests.flatMap(({ subagentId }) => (subagentId ? [team.nameOf(subagentId)] : []))),
      ];
    case 'chat':
      return chats;
    case undefined:
      return [];
  }
}

async function steer({ client, chat, print, sheet }: Desk, rest: string, interrupt: boolean): Promise<void> {
  const [target, words] = oneWord(rest, 'Steer which subagent?');
  if (words === '') throw new UsageError(`What is ${cleanLine(target)} to be told? /steer LABEL WORDS`);
  await client.steer(chat(), target, { message: words, interrupt });
  print(marked(sheet(), '·', 'dim', `On its way to ${target}: ${words}`));
}

function oneWord(rest: string, missing: string): [string, string] {
  const [, word = '', behind = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (word === '') throw new UsageError(missing);
  return [word, behind];
}

function helpLines({ width }: Sheet): string[] {
  const rows = commands
    .filter(({ name }) => name !== 'steer!')
    .map(({ name, takes, does }) => [`/${name} ${takes}`.trimEnd(), does]);
  return [
    ...wrap(
      'What you type is sent with Enter, whatever the assistant is doing. Lines that begin with / are for here:',
      width,
    ),
    ...tableOf(rows, width, 1),
    ...wrap(
      'Ctrl-C stops what the assistant is doing; at rest it empties the line, or leaves. Ctrl-D leaves. Tab completes.',
      width,
    ),
  ];
}
