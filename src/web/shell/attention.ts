/**
 * Calls people back when an answer is needed: the tab's title, the app's badge, and a notification if they allowed
 * them. Owns what was told already: each request is told once, by one of the tabs that have it open.
 */
import { effect } from '@preact/signals';
import { conversation, openChat, opened, othersWaiting, waitingCount } from '../state/app.ts';

/** What a browser that can be installed from has, and others have not. */
interface WithBadge {
  setAppBadge(count: number): Promise<void>;
}

function hasBadge(one: object): one is WithBadge {
  return 'setAppBadge' in one;
}

/** Begins; the returned function ends it. */
export function callForAttention(): () => void {
  const told = new Set<string>();
  const stopTitle = effect(() => {
    const waiting = waitingCount.value;
    const title = conversation.value?.chat.value?.title;
    const name = title ? `${title} · Tidings` : 'Tidings';
    document.title = waiting > 0 ? `(${waiting}) ${name}` : name;
    if (hasBadge(navigator)) navigator.setAppBadge(waiting).catch(() => undefined);
  });
  const stopNotes = effect(() => {
    const here = conversation.value;
    for (const { subagentId, request } of here?.requests.value ?? []) {
      if (told.has(request.id)) continue;
      told.add(request.id);
      if (isLookedAt()) continue;
      notify(request.id, who(subagentId), request.title, () => {
        window.focus();
        if (subagentId !== undefined) opened.value = subagentId;
      });
    }
  });
  /** Of chats that aren't open no more is known than that somebody waits in them: told once until nobody does. */
  let toldOf: ReadonlySet<string> = new Set();
  const stopOthers = effect(() => {
    for (const { id, title } of othersWaiting.value) {
      if (toldOf.has(id) || isLookedAt()) continue;
      notify(id, title === '' ? 'Another chat' : title, 'Somebody waits for you there.', () => {
        window.focus();
        openChat(id);
      });
    }
    toldOf = new Set(othersWaiting.value.map(({ id }) => id));
  });
  return () => {
    stopTitle();
    stopNotes();
    stopOthers();
  };
}

/** Whoever looks at the page sees it there. */
function isLookedAt(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

function who(subagentId: string | undefined): string {
  if (subagentId === undefined) return 'The assistant';
  return conversation.peek()?.team.subagent(subagentId)?.peek().path ?? 'A subagent';
}

function notify(id: string, from: string, title: string, open: () => void): void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  try {
    // The same tag in two tabs is one notification.
    const note = new Notification(`${from} needs an answer`, { body: title, tag: id });
    note.onclick = open;
  } catch {
    // Some browsers let only a service worker show one: the title says it, too.
  }
}
