/**
 * What the whole page shares: who is signed in, which chat is open, which chats there are, what is being sent. Owns the
 * address (`#/chat_…`) and the tab's title. Draws nothing.
 */
import { computed, effect, signal } from '@preact/signals';
import {
  type About,
  type Chat,
  type Client,
  makeClient,
  makeOutbox,
  type Outbox,
  type OutboxEntry,
  type OutboxStore,
  ProblemError,
  type Session,
} from '../../client/index.ts';
import { type Conversation, openConversation } from './conversation.ts';
import { giveBack } from './drafts.ts';

const OUTBOX = 'tidings.outbox';
const SIGNED_OUT = 'You were signed out: the token was revoked, or the session has ended.';

export const client: Client = makeClient();

export const about = signal<About | undefined>(undefined);
/** `undefined` until it is known; `null`: nobody. */
export const session = signal<Session | null | undefined>(undefined);
/** Why nobody is signed in any more, in words. */
export const signedOutBecause = signal<string | undefined>(undefined);
export const chats = signal<readonly Chat[]>([]);
export const moreChats = signal<string | null>(null);
export const conversation = signal<Conversation | undefined>(undefined);
/** The subagent whose drawer is open. */
export const opened = signal<string | undefined>(undefined);

/** What was typed and is not acknowledged yet, in whatever chat, in the order in which it goes out. */
export const unsent = signal<readonly OutboxEntry[]>([]);
/** Whether what was typed has to wait for the gateway. */
export const sendingWaits = signal(false);
/** Why the gateway refused words of a chat: they are given back there. */
export const refused = signal<{ readonly chat: string; readonly because: string } | undefined>(undefined);

export const outbox: Outbox = makeOutbox(client, {
  store: outboxStore(),
  // The first change comes while it is made.
  onChange: () =>
    queueMicrotask(() => {
      unsent.value = outbox.entries;
      sendingWaits.value = outbox.state.state === 'waiting';
      // Open sockets outlive a session that has run out: whoever writes hears of it.
      if (outbox.state.state === 'signed-out' && session.value) leave(SIGNED_OUT);
    }),
  onRefused: (entry, error) => {
    giveBack(entry.chat, textOf(entry));
    refused.value = { chat: entry.chat, because: wordsOf(error) };
  },
});
unsent.value = outbox.entries;

/** Whether its assistant or one of its subagents waits to be answered. */
export function needsAnswer({ status, subagents }: Pick<Chat, 'status' | 'subagents'>): boolean {
  return status === 'input_required' || (subagents.input_required ?? 0) > 0;
}

/** The chats besides the open one in which somebody waits to be answered. */
export const othersWaiting = computed(() =>
  chats.value.filter((chat) => chat.id !== conversation.value?.id && needsAnswer(chat)),
);

/** Open requests of the open chat, and the others that are known to wait. */
export const waitingCount = computed(
  () => (conversation.value?.requests.value.length ?? 0) + othersWaiting.value.length,
);

