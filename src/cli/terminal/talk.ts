/**
 * A conversation as it is read in a terminal: what people and the assistant say, and what happened between. Takes the
 * feed's events in order, prints what is whole, and keeps the line that is still being said. Sends nothing.
 */
import type { Message, StreamedEvent } from '../../client/index.ts';
import {
  answeredCard,
  asker,
  endedCard,
  isOnACard,
  marked,
  noticeCard,
  requestCard,
  type Sheet,
  spawnedCard,
} from './cards.ts';
import { clean, cleanLine } from './clean.ts';
import { makeMarkdown } from './markdown.ts';
import type { Team } from './team.ts';

export interface TalkOptions {
  readonly team: Team;
  readonly sheet: () => Sheet;
  readonly print: (lines: readonly string[]) => void;
  /** Something is asked that was not before. */
  readonly bell: () => void;
}

export interface Talk {
  take(event: StreamedEvent): void;
  /** Shows at once what was typed here; the feed's own news of it is then no news. */
  typed(text: string): void;
  /** What was typed here was refused, and no news of it will come. */
  untyped(text: string): void;
  /** A message of before, as it was. */
  past(message: Message): void;
  /** Whether a turn is under way, by the events of before. */
  resume(events: readonly StreamedEvent[]): void;
  /** The line that is being said, as far as it has come. */
  unfinished(width: number): string[];
  /** Whether a turn of the assistant is under way. */
  readonly speaking: boolean;
  /** What the assistant does, in a few words; empty: nothing, or it speaks. */
  readonly doing: string;
}

interface Speech {
  readonly message: string;
  text: string;
  /** How much of the text is printed: whole lines. */
  printed: number;
}

