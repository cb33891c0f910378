/**
 * Where people write. It is never locked: whatever the assistant does, what is typed goes out at once. Owns the words
 * being made into a message, and what is sent along with it.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { SentPart } from '../../client/index.ts';
import { chats, client, outbox, refused, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { draftOf, writeDraft } from '../state/drafts.ts';
import { size } from '../text/words.ts';
import { type Attachment, makeAttachments } from './attachments.ts';
import { typedAt } from './transcript.tsx';

/** Characters that a message may have. */
const MAX_TEXT = 100_000;

export function Composer({ conversation }: { readonly conversation: Conversation }) {
  const { id } = conversation;
  const text = draftOf(id);
  const led = chats.value.find((chat) => chat.id === id)?.lead;
  const reader = led === 'program' ? 'the program that leads this chat' : 'the assistant';
  const trouble = useSignal('');
  const dragged = useSignal(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const attachments = useMemo(() => makeAttachments(client, id), [id]);

  useEffect(() => {
    // Whoever writes elsewhere already, as in the search, goes on there.
    const isWriting = document.activeElement instanceof HTMLInputElement;
    // On a phone the keyboard would hide what one came to read.
    if (!isWriting && matchMedia('(pointer: fine)').matches) box.current?.focus();
  }, []);

  // As high as what is in it, up to what the style allows.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text.value]);

  // Words that were refused stand here again; why is to be said, too.
  useEffect(() => {
    const back = refused.value;
    if (back?.chat !== id) return;
    trouble.value = `Not sent: ${back.because}`;
    refused.value = undefined;
  }, [refused.value]);

  const write = (words: string): void => writeDraft(id, words);

  function send(interrupt: boolean): void {
    const words = text.peek().trim();
    const all = attachments.all.peek();
    trouble.value = '';
    if (all.some(({ state }) => state.is === 'sending')) {
      trouble.value = 'A file is still on its way; send when it is there.';
      return;
    }
    const no = all.find(({ state }) => state.is === 'refused');
    if (no) {
      trouble.value = `${no.name} can't be sent: leave it out first, or choose another.`;
      return;
    }
    const files = all.flatMap(({ state }) => (state.is === 'kept' ? [state.file] : []));
    if (words === '' && files.length === 0) return;
    if (words.length > MAX_TEXT) {
      trouble.value = `It has ${words.length} characters; a message may have ${MAX_TEXT}. Send it as a file instead.`;
      return;
    }
    const parts: SentPart[] = [
      ...files.map((file) => ({ type: 'file' as const, id: file.id })),
      ...(words === '' ? [] : [{ type: 'text' as const, text: words }]),
    ];
    const entry = outbox.add(id, {
      ...(files.length === 0 ? { text: words } : { parts }),
      ...(interrupt ? { interrupt: true } : {}),
    });
    typedAt(entry.id, conversation.items.peek().at(-1)?.seq ?? 0);
    write('');
    attachments.clear();
    box.current?.focus();
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    // The Enter that picks a word of an input method: Safari tells it by the code alone.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
    // On a phone the key makes a new line; there is a button.
    if (!matchMedia('(pointer: fine)').matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send(event.ctrlKey || event.metaKey);
  };

  const take = (files: FileList | null | undefined, event?: Event): void => {
    if (!files || files.length === 0) return;
    event?.preventDefault();
    attachments.add(files);
  };

  return (
    <form
      class="composer"
      data-dragged={dragged.value}
      onSubmit={(event) => {
        event.preventDefault();
        send(false);
      }}
      onDragOver={(event) => {
        event.preventDefault();
        dragged.value = true;
      }}
      onDragLeave={() => {
        dragged.value = false;
      }}
      onDrop={(event) => {
        dragged.value = false;
        take(event.dataTransfer?.files, event);
      }}
    >
      <Attached all={attachments.all.value} remove={attachments.remove} />
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      <textarea
        ref={box}
        class="field"
        rows={1}
        value={text.value}
        placeholder={`Say something to ${reader}`}
        aria-label={`Message to ${reader}`}
        aria-describedby="composer-keys"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={(event) => take(event.clipboardData?.files, event)}
      />
      <div class="composer-row">
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          tabIndex={-1}
          aria-label="Files to send along"
          onChange={(event) => {
            take(event.currentTarget.files);
            event.currentTarget.value = '';
          }}
        />
        <button type="button" class="button small" onClick={() => chooser.current?.click()}>
          Attach
        </button>
        <span id="composer-keys" class="soft keys">
          Enter sends, Shift+Enter a new line
        </span>
        <Working
          conversation={conversation}
          interrupt={() => send(true)}
          trouble={(words) => {
            trouble.value = words;
          }}
        />
        <button type="submit" class="button main small">
          Send
        </button>
      </div>
    </form>
  );
}

/** What can be done while the assistant is in a turn. */
function Working({
  conversation,
  interrupt,
  trouble,
}: {
  readonly conversation: Conversation;
  readonly interrupt: () => void;
  readonly trouble: (words: string) => void;
}) {
  if (!conversation.working.value) return null;
  const stop = async (): Promise<void> => {
    try {
      conversation.update(await client.stop(conversation.id));
    } catch (error) {
      trouble(wordsOf(error));
    }
  };
  return (
    <>
      <button
        type="button"
        class="button small"
        title="Ctrl+Enter: what the assistant is at is given up, and it reads this at once"
        onClick={interrupt}
      >
        Say it now
      </button>
      <button
        type="button"
        class="button small danger"
        title="Ends the assistant's turn; subagents go on"
        onClick={stop}
      >
        Stop
      </button>
    </>
  );
}

function Attached({
  all,
  remove,
}: {
  readonly all: readonly Attachment[];
  readonly remove: (key: number) => void;
}) {
  if (all.length === 0) return null;
  return (
    <ul class="attached" aria-label="Sent along">
      {all.map(({ key, name, state }) => (
        <li key={key} data-state={state.is}>
          <span>{name}</span>{' '}
          <span class="soft" role="status">
            {state.is === 'sending'
              ? 'sending…'
              : state.is === 'kept'
                ? size(state.file.bytes)
                : state.because}
          </span>
          <button
            type="button"
            class="button small bare"
            aria-label={`Leave out ${name}`}
            onClick={() => remove(key)}
          >
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}
