/** One chat in the list: its title, how it stands, and what can be done with it. Owns whether it is being renamed. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../../client/index.ts';
import { client, conversation, forgetChat, listChats, needsAnswer, wordsOf } from '../state/app.ts';

interface Props {
  readonly chat: Chat;
  readonly isOpen: boolean;
  readonly open: (id: string) => void;
}

export function ChatRow({ chat, isOpen, open }: Props) {
  const mode = useSignal<'shown' | 'menu' | 'renamed' | 'deleted'>('shown');
  const trouble = useSignal('');
  const title = chat.title === '' ? 'New chat' : chat.title;
  const more = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);

  // What had the focus may have gone with the mode: it goes to what does no harm. Whoever went elsewhere stays there.
  const moved = useRef(false);
  useEffect(() => {
    if (mode.value === 'shown' && !moved.current) return;
    moved.current = mode.value !== 'shown';
    if (document.activeElement === document.body) (keep.current ?? more.current)?.focus();
  }, [mode.value]);

  const doing = async (job: () => Promise<unknown>): Promise<void> => {
    try {
      await job();
      mode.value = 'shown';
      trouble.value = '';
    } catch (error) {
      trouble.value = wordsOf(error);
    }
  };

  return (
    <li
      data-open={isOpen}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || mode.peek() === 'shown') return;
        event.stopPropagation();
        mode.value = 'shown';
        more.current?.focus();
      }}
    >
      {mode.value === 'renamed' ? (
        <Rename
          title={chat.title}
          done={(words) =>
            words === undefined || words === chat.title
              ? doing(async () => undefined)
              : doing(async () => {
                  const changed = await client.changeChat(chat.id, { title: words });
                  if (isOpen) conversation.value?.update(changed);
                  await listChats();
                })
          }
        />
      ) : (
        <span class="chat-line">
          <button
            type="button"
            class="chat-row"
            aria-current={isOpen ? 'page' : undefined}
            onClick={() => open(chat.id)}
          >
            <span class="cut">{title}</span>
            <Standing chat={chat} />
          </button>
          <button
            ref={more}
            type="button"
            class="button small bare"
            aria-expanded={mode.value !== 'shown'}
            aria-label={`What to do with ${title}`}
            onClick={() => {
              mode.value = mode.value === 'shown' ? 'menu' : 'shown';
            }}
          >
            ⋯
          </button>
        </span>
      )}
      {mode.value === 'menu' ? (
        <span class="chat-menu">
          <button
            type="button"
            class="button small"
            onClick={() => {
              mode.value = 'renamed';
            }}
          >
            Rename
          </button>
          <button
            type="button"
            class="button small"
            onClick={() =>
              doing(async () => {
                await client.changeChat(chat.id, { archived: true });
                forgetChat(chat.id);
              })
            }
          >
            Archive
          </button>
          <button
            type="button"
            class="button small danger"
            onClick={() => {
              mode.value = 'deleted';
            }}
          >
            Delete
          </button>
        </span>
      ) : null}
      {mode.value === 'deleted' ? (
        <span class="chat-menu" role="alert">
          All its words go, and its subagents are ended. Work that landed nowhere is kept.
          <button
            type="button"
            class="button small danger"
            onClick={() =>
              doing(async () => {
                await client.deleteChat(chat.id);
                forgetChat(chat.id);
              })
            }
          >
            Delete it
          </button>
          <button
            ref={keep}
            type="button"
            class="button small"
            onClick={() => {
              mode.value = 'shown';
            }}
          >
            Keep it
          </button>
        </span>
      ) : null}
      {trouble.value === '' ? null : (
        <p class="trouble" role="alert">
          {trouble.value}
        </p>
      )}
    </li>
  );
}

/** How a chat stands, in a few words; nothing if it is at rest. */
function Standing({ chat }: { readonly chat: Chat }) {
  const { status, subagents } = chat;
  const atWork = (subagents.running ?? 0) + (subagents.waiting ?? 0);
  if (needsAnswer(chat)) {
    return (
      <span class="status" data-status="input_required">
        needs an answer
      </span>
    );
  }
  if (status === 'parked')
    return chat.reason === 'stopped' ? (
      <span class="status" data-status="killed">
        stopped
      </span>
    ) : (
      <span class="status" data-status="failed">
        parked
      </span>
    );
  if (atWork > 0)
    return (
      <span class="status" data-status="running">
        {atWork} at work
      </span>
    );
  return status === 'working' ? (
    <span class="status" data-status="running">
      answers
    </span>
  ) : null;
}

function Rename({
  title,
  done,
}: {
  readonly title: string;
  readonly done: (title: string | undefined) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done(field.current?.value.trim() || undefined);
      }}
    >
      <input
        ref={field}
        class="field"
        aria-label="Title"
        maxLength={200}
        // What was typed stays when the row is drawn anew.
        defaultValue={title}
        onKeyDown={(event) => {
          if (event.key === 'Escape') done(undefined);
        }}
        onBlur={() => done(undefined)}
      />
    </form>
  );
}
