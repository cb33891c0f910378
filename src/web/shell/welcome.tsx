/** What stands where nothing was said yet: what can be done here, and words to begin with. */
import { useSignal } from '@preact/signals';
import { newChat, wordsOf } from '../state/app.ts';
import { writeDraft } from '../state/drafts.ts';

const beginnings = [
  'Spawn a subagent called docs to write a README, and tell me when it is done.',
  'Start three subagents to look for what could break in our plan.',
  'What can you do for me?',
];

export function Welcome({ chat }: { readonly chat: string }) {
  return (
    <div class="nothing">
      <h2>What shall be done?</h2>
      <p>
        Ask for something long: the assistant hands it to subagents and goes on talking with you. You see them
        at work beside this, and their news comes back here by itself.
      </p>
      <ul class="beginnings">
        {beginnings.map((words) => (
          <li key={words}>
            <button
              type="button"
              class="button"
              onClick={() => {
                writeDraft(chat, words);
                document.querySelector<HTMLElement>('.composer textarea')?.focus();
              }}
            >
              {words}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** No chat is open, and there may be none. */
export function StartChat() {
  const trouble = useSignal('');
  return (
    <div class="nothing">
      <h2>Talk to your assistant</h2>
      <button
        type="button"
        class="button main"
        onClick={() =>
          newChat().catch((error: unknown) => {
            trouble.value = wordsOf(error);
          })
        }
      >
        Start a chat
      </button>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
    </div>
  );
}
