/** What a subagent does, as it does it. Owns the following of its feed, which ends with the drawer; stays at the end. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ItemList } from '../conversation/item-view.tsx';
import { useScrolling } from '../conversation/scrolling.ts';
import { client, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { openTranscript, type Transcript } from '../state/transcript.ts';

export function DrawerTranscript({
  conversation,
  id,
}: {
  readonly conversation: Conversation;
  readonly id: string;
}) {
  const transcript = useSignal<Transcript | undefined>(undefined);
  const box = useRef<HTMLElement>(null);
  const { look } = useScrolling(box, '.item', () => undefined);

  useEffect(() => {
    const opened = openTranscript(client, conversation.id, id);
    transcript.value = opened;
    return () => opened.close();
  }, [conversation.id, id]);

  return (
    <section
      class="drawer-scroll"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      tabIndex={0}
      aria-label="Its work"
      onScroll={look}
    >
      <div class="drawer-items">
        {transcript.value ? (
          <Items transcript={transcript.value} conversation={conversation} id={id} />
        ) : null}
      </div>
    </section>
  );
}

interface ItemsProps {
  readonly transcript: Transcript;
  readonly conversation: Conversation;
  readonly id: string;
}

function Items({ transcript, conversation, id }: ItemsProps) {
  const { items, earlier, state, problem } = transcript;
  // What is open stands above, where it can be answered.
  const shown = useComputed(() =>
    items.value.filter((item) => item.kind !== 'asked' || item.outcome !== undefined),
  );
  return (
    <>
      {problem.value === undefined ? null : <p class="trouble">{wordsOf(problem.value)}</p>}
      {earlier.value === 'more' ? (
        <button type="button" class="button small bare" onClick={() => transcript.loadEarlier()}>
          Earlier
        </button>
      ) : null}
      <ItemList items={shown.value} speech={transcript.speech} conversation={conversation} target={id} />
      {state.value === 'loading' && problem.value === undefined ? <p class="line">Loading…</p> : null}
      {state.value === 'cut' ? <p class="line">Connecting…</p> : null}
    </>
  );
}
