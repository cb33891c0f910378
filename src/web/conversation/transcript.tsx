/**
 * The conversation as it is read: what was said, what is being said, and what is on its way. Reads history
 * when its beginning comes near, and goes to what was searched for.
 */
import { useComputed } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { sendingWaits, unsent } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { ItemList } from './item-view.tsx';
import { useScrolling } from './scrolling.ts';

/** Pixels from the beginning at which more of the history is read. */
const AHEAD = 1_500;

export function Transcript({ conversation }: { readonly conversation: Conversation }) {
  const box = useRef<HTMLElement>(null);
  const items = conversation.items.value;

  // What is not as high as it is to be reads on, too.
  const readOn = (): void => {
    if (box.current && box.current.scrollTop < AHEAD) void conversation.loadEarlier();
  };
  const { atEnd, look, toEnd, show } = useScrolling(box, '.item', readOn);

  // What was searched for is there to be gone to once it is drawn.
  const sought = conversation.sought.value;
  useLayoutEffect(() => {
    const found = sought === undefined ? null : document.getElementById(`item-${sought}`);
    if (!found) return;
    show(found);
    found.classList.add('found');
    return () => found.classList.remove('found');
  }, [sought]);

  return (
    <div class="transcript-frame">
      <h2 id="talk-title" class="hidden-text">
        Conversation
      </h2>
      <section
        class="transcript"
        ref={box}
        onScroll={() => {
          look();
          readOn();
        }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        aria-labelledby="talk-title"
      >
        <div class="column" role="log" aria-live="off">
          <History conversation={conversation} />
          <ItemList items={items} speech={conversation.speech} conversation={conversation} />
          <Thinking conversation={conversation} />
          <OnTheWay conversation={conversation} />
        </div>
      </section>
      {atEnd.value ? null : (
        <button type="button" class="button small to-end" onClick={toEnd}>
          To the latest ↓
        </button>
      )}
    </div>
  );
}

function History({ conversation }: { readonly conversation: Conversation }) {
  switch (conversation.earlier.value) {
    case 'none':
      return null;
    case 'loading':
      return <p class="line">Reading further back…</p>;
    case 'more':
      return (
        <button type="button" class="button small bare" onClick={() => conversation.loadEarlier()}>
          Earlier
        </button>
      );
  }
}

/** Whoever works and says nothing: a component of its own, so that it alone is drawn anew. */
function Thinking({ conversation }: { readonly conversation: Conversation }) {
  const isThinking = useComputed(() => conversation.working.value && !conversation.speech.value);
  return isThinking.value ? (
    <p class="line thinking">
      <span class="status" data-status="running">
        The assistant is at it
      </span>
    </p>
  ) : null;
}

/** What was typed and is not yet acknowledged. */
function OnTheWay({ conversation }: { readonly conversation: Conversation }) {
  const own = useComputed(() => {
    const words = conversation.items.value
      .slice(-30)
      .flatMap((item) => (item.kind === 'message' && item.message.role === 'user' ? [item] : []));
    // The feed may tell of a message a moment before its sender is answered.
    return unsent.value.filter(
      (entry) =>
        entry.chat === conversation.id &&
        !words.some(
          (one) =>
            one.message.text === entry.text && one.seq > (seenWhen.get(entry.id) ?? Number.POSITIVE_INFINITY),
        ),
    );
  });
  return (
    <>
      {own.value.map((entry) => (
        <article key={entry.id} class="message unsent" data-role="user" aria-label="Not sent yet">
          <header>
            <b>You</b>{' '}
            <span class="soft">
              {sendingWaits.value ? 'will be sent when the gateway is back' : 'sending…'}
            </span>
          </header>
          <p class="plain">
            {entry.text ?? entry.parts?.map((part) => (part.type === 'text' ? part.text : '📎')).join('\n')}
          </p>
        </article>
      ))}
    </>
  );
}

/** The newest event that was known when an entry was typed. */
const seenWhen = new Map<string, number>();

export function typedAt(entry: string, seq: number): void {
  seenWhen.set(entry, seq);
}
