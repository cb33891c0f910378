/** What is rarely needed: who is signed in, notifications, the keys, the way out. Owns whether leaving was asked about. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { session, signOut, unsent, wordsOf } from '../state/app.ts';

export function Menu() {
  const notes = useSignal(typeof Notification === 'undefined' ? 'denied' : Notification.permission);
  const box = useRef<HTMLDetailsElement>(null);

  // Whoever goes elsewhere is done with it.
  useEffect(() => {
    const left = ({ target }: Event): void => {
      const menu = box.current;
      if (menu?.open && target instanceof Node && !menu.contains(target)) menu.open = false;
    };
    addEventListener('pointerdown', left);
    addEventListener('focusin', left);
    return () => {
      removeEventListener('pointerdown', left);
      removeEventListener('focusin', left);
    };
  }, []);

  return (
    <details
      class="menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !event.currentTarget.open) return;
        // It closes this, and nothing that lies below it.
        event.stopPropagation();
        event.currentTarget.open = false;
        event.currentTarget.querySelector('summary')?.focus();
      }}
    >
      <summary class="button small bare" aria-label="Menu">
        ☰
      </summary>
      <div class="card menu-box">
        <p class="soft">
          Signed in as <b>{session.value?.owner}</b> ({session.value?.token})
        </p>
        {notes.value === 'default' ? (
          <button
            type="button"
            class="button small"
            onClick={async () => {
              notes.value = await Notification.requestPermission();
            }}
          >
            Notify me when an answer is needed
          </button>
        ) : null}
        <p class="soft keys">
          <kbd>Alt+M</kbd> write · <kbd>Alt+H</kbd> conversation · <kbd>Alt+C</kbd> chats · <kbd>Alt+T</kbd>{' '}
          team · <kbd>Esc</kbd> closes
        </p>
        <a href="/docs" target="_blank" rel="noopener">
          The API
        </a>
        <SignOut />
      </div>
    </details>
  );
}

/** Words that were not sent would go with it: that is asked about first. */
function SignOut() {
  const isAsked = useSignal(false);
  const trouble = useSignal('');
  const waiting = unsent.value.length;
  const leave = (): void => {
    if (waiting > 0 && !isAsked.value) isAsked.value = true;
    else
      signOut().catch((error: unknown) => {
        trouble.value = wordsOf(error);
      });
  };
  return (
    <>
      {isAsked.value ? (
        <p role="alert">
          {waiting === 1
            ? 'A message is not sent yet and would be lost.'
            : `${waiting} messages are not sent yet and would be lost.`}
        </p>
      ) : null}
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      <button type="button" class={isAsked.value ? 'button small danger' : 'button small'} onClick={leave}>
        {isAsked.value ? 'Sign out all the same' : 'Sign out'}
      </button>
    </>
  );
}
