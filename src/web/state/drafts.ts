/** What people are about to write, chat by chat: it outlives a reload and a look at another chat. Sends nothing. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';

const drafts = new Map<string, Signal<string>>();

/** What was given back last and may still stand at the beginning of a draft. */
const given = new Map<string, string>();

export function draftOf(chat: string): ReadonlySignal<string> {
  return held(chat);
}

export function writeDraft(chat: string, words: string): void {
  held(chat).value = words;
  if (words === '') sessionStorage.removeItem(keyOf(chat));
  else sessionStorage.setItem(keyOf(chat), words);
}

/** Words that could not be sent, behind those that came back before them, and before whatever was typed since. */
export function giveBack(chat: string, words: string): void {
  const draft = held(chat).peek();
  const before = given.get(chat) ?? '';
  const back = draft.startsWith(before) ? before : '';
  const all = joined(back, words);
  given.set(chat, all);
  writeDraft(chat, joined(all, draft.slice(back.length).replace(/^\n\n/, '')));
}

function joined(...pieces: readonly string[]): string {
  return pieces.filter((one) => one !== '').join('\n\n');
}

function held(chat: string): Signal<string> {
  const known = drafts.get(chat) ?? signal(sessionStorage.getItem(keyOf(chat)) ?? '');
  drafts.set(chat, known);
  return known;
}

function keyOf(chat: string): string {
  return `tidings.draft.${chat}`;
}
