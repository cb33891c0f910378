/** The chats that were put away, and the way back for each. Reads them when somebody looks. */
import { useSignal } from '@preact/signals';
import type { Chat } from '../../client/index.ts';
import { client, conversation, listChats, wordsOf } from '../state/app.ts';

/** As many as are read at once; older ones are found by their words. */
const PAGE = 100;

export function Archived({ open }: { readonly open: (id: string) => void }) {
  const all = useSignal<readonly Chat[] | undefined>(undefined);
  const trouble = useSignal('');

  const doing = async (job: () => Promise<void>): Promise<void> => {
    try {
      await job();
      trouble.value = '';
    } catch (error) {
      trouble.value = wordsOf(error);
    }
  };
  const read = async (): Promise<void> => {
    all.value = (await client.listChats({ archived: true, limit: PAGE })).chats;
  };
  const back = async (id: string): Promise<void> => {
    const chat = await client.changeChat(id, { archived: false });
    if (conversation.value?.id === id) conversation.value.update(chat);
    await Promise.all([read(), listChats()]);
  };

  return (
    <details
      class="archived"
      onToggle={(event) => {
        if (event.currentTarget.open) void doing(read);
      }}
    >
      <summary class="soft">Archived chats</summary>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      {all.value?.length === 0 ? <p class="line">There are none.</p> : null}
      <ul>
        {(all.value ?? []).map(({ id, title }) => (
          <li key={id}>
            <span class="chat-line">
              <button type="button" class="chat-row" onClick={() => open(id)}>
                <span class="cut">{title === '' ? 'Untitled' : title}</span>
              </button>
              <button type="button" class="button small bare" onClick={() => doing(() => back(id))}>
                Bring back<span class="hidden-text"> {title}</span>
              </button>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
