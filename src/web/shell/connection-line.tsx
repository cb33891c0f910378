/** Says plainly when the connection is lost, since when, and that nothing is lost by it. Owns no connection. */
import { unsent } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { now } from '../state/now.ts';
import { duration } from '../text/words.ts';

/** A cut that is mended at once is nothing to tell. */
const WORTH_TELLING_MS = 1_500;

export function ConnectionLine({ conversation }: { readonly conversation: Conversation }) {
  return (
    <div class="connection" role="status">
      <Said conversation={conversation} />
    </div>
  );
}

function Said({ conversation }: { readonly conversation: Conversation }) {
  const connection = conversation.connection.value;
  switch (connection.state) {
    case 'loading':
      return connection.lost === undefined ? <p>Opening the chat…</p> : <Lost since={connection.lost} />;
    case 'live':
      return null;
    case 'ended':
      return connection.end === 'gone' ? (
        <p data-level="warning">This chat was deleted.</p>
      ) : connection.end === 'refused' ? (
        <p data-level="warning">This token may not read this chat any more.</p>
      ) : null;
    case 'connecting':
      return connection.attempts === 0 ? null : <Lost since={connection.since} />;
  }
}

function Lost({ since }: { readonly since: number }) {
  // `since` is by the browser's own clock; the signal only says that a second has passed.
  void now.value;
  const ms = Date.now() - since;
  if (ms < WORTH_TELLING_MS) return null;
  const waiting = unsent.value.length;
  return (
    <p data-level="warning">
      No connection to the gateway for <span aria-hidden="true">{duration(ms)}</span>
      <span class="hidden-text">a while</span>. Work there goes on, and all news comes when it is back
      {waiting > 0
        ? `; ${waiting === 1 ? 'your message is' : `your ${waiting} messages are`} kept and sent then, once`
        : ''}
      .
    </p>
  );
}
