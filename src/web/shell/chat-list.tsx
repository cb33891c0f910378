/** The chats that there are, and a search in their words. Owns what is searched for. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat, SearchPage } from '../../client/index.ts';
import {
  chats,
  client,
  conversation,
  listMoreChats,
  moreChats,
  newChat,
  openChat,
  wordsOf,
} from '../state/app.ts';
import { now } from '../state/now.ts';
import { when } from '../text/words.ts';
import { Archived } from './archived.tsx';
import { ChatRow } from './chat-row.tsx';

/** As many as are found at once. */
const PAGE = 30;
/** How long somebody pauses in typing before it is searched. */
const PAUSE_MS = 200;

export function ChatList({ done }: { readonly done: () => void }) {
  const query = useSignal('');
  const found = useSignal<SearchPage | undefined>(undefined);
  const trouble = useSignal('');
  const latest = useRef(0);

  useEffect(() => {
    const q = query.value.trim();
    latest.current += 1;
    const mine = latest.current;
    if (q === '') {
      found.value = undefined;
      trouble.value = '';
      return;
    }
    const timer = setTimeout(async () => {
      try {
        const page = await client.search({ q, limit: PAGE });
        if (mine !== latest.current) return;
        found.value = page;
        trouble.value = '';
      } catch (error) {
        if (mine === latest.current) trouble.value = wordsOf(error);
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [query.value]);

  const further = async (): Promise<void> => {
    const mine = latest.current;
    const { hits = [], next: before } = found.peek() ?? {};
    if (!before) return;
    try {
      const page = await client.search({ q: query.peek().trim(), limit: PAGE, before });
      // Asked for twice, it is the same once.
      if (mine !== latest.current || found.peek()?.next !== before) return;
      found.value = { hits: [...hits, ...page.hits], next: page.next };
      trouble.value = '';
    } catch (error) {
      if (mine === latest.current) trouble.value = wordsOf(error);
    }
  };
  const older = async (): Promise<void> => {
    try {
      await listMoreChats();
      trouble.value = '';
    } catch (error) {
      trouble.value = wordsOf(error);
    }
  };

  const open = (id: string): void => {
    openChat(id);
    done();
  };

  return (
    <nav class="chats" aria-label="Chats">
      <div class="chats-head">
        <button
          type="button"
          class="button main small"
          onClick={async () => {
            try {
              await newChat();
              done();
            } catch (error) {
              trouble.value = wordsOf(error);
            }
          }}
        >
          New chat
        </button>
        <input
          class="field"
          type="search"
          placeholder="Search"
          aria-label="Search in all chats"
          value={query.value}
          onInput={(event) => {
            query.value = event.currentTarget.value;
          }}
        />
      </div>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      {found.value ? (
        <Hits page={found.value} open={open} more={further} />
      ) : (
        <All open={open} more={older} />
      )}
    </nav>
  );
}

function All({ open, more }: { readonly open: (id: string) => void; readonly more: () => void }) {
  const here = conversation.value?.id;
  return (
    <>
      <ul>
        {chats.value.map((chat: Chat) => (
          <ChatRow key={chat.id} chat={chat} isOpen={chat.id === here} open={open} />
        ))}
        {moreChats.value === null ? null : (
          <li>
            <button type="button" class="button small bare" onClick={more}>
              Older chats
            </button>
          </li>
        )}
      </ul>
      <Archived open={open} />
    </>
  );
}

interface HitsProps {
  readonly page: SearchPage;
  readonly open: (id: string) => void;
  readonly more: () => void;
}

function Hits({ page, open, more }: HitsProps) {
  if (page.hits.length === 0) return <p class="line">Nothing found.</p>;
  const show = async (chat: string, seq: number | undefined): Promise<void> => {
    open(chat);
    if (seq !== undefined) await conversation.value?.seek(seq);
  };
  return (
    <ul aria-label="Found">
      {page.hits.map((hit) => (
        <li key={`${hit.chat} ${hit.seq ?? 'title'}`}>
          <button type="button" class="chat-row" onClick={() => show(hit.chat, hit.seq)}>
            <span class="cut">{hit.title === '' ? 'Untitled' : hit.title}</span>
            <span class="soft">
              <Snippet {...hit.snippet} /> · {when(hit.at, now.peek())}
            </span>
          </button>
        </li>
      ))}
      {page.next === null ? null : (
        <li>
          <button type="button" class="button small bare" onClick={more}>
            More
          </button>
        </li>
      )}
    </ul>
  );
}

/** Plain text, with where the words were found. */
function Snippet({
  text,
  marks,
}: {
  readonly text: string;
  readonly marks: readonly (readonly [number, number])[];
}) {
  let at = 0;
  const pieces = marks.map(([from, to]) => {
    const piece = (
      <>
        {text.slice(at, from)}
        <mark>{text.slice(from, to)}</mark>
      </>
    );
    at = to;
    return piece;
  });
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}
