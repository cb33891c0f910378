/** A subagent's card in the conversation, where it was handed work or where its ending came. Owns no facts. */
import type { Subagent } from '../../client/index.ts';
import { opened } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { isLive } from '../state/team.ts';
import { Markdown } from '../text/markdown.tsx';
import { duration, money, statusText } from '../text/words.ts';
import { beginning } from './beginning.ts';
import { amount } from './outcomes.ts';
import { Time } from './tree-row.tsx';

interface Props {
  /** As it stood then. */
  readonly subagent: Subagent;
  readonly kind: 'spawned' | 'ended';
  readonly conversation: Conversation;
}

export function SubagentCard({ subagent, kind, conversation }: Props) {
  return (
    <article
      class="card subagent-card"
      data-kind={kind}
      aria-label={`${subagent.path} ${kind === 'spawned' ? 'was given work' : 'has ended'}`}
    >
      <header>
        <button
          type="button"
          class="link cut"
          data-subagent={subagent.id}
          aria-haspopup="dialog"
          onClick={() => {
            opened.value = subagent.id;
          }}
        >
          {subagent.path}
        </button>
        {kind === 'spawned' ? (
          <Now subagent={subagent} conversation={conversation} />
        ) : (
          <span class="status" data-status={subagent.status}>
            {statusText(subagent.status)}
          </span>
        )}
      </header>
      {kind === 'spawned' ? (
        <p class="task">{subagent.task}</p>
      ) : (
        <Ending subagent={subagent} conversation={conversation} />
      )}
    </article>
  );
}

/** How it stands at this moment, which is not how it stood when the card was written. */
function Now({ subagent, conversation }: Omit<Props, 'kind'>) {
  const it = conversation.team.subagent(subagent.id)?.value;
  if (!it) return <span class="soft">forgotten since</span>;
  return (
    <>
      <span class="status" data-status={it.status}>
        {statusText(it.status)}
      </span>
      <Time subagent={it} />
      {isLive(it) && it.activity !== '' ? <span class="soft cut doing">{it.activity}</span> : null}
    </>
  );
}

function Ending({ subagent, conversation }: Omit<Props, 'kind'>) {
  const { startedAt, createdAt, endedAt, steps, usage, verified, workspace, result } = subagent;
  const facts = [
    ...(endedAt === undefined ? [] : [`took ${duration(endedAt - (startedAt ?? createdAt))}`]),
    amount(steps, 'step'),
    money(usage.usd),
    ...(verified === undefined ? [] : [`checked: ${verified}`]),
    ...(workspace === undefined || (workspace.commits === 0 && workspace.files === 0)
      ? []
      : [`${workspace.branch}: ${amount(workspace.commits, 'commit')}, ${amount(workspace.files, 'file')}`]),
  ];
  return (
    <>
      <p class="facts soft">
        {facts.join(' · ')} · <Told subagent={subagent} conversation={conversation} />
      </p>
      {result === undefined || result.trim() === '' ? null : <Result text={result} />}
    </>
  );
}

/** Whether the assistant knows of it by now. */
function Told({ subagent, conversation }: Omit<Props, 'kind'>) {
  const it = conversation.team.subagent(subagent.id)?.value;
  // A later attempt has an announcement of its own; of this one all that is known is what the feed told then.
  const { announcement } = it?.attempt === subagent.attempt ? it : subagent;
  return <>{toldWords[announcement]}</>;
}

const toldWords: Readonly<Record<Subagent['announcement'], string>> = {
  none: 'told to nobody',
  pending: 'not read yet',
  read: 'read',
  withdrawn: 'withdrawn',
  undeliverable: 'could not be told',
};

/** Its beginning is seen, and all of it when it is asked for. */
function Result({ text }: { readonly text: string }) {
  const isShort = text.length < 400 && text.split('\n').length <= 6;
  if (isShort) return <Markdown text={text} />;
  return (
    <details class="result">
      <summary>
        <span class="result-start">{beginning(text)}</span>
      </summary>
      <Markdown text={text} />
    </details>
  );
}
