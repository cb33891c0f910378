/**
 * What a person says to a chat: the line and the words that the model reads of it, the files that come along, and what
 * is given up for it. Decides nothing of when it is read.
 */

import { blockOf, filesInWords, loadOf, noLoad, plusLoad, type StoredBlock, tooMuch } from './attachments.ts';
import * as care from './care.ts';
import type { Answer, Command, Refusal } from './commands.ts';
import { type MessagePart, senders } from './correspondence.ts';
import type { Draft } from './draft.ts';
import { abandonStep } from './ending.ts';
import { giveWay } from './input-answers.ts';
import * as mailbox from './mailbox.ts';

export function say(d: Draft, command: Extract<Command, { type: 'say' }>): Answer | Refusal {
  if (d.state.kind !== 'main') return { kind: 'not_allowed', message: 'people speak to main sessions' };
  const text = command.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const files = command.parts.filter((part) => part.type === 'file');
  const attached = files.map(blockOf);
  const refusal = tooManyFiles(d, attached);
  if (refusal) return refusal;
  const n = mailbox.nextFrom(d.state.mail, senders.person);
  d.add({
    type: 'mail.accepted',
    sender: senders.person,
    n,
    body: {
      kind: 'message',
      text,
      parts: command.parts.map(partOf),
      from: command.from,
      interrupt: command.interrupt,
    },
    ...(attached.length > 0 ? { attached } : {}),
    block: {
      type: 'text',
      text: `[${stamp(d.context.at)}, ${command.from.principal} via ${command.from.channel}${filesInWords(files)}]\n${text}`,
    },
  });
  const { seq } = d.state;
  care.takenUp(d, text);
  if (command.interrupt) abandonStep(d, 'interrupt');
  // A person never waits for an answer that the same person is asked for.
  else giveWay(d);
  return { kind: 'message', seq };
}

/** All files that no request has held yet must fit into one: else there would be none that could. */
function tooManyFiles({ state, context }: Draft, attached: readonly StoredBlock[]): Refusal | undefined {
  if (attached.length === 0) return undefined;
  const { window } = context.rules.terms(state.chosenModel ?? state.model);
  const load = loadOf(attached);
  const alone = tooMuch(load, window);
  if (alone !== undefined)
    return { kind: 'invalid', path: 'parts', message: `the parts hold files that ${alone}` };
  const waiting = state.mail.waiting.reduce((sum, letter) => plusLoad(sum, letter.load ?? noLoad), load);
  const together = tooMuch(waiting, window);
  return together === undefined
    ? undefined
    : {
        kind: 'limit',
        message: `with the files of messages that the assistant has not read yet, these ${together}. Send them when it has`,
      };
}

function partOf(part: Extract<Command, { type: 'say' }>['parts'][number]): MessagePart {
  if (part.type === 'text') return part;
  const { pages: _, certainPages: __, where: ___, ...shown } = part;
  return shown;
}

/** The date as it stands before people's words: to the minute, in UTC. */
function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
