/**
 * The page as a whole: the chats on the left, the conversation in the middle, the team on the right; on a narrow screen
 * one of them at a time. Owns which of them is seen, and the keys that work everywhere.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Composer } from '../conversation/composer.tsx';
import { Transcript } from '../conversation/transcript.tsx';
import { about, conversation, opened, session, unsent, waitingCount } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { Drawer } from '../team/drawer.tsx';
import { TeamPane } from '../team/team-pane.tsx';
import { ChatList } from './chat-list.tsx';
import { ConnectionLine } from './connection-line.tsx';
import { Menu } from './menu.tsx';
import { SignIn } from './sign-in.tsx';
import { WaitingBar } from './waiting-bar.tsx';
import { StartChat, Welcome } from './welcome.tsx';

type Pane = 'chats' | 'team' | undefined;

export function App() {
  if (session.value === undefined) return <p class="line starting">Opening…</p>;
  return session.value === null ? <SignIn /> : <Desk />;
}

function Desk() {
  /** Which pane lies over the conversation, where there is no room beside it. */
  const over = useSignal<Pane>(undefined);
  const here = conversation.value;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') over.value = undefined;
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const key = keys[event.code];
      if (!key) return;
      event.preventDefault();
      if (key === 'chats' || key === 'team') over.value = over.value === key ? undefined : key;
      focusOn(key);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <div class="desk" data-over={over.value ?? 'none'}>
      <button type="button" class="skip" onClick={() => focusOn('composer')}>
        To what you can write
      </button>
      {about.value?.simulator ? (
        <p class="simulator">
          A simulator answers here, not a model: set ANTHROPIC_API_KEY and start again for a real one.
        </p>
      ) : null}
      <header class="topbar">
        <button
          type="button"
          class="button icon bare narrow"
          aria-expanded={over.value === 'chats'}
          onClick={() => {
            over.value = over.value === 'chats' ? undefined : 'chats';
          }}
        >
          Chats
        </button>
        <h1 class="cut">{titleOf(here)}</h1>
        <TeamButton
          conversation={here}
          isOpen={over.value === 'team'}
          toggle={() => {
            over.value = over.value === 'team' ? undefined : 'team';
          }}
        />
        <Menu />
      </header>
      <div class="chats-pane">
        <ChatList
          done={() => {
            over.value = undefined;
          }}
        />
      </div>
      <main class="talk">{here ? <Talk key={here.id} conversation={here} /> : <StartChat />}</main>
      <aside class="team-pane" aria-label="The team">
        {here ? <TeamPane key={here.id} conversation={here} /> : null}
      </aside>
      {here && opened.value !== undefined ? (
        <Drawer
          key={opened.value}
          conversation={here}
          id={opened.value}
          onClose={() => {
            opened.value = undefined;
          }}
        />
      ) : null}
    </div>
  );
}

/** Alt and a key, by its place on the keyboard: where the focus goes. */
const keys: Readonly<Record<string, 'composer' | 'chats' | 'team' | 'transcript'>> = {
  KeyM: 'composer',
  KeyC: 'chats',
  KeyT: 'team',
  KeyH: 'transcript',
};

const places = {
  composer: '.composer textarea',
  chats: '.chats input[type=search]',
  team: '.team-pane [tabindex="0"]',
  transcript: '.transcript',
} as const;

function focusOn(place: keyof typeof places): void {
  // What has just been shown can be focused only when it is drawn.
  requestAnimationFrame(() => document.querySelector<HTMLElement>(places[place])?.focus());
}

function titleOf(here: Conversation | undefined): string {
  if (!here) return 'Tidings';
  const title = here.chat.value?.title ?? '';
  return title === '' ? 'New chat' : title;
}

function Talk({ conversation: here }: { readonly conversation: Conversation }) {
  const problem = here.problem.value;
  if (problem !== undefined) {
    return (
      <p class="notice" data-level="error" role="alert">
        {problem}
      </p>
    );
  }
  return (
    <>
      <ConnectionLine conversation={here} />
      {isNew(here) ? <Welcome chat={here.id} /> : <Transcript conversation={here} />}
      <WaitingBar conversation={here} />
      <div id="composer">
        <Composer conversation={here} />
      </div>
    </>
  );
}

/** Whether nothing has been said in it yet. */
function isNew({ connection, items, id }: Conversation): boolean {
  return (
    connection.value.state !== 'loading' &&
    items.value.length === 0 &&
    !unsent.value.some((entry) => entry.chat === id)
  );
}

function TeamButton({
  conversation: here,
  isOpen,
  toggle,
}: {
  readonly conversation: Conversation | undefined;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}) {
  const counts = here?.chat.value?.subagents ?? {};
  const atWork = (counts.running ?? 0) + (counts.waiting ?? 0) + (counts.input_required ?? 0);
  const waiting = waitingCount.value;
  return (
    <button type="button" class="button small narrow" aria-expanded={isOpen} onClick={toggle}>
      Team{atWork > 0 ? ` ${atWork}` : ''}
      {waiting > 0 ? (
        <span class="badge">
          {waiting}
          <span class="hidden-text"> waiting for an answer</span>
        </span>
      ) : null}
    </button>
  );
}
