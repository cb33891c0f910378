/** The client for others to use: all that is exported of it. */
export { makeClient } from './client.ts';
export { endedStatuses, isEnded } from './endings.ts';
export { ProblemError, UnreachableError } from './errors.ts';
export type { FollowEnd, FollowOptions, FollowState, StreamOptions } from './follow.ts';
export type { Outbox, OutboxEntry, OutboxOptions, OutboxState, OutboxStore } from './outbox.ts';
export { makeOutbox } from './outbox.ts';
export type * from './surface.ts';
export type * from './types.ts';
