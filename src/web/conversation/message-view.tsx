/** One message: who said it, when, the words, and what was sent along. Owns no state. */
import type { Message, MessagePart } from '../../client/index.ts';
import { client, session } from '../state/app.ts';
import { now, today } from '../state/now.ts';
import { Markdown } from '../text/markdown.tsx';
import { exactly, size, when } from '../text/words.ts';

interface Props {
  readonly message: Message;
  readonly chat: string;
  /** Who speaks here, where it isn't the assistant: a subagent's label. */
  readonly agent?: string;
}

export function MessageView({ message, chat, agent = 'Assistant' }: Props) {
  const { role, from, at, text, parts, partial } = message;
  const who = speaker(message, agent);
  void today.value;
  const files = parts.filter((part) => part.type === 'file');
  return (
    <article class="message" data-role={role} aria-label={`${who}, ${exactly(at)}`}>
      <header>
        <b>{who}</b>
        {role === 'user' && !['http', 'subagent'].includes(from.channel) ? (
          <span class="soft"> via {from.channel}</span>
        ) : null}{' '}
        <time dateTime={new Date(at).toISOString()} title={exactly(at)}>
          {when(at, now.peek())}
        </time>
      </header>
      {files.length > 0 ? <Files files={files} chat={chat} /> : null}
      {role === 'user' ? text === '' ? null : <p class="plain">{text}</p> : <Markdown text={text} />}
      {partial ? <p class="line">Cut off here.</p> : null}
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