function textOf({ text, parts = [] }: OutboxEntry): string {
  return text ?? parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** What is not sent yet outlives the page, and two tabs send it once: an entry keeps its id. */
function outboxStore(): OutboxStore {
  return {
    load(): readonly OutboxEntry[] {
      try {
        return JSON.parse(localStorage.getItem(OUTBOX) ?? '[]');
      } catch {
        // Spoilt by another program: what was in it can't be known.
        return [];
      }
    },
    save(entries) {
      try {
        localStorage.setItem(OUTBOX, JSON.stringify(entries));
      } catch {
        // Full, or not allowed: it is sent all the same, only a reload before that would lose it.
      }
    },
  };
}

/** What the address names. */
function addressed(): string | undefined {
  return /^#\/(chat_[A-Za-z0-9_-]+)$/.exec(location.hash)?.[1];
}

/** Takes the one-use code out of the address, so that neither a reload nor the history holds it. */
function takeCode(): string | undefined {
  const code = /^#code=([A-Za-z0-9_-]+)$/.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', location.pathname);
  return code;
}

/** Signs in by what the address holds, or finds out who is signed in already. */
export async function begin(): Promise<void> {
  const code = takeCode();
  client.about().then((found) => {
    about.value = found;
  }, ignored);
  if (code !== undefined) return signInByLink(code);
  session.value = (await client.session()) ?? null;
  if (session.value) await enter();
}

async function signInByLink(code: string): Promise<void> {
  try {
    await signIn({ code });
  } catch (error) {
    signedOutBecause.value = wordsOf(error);
    // Whoever has opened the link twice may be signed in since the first time.
    session.value = (await client.session()) ?? null;
    if (session.value) await enter();
  }
}

export async function signIn(by: { readonly token: string } | { readonly code: string }): Promise<void> {
  const found = await client.signIn(by);
  signedOutBecause.value = undefined;
  session.value = found;
  await enter();
}

/** Signs out in all tabs, which begin anew, so that nothing of the chats is left there or in what the browser keeps. */
export async function signOut(): Promise<void> {
  // Whoever can't be signed out goes on, and so does what they write.
  await client.signOut();
  tabs.postMessage('signed out');
  beginAnew();
}

/** Where the tabs of one browser tell each other that nobody is signed in any more. */
const tabs = new BroadcastChannel('tidings.session');
tabs.onmessage = beginAnew;

function beginAnew(): void {
  outbox.close();
  localStorage.removeItem(OUTBOX);
  sessionStorage.clear();
  location.replace(location.pathname);
}

/** Nobody is signed in any more: nothing of the chats stays on the page. */
export function leave(because: string | undefined): void {
  conversation.value?.close();
  conversation.value = undefined;
  opened.value = undefined;
  chats.value = [];
  session.value = null;
  signedOutBecause.value = because;
}

async function enter(): Promise<void> {
  outbox.flush();
  await listChats();
  const wanted = addressed();
  if (wanted !== undefined) openChat(wanted);
  else if (chats.value[0]) openChat(chats.value[0].id);
  // Whoever comes for the first time can write at once. A token that may only read sees that there is nothing.
  else if (session.value?.scopes.some((scope) => scope === 'chat' || scope === 'admin')) await newChat();
}

/** Reads the first page of chats anew; those of later pages stay. */
export async function listChats(): Promise<void> {
  const page = await client.listChats({ limit: 50 });
  const fresh = new Set(page.chats.map(({ id }) => id));
  const oldest = page.chats.at(-1)?.createdAt ?? 0;
  const later = chats.value.filter(({ id, createdAt }) => !fresh.has(id) && createdAt < oldest);
  chats.value = [...page.chats, ...later];
  if (later.length === 0) moreChats.value = page.next;
}

export async function listMoreChats(): Promise<void> {
  if (moreChats.value === null) return;
  const page = await client.listChats({ limit: 50, before: moreChats.value });
  const known = new Set(chats.value.map(({ id }) => id));
  chats.value = [...chats.value, ...page.chats.filter(({ id }) => !known.has(id))];
  moreChats.value = page.next;
}

export function openChat(id: string): void {
  if (conversation.value?.id === id) return;
  conversation.value?.close();
  opened.value = undefined;
  conversation.value = openConversation(client, id);
  if (addressed() !== id) history.pushState(null, '', `#/${id}`);
}

/** Makes a chat and opens it. */
export async function newChat(): Promise<string> {
  const chat = await client.createChat();
  chats.value = [chat, ...chats.value];
  openChat(chat.id);
  return chat.id;
}

export function forgetChat(id: string): void {
  chats.value = chats.value.filter((one) => one.id !== id);
  if (conversation.value?.id !== id) return;
  conversation.value.close();
  conversation.value = undefined;
  opened.value = undefined;
  history.replaceState(null, '', location.pathname);
  const next = chats.value[0];
  if (next) openChat(next.id);
}

/** The open chat as it is now, in the list of all, unless it was put away. */
effect(() => {
  const now = conversation.value?.chat.value;
  if (!now) return;
  const others = chats.peek().filter(({ id }) => id !== now.id);
  chats.value = now.archived ? others : [...others, now].toSorted((a, b) => b.createdAt - a.createdAt);
});

/** A session that ended while the page was open: its feed, or whatever was asked last, said so. */
effect(() => {
  const connection = conversation.value?.connection.value;
  if (connection?.state === 'ended' && connection.end === 'signed-out') leave(SIGNED_OUT);
});

/** The back and forward buttons of the browser, and links that are opened where the page is open already. */
export function followAddress(): () => void {
  const moved = (): void => {
    const code = takeCode();
    if (code !== undefined && !session.value) {
      signInByLink(code).catch((error: unknown) => {
        signedOutBecause.value = wordsOf(error);
      });
    } else if (code !== undefined && conversation.value) {
      history.replaceState(null, '', `#/${conversation.value.id}`);
    }
    const wanted = addressed();
    if (wanted !== undefined && session.value) openChat(wanted);
  };
  addEventListener('popstate', moved);
  return () => removeEventListener('popstate', moved);
}

/** What went wrong, in the gateway's words if it had any. */
export function wordsOf(error: unknown): string {
  if (error instanceof ProblemError) {
    // What the sentence says already is not said again.
    const fields = (error.errors ?? [])
      .filter(({ message }) => !error.detail.includes(message))
      .map(({ path, message }) => `${path} ${message}`.trim());
    return fields.length > 0 ? `${error.detail} ${fields.join('; ')}` : error.detail;
  }
  return error instanceof Error ? error.message : String(error);
}

function ignored(): void {
  // Asked again with the next occasion; nothing depends on it.
}
