/**
 * Events of earlier releases in today's shape. Owns one step for each version that ever was released; a step that
 * was released is never edited. Adds what an older event couldn't say, and never changes what it said.
 */

/** An event as it lies in a log: its version, and whatever that version wrote. */
export interface StoredEvent {
  readonly v: number;
  readonly [key: string]: unknown;
}

/** One step for each version: from that version to the next. */
const steps: readonly ((event: StoredEvent) => StoredEvent)[] = [fromOne, fromTwo, fromThree, fromFour];

/** The event as today's version would have written it. */
export function upgraded(event: StoredEvent): StoredEvent {
  return steps.slice(Math.max(0, event.v - 1)).reduce((older, step) => step(older), event);
}

/** Version 1 knew one prefix for a session. It didn't say whether its model was chosen: it is kept. */
function fromOne(event: StoredEvent): StoredEvent {
  return event.type === 'session.created' ? { ...event, chosen: true } : event;
}

/** Version 2 knew neither permissions nor checks of what is done: nothing of it says anything else today. */
function fromTwo(event: StoredEvent): StoredEvent {
  return event;
}

/** Version 3 knew no files: its messages are words alone. */
function fromThree(event: StoredEvent): StoredEvent {
  return event;
}

/** Version 4 knew no chats led by programs, no subagents that wait for others, no plans: nothing of it says so. */
function fromFour(event: StoredEvent): StoredEvent {
  return event;
}