export function makeTalk({ team, sheet, print, bell }: TalkOptions): Talk {
  const markdown = { current: makeMarkdown(sheet().ink) };
  let speech: Speech | undefined;
  let speaking = false;
  let doing = '';
  const calls = new Map<string, string>();
  /** What was typed here and has not been heard of on the feed. */
  const own: string[] = [];

  function said(lines: string): void {
    const { width } = sheet();
    for (const line of clean(lines).split('\n')) print(markdown.current.line(line, width));
  }

  function begin(message: string): Speech {
    markdown.current = makeMarkdown(sheet().ink);
    print(['']);
    return { message, text: '', printed: 0 };
  }

  function delta(message: string, offset: number, text: string): void {
    if (speech && speech.message !== message) abandon();
    if (speech && offset === 0 && speech.text !== '') {
      if (speech.printed > 0) print([sheet().ink('dim', '… begins again:')]);
      speech = undefined;
    }
    speech ??= begin(message);
    speech.text = speech.text.slice(0, offset) + text;
    const whole = speech.text.lastIndexOf('\n') + 1;
    if (whole <= speech.printed) return;
    said(speech.text.slice(speech.printed, whole - 1));
    speech.printed = whole;
  }

  /** What was being said is given up: it stays as far as it came, marked as such. */
  function abandon(): void {
    if (!speech) return;
    const rest = speech.text.slice(speech.printed);
    if (rest.trim() !== '') said(rest);
    if (speech.text.trim() !== '') print([sheet().ink('dim', '… (broken off)')]);
    speech = undefined;
  }

  function answered({ id, text }: Message): void {
    const begun = speech?.message === id ? speech : undefined;
    if (speech && !begun) abandon();
    const printed = begun?.text.slice(0, begun.printed) ?? '';
    speech = undefined;
    // What was shown on the way is its beginning; if not, the whole counts.
    if (begun && text.startsWith(printed)) {
      if (text.length > printed.length) said(text.slice(printed.length));
      return;
    }
    begin(id);
    said(text);
  }

  function heard(message: Message): void {
    const { ink } = sheet();
    const words = wordsOf(message);
    const at = own.indexOf(message.text);
    if (at >= 0) return void own.splice(at, 1);
    const { principal, channel } = message.from;
    print(['', ...marked(sheet(), '›', 'person', words)]);
    if (channel !== 'api') print([ink('dim', `  (${cleanLine(principal)} via ${cleanLine(channel)})`)]);
  }

  return {
    get speaking() {
      return speaking;
    },
    get doing() {
      return doing;
    },
    typed(text) {
      own.push(text);
      print(['', ...marked(sheet(), '›', 'person', text)]);
    },
    untyped(text) {
      const at = own.indexOf(text);
      if (at >= 0) own.splice(at, 1);
    },
    past(message) {
      if (message.role === 'assistant') {
        begin(message.id);
        said(wordsOf(message));
      } else if (message.role === 'user') {
        print(['', ...marked(sheet(), '›', 'person', wordsOf(message))]);
      } else print(noticeCard(sheet(), 'info', message.text));
    },
    resume(events) {
      const last = events.findLast(({ event }) => event === 'turn.started' || event === 'turn.ended');
      speaking = last?.event === 'turn.started';
      doing = speaking ? 'thinking' : '';
    },
    unfinished(width) {
      const rest = speech?.text.slice(speech.printed) ?? '';
      return rest === '' ? [] : markdown.current.partial(clean(rest), width);
    },
    take(event) {
      switch (event.event) {
        case 'delta':
          doing = '';
          return delta(event.data.message, event.data.offset, event.data.text);
        case 'message': {
          const { message } = event.data;
          if (message.role === 'assistant') return answered(message);
          if (message.role === 'user') return heard(message);
          return print(noticeCard(sheet(), 'info', message.text));
        }
        case 'turn.started':
          speaking = true;
          doing = 'thinking';
          return;
        case 'turn.ended': {
          speaking = false;
          doing = '';
          abandon();
          const { stop, error } = event.data;
          if (stop === 'stopped') return print(noticeCard(sheet(), 'info', 'Stopped.'));
          if (stop === 'parked') {
            const why = error === undefined ? '' : `: ${error}`;
            return print(
              noticeCard(sheet(), 'error', `The chat is parked${why}\nSay something, or /resume, to go on.`),
            );
          }
          return;
        }
        case 'tool.started':
          doing = cleanLine(event.data.summary) || cleanLine(event.data.name);
          calls.set(event.data.call, doing);
          return;
        case 'tool.finished':
          if (calls.get(event.data.call) === doing) doing = 'thinking';
          calls.delete(event.data.call);
          return;
        case 'step.abandoned':
          return abandon();
        case 'subagent.spawned':
          return print(spawnedCard(sheet(), event.data.subagent));
        case 'subagent.ended':
          return print(endedCard(sheet(), event.data.subagent));
        case 'input.requested':
          bell();
          return print(['', ...requestCard(sheet(), asker(team, event.data), event.data.request)]);
        case 'input.answered':
          return print(answeredCard(sheet(), asker(team, event.data), event.data));
        case 'steer.read':
          return print(
            marked(sheet(), '·', 'dim', `${team.nameOf(event.data.subagentId)} has read what it was told.`),
          );
        case 'chat.deleting':
          return print(noticeCard(sheet(), 'warning', 'This chat is being deleted.'));
        case 'notice':
          if (isOnACard(event.data.text, team)) return;
          return print(noticeCard(sheet(), event.data.level, event.data.text));
        case 'subagent.updated':
        case 'announcement.read':
        case 'steer.queued':
        case 'chat.updated':
        case 'subagent.forgotten':
        case 'progress':
          return;
      }
    },
  };
}

/** A message's words, with the names of files that came along. */
export function wordsOf({ text, parts }: Pick<Message, 'text' | 'parts'>): string {
  const files = parts.flatMap((part) => (part.type === 'text' ? [] : [`[file: ${cleanLine(part.name)}]`]));
  return [text, ...files].filter((one) => one !== '').join('\n');
}
