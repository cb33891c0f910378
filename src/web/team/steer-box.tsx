/** Where people tell a subagent something. Owns what was sent here until it is known to be read; each is sent once. */
import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import type { Subagent } from '../../client/index.ts';
import { newId } from '../../client/request.ts';
import { client, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { isLive } from '../state/team.ts';
import { amount } from './outcomes.ts';

interface Props {
  readonly conversation: Conversation;
  readonly subagent: Subagent;
}

interface Sent {
  readonly steerId: string;
  readonly message: string;
}

export function SteerBox({ conversation, subagent }: Props) {
  const words = useSignal('');
  const interrupt = useSignal(false);
  const sending = useSignal(false);
  const trouble = useSignal('');
  const sent = useSignal<readonly Sent[]>([]);
  /** The same words sent again, since no answer came, are the same steer. */
  const named = useRef({ id: '', what: '' });
  const box = useRef<HTMLTextAreaElement>(null);
  const check = useId();
  const live = isLive(subagent);

  const send = async (): Promise<void> => {
    const message = words.peek().trim();
    if (message === '' || sending.peek()) return;
    const what = JSON.stringify([message, interrupt.peek()]);
    if (named.current.what !== what) named.current = { id: newId(), what };
    sending.value = true;
    trouble.value = '';
    try {
      const steer = await client.steer(conversation.id, subagent.id, {
        message,
        ...(interrupt.peek() ? { interrupt: true } : {}),
        id: named.current.id,
      });
      named.current = { id: '', what: '' };
      sent.value = [...sent.value, { steerId: steer.id, message }];
      words.value = '';
      interrupt.value = false;
      trouble.value = steer.note ?? '';
    } catch (error) {
      trouble.value = wordsOf(error);
    }
    sending.value = false;
    // Whoever went on elsewhere meanwhile stays there.
    if (box.current?.form?.contains(document.activeElement)) box.current.focus();
  };

  return (
    <form
      class="steer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Unread conversation={conversation} subagent={subagent} sent={sent.value} />
      <textarea
        ref={box}
        class="field"
        rows={2}
        aria-label={`Message to ${subagent.label}`}
        placeholder={
          live
            ? `Tell ${subagent.label} something`
            : `Tell it something: it goes on, as attempt ${subagent.attempt + 1}`
        }
        value={words.value}
        readOnly={sending.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.isComposing || event.shiftKey || event.altKey) return;
          if (!matchMedia('(pointer: fine)').matches && !event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          void send();
        }}
      />
      <div class="steer-row">
        {live ? (
          <label for={check} title="It reads this at once instead of with its next step">
            <input
              id={check}
              type="checkbox"
              checked={interrupt.value}
              onChange={(event) => {
                interrupt.value = event.currentTarget.checked;
              }}
            />{' '}
            Interrupt: give up the running call
          </label>
        ) : null}
        <button
          type="submit"
          class="button main small"
          aria-disabled={sending.value || words.value.trim() === ''}
        >
          {sending.value ? 'Sending…' : live ? 'Tell it' : 'Resume'}
        </button>
      </div>
      <p class="said trouble" role="alert">
        {trouble.value}
      </p>
    </form>
  );
}

/** What it was told and has not read. */
function Unread({ conversation, subagent, sent }: Props & { readonly sent: readonly Sent[] }) {
  const read = new Set(
    conversation.items.value.flatMap((item) => (item.kind === 'steered' && item.read ? [item.steerId] : [])),
  );
  const own = sent.filter(({ steerId }) => !read.has(steerId));
  const others = subagent.pendingSteers - own.length;
  if (own.length === 0 && others <= 0) return null;
  return (
    <ul class="unread" aria-label="Not read yet">
      {own.map(({ steerId, message }) => (
        <li key={steerId} class="cut">
          <span class="flag" data-flag="steers">
            not read yet
          </span>{' '}
          {message}
        </li>
      ))}
      {others > 0 ? (
        <li class="soft">
          {amount(others, 'steer')}
          {own.length > 0 ? ' more' : ''} unread
        </li>
      ) : null}
    </ul>
  );
}
