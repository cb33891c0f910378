/**
 * One message: who said it, when, the words, and what was sent along; drawn alike while it is being spoken, so that it
 * goes on in the same elements once it is said. Owns no state.
 */
import type { Message, MessagePart } from '../../client/index.ts';
import { client, session } from '../state/app.ts';
import { now, today } from '../state/now.ts';
import type { Speech } from '../state/story.ts';
import { Markdown } from '../text/markdown.tsx';
import { exactly, size, when } from '../text/words.ts';

interface Props {
  /** A message, or as much as has been spoken of one. */
  readonly message: Message | Speech;
  readonly chat: string;
  /** Who speaks here, where it isn't the assistant: a subagent's label. */
  readonly agent?: string;
}

export function MessageView({ message, chat, agent }: Props) {
  void today.value;
  const said = 'role' in message ? message : undefined;
  const who = said ? speaker(said, agent ?? 'Assistant') : (agent ?? 'Assistant');
  const files = said?.parts.filter((part) => part.type === 'file') ?? [];
  return (
    <article
      class={said ? 'message' : 'message speaking'}
      data-role={said?.role ?? 'assistant'}
      aria-label={said ? `${who}, ${exactly(said.at)}` : `${agent ?? 'The assistant'} is speaking`}
      aria-busy={said ? undefined : 'true'}
    >
      <header>
        <b>{who}</b>
        {said?.role === 'user' && !['http', 'subagent'].includes(said.from.channel) ? (
          <span class="soft"> via {said.from.channel}</span>
        ) : null}{' '}
        {said ? (
          <time dateTime={new Date(said.at).toISOString()} title={exactly(said.at)}>
            {when(said.at, now.peek())}
          </time>
        ) : null}
      </header>
      {files.length > 0 ? <Files files={files} chat={chat} /> : null}
      {said?.role === 'user' ? (
        said.text === '' ? null : (
          <p class="plain">{said.text}</p>
        )
      ) : (
        <Markdown text={message.text} />
      )}
      {said?.partial ? <p class="line">Cut off here.</p> : null}
    </article>
  );
}

function speaker({ role, from }: Pick<Message, 'role' | 'from'>, agent: string): string {
  if (role === 'assistant') return agent;
  if (role === 'notice') return 'Gateway';
  // A subagent's parent: the assistant, or another subagent.
  if (from.principal === 'parent') return 'Its parent';
  return from.principal === session.peek()?.owner ? 'You' : from.principal;
}

type File = Extract<MessagePart, { type: 'file' }>;

/** Pictures that the gateway keeps are shown, since they come from it; anything else is a link. */
function Files({ files, chat }: { readonly files: readonly File[]; readonly chat: string }) {
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.id}>
          <a href={client.fileUrl(chat, file.id)} target="_blank" rel="noopener">
            {file.mediaType.startsWith('image/') ? (
              <img
                src={client.fileUrl(chat, file.id)}
                alt={file.name}
                loading="lazy"
                decoding="async"
                {...(file.width ? { width: file.width } : {})}
                {...(file.height ? { height: file.height } : {})}
              />
            ) : (
              <span>
                {file.name} <span class="soft">{size(file.bytes)}</span>
              </span>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}
