/** What waits in a chat to be answered, as its feed tells it. Owns which requests are open; answers none. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Chat, FeedEvent, InputRequest, Subagent } from '../../client/index.ts';

/** What waits to be answered, and by whom it was asked; without `subagentId`: by the assistant itself. */
export interface OpenRequest {
  readonly subagentId?: string | undefined;
  readonly request: InputRequest;
}

export interface Requests {
  readonly open: ReadonlySignal<readonly OpenRequest[]>;
  /**
   * Takes what the gateway lists, which is the first of each who asks, and what the newest events tell of those that are
   * open behind them.
   */
  begin(chat: Chat, subagents: readonly Subagent[], events: readonly FeedEvent[]): void;
  hear(event: FeedEvent): void;
}

export function makeRequests(): Requests {
  const open = signal<readonly OpenRequest[]>([]);

  function ask(one: OpenRequest): void {
    if (!open.peek().some(({ request }) => request.id === one.request.id)) open.value = [...open.peek(), one];
  }

  function forget(isGone: (one: OpenRequest) => boolean): void {
    const left = open.peek().filter((one) => !isGone(one));
    if (left.length < open.peek().length) open.value = left;
  }

  return {
    open,
    begin({ inputRequest }, subagents, events) {
      open.value = [];
      if (inputRequest) ask({ request: inputRequest });
      for (const one of subagents) {
        if (one.inputRequest) ask({ subagentId: one.id, request: one.inputRequest });
      }
      const asking = new Set(open.peek().map(({ subagentId }) => subagentId));
      const answered = new Set(
        events.flatMap((one) => (one.event === 'input.answered' ? [one.data.request.id] : [])),
      );
      for (const { event, data } of events) {
        if (event !== 'input.requested' || answered.has(data.request.id)) continue;
        if (asking.has(data.subagentId)) ask({ subagentId: data.subagentId, request: data.request });
      }
    },
    hear({ event, data }) {
      switch (event) {
        case 'input.requested':
          return ask({ subagentId: data.subagentId, request: data.request });
        case 'input.answered':
          return forget(({ request }) => request.id === data.request.id);
        case 'subagent.ended':
          return forget(({ subagentId }) => subagentId === data.subagent.id);
        default:
          return;
      }
    },
  };
}
