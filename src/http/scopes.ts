/** What a token may be allowed, and what each scope opens. Knows no token and no route. */

export const scopes = ['read', 'chat', 'answer', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What each scope opens, in words that go on from its name. */
export const scopeWords: Readonly<Record<Scope, string>> = {
  read: "reads its owner's chats: lists, messages, subagents, feeds",
  chat: 'starts chats, speaks, spawns, steers, kills, stops and resumes; may read, too',
  answer: 'answers what a chat or a subagent asks for; may read, too',
  admin: 'may do everything, in the chats of every owner',
};

/** What a scope brings besides itself. */
const brings: Readonly<Record<Scope, readonly Scope[]>> = {
  read: [],
  chat: ['read'],
  answer: ['read'],
  admin: scopes,
};

/** Whether somebody with these scopes may do what needs that one. */
export function covers(given: readonly Scope[], needed: Scope): boolean {
  return given.some((scope) => scope === needed || brings[scope].includes(needed));
}
