/** What waits for an answer, just above where people write, so that it can't be missed. Owns which of them is open. */
import { useSignal } from '@preact/signals';
import { openChat, othersWaiting } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { AnswerCard } from '../team/answer-card.tsx';

export function WaitingBar({ conversation }: { readonly conversation: Conversation }) {
  const isOpen = useSignal(false);
  const requests = conversation.requests.value;
  const others = othersWaiting.value;
  const [first] = requests;
  if (!first && others.length === 0) return null;
  const who =
    first?.subagentId === undefined
      ? 'The assistant'
      : (conversation.team.subagent(first.subagentId)?.value.path ?? 'A subagent');
  return (
    <section class="waiting" aria-label="Waiting for your answer">
      {first ? (
        <>
          <p class="waiting-line">
            <span class="status" data-status="input_required">
              {requests.length === 1 ? 'One waits for you' : `${requests.length} wait for you`}
            </span>
            <span class="cut">
              <b>{who}</b>: {first.request.title}
            </span>
            <button
              type="button"
              class="button small"
              aria-expanded={isOpen.value}
              onClick={() => {
                isOpen.value = !isOpen.value;
              }}
            >
              {isOpen.value ? 'Close' : 'Answer'}
            </button>
          </p>
          {isOpen.value ? (
            <AnswerCard key={first.request.id} conversation={conversation} request={first} />
          ) : null}
        </>
      ) : null}
      {others.length > 0 ? (
        <p class="waiting-line">
          {others.length === 1 ? 'Another chat waits for you:' : 'Other chats wait for you:'}{' '}
          {others.map((chat) => (
            <button key={chat.id} type="button" class="button small bare" onClick={() => openChat(chat.id)}>
              {chat.title === '' ? 'New chat' : chat.title}
            </button>
          ))}
        </p>
      ) : null}
    </section>
  );
}
