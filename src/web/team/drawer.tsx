/**
 * One subagent, opened beside the conversation: who it is, what it asks, its work, its result, its changes, and what
 * can be told to it. On a wide screen the rest of the page stays usable; on a narrow one it covers the page. Owns the
 * focus's way in and back.
 */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Subagent } from '../../client/index.ts';
import { client, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import type { OpenRequest } from '../state/requests.ts';
import { isLive } from '../state/team.ts';
import { money, statusText, tokens } from '../text/words.ts';
import { AnswerCard } from './answer-card.tsx';
import { Confirm } from './confirm.tsx';
import { Tabs } from './drawer-tabs.tsx';
import { amount, killWords } from './outcomes.ts';
import { SteerBox } from './steer-box.tsx';
import { flagsOf, Time } from './tree-row.tsx';

/** Below this it covers the page. */
const NARROW = '(max-width: 60rem)';

interface Props {
  readonly conversation: Conversation;
  readonly id: string;
  readonly onClose: () => void;
}

export function Drawer({ conversation, id, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return;
    const opener = document.activeElement;
    const narrow = matchMedia(NARROW);
    const show = (): void => {
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      element.close();
      if (narrow.matches) element.showModal();
      else element.show();
      if (focused instanceof HTMLElement) focused.focus();
    };
    // What had the focus may have gone; the key closes all the same.
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && document.activeElement === document.body) close.current();
    };
    show();
    addEventListener('keydown', onKey);
    narrow.addEventListener('change', show);
    return () => {
      narrow.removeEventListener('change', show);
      removeEventListener('keydown', onKey);
      // What had the focus in it may have gone, and nothing has it; whoever went on in the conversation stays there.
      const { activeElement } = document;
      const hadFocus = activeElement === document.body || element.contains(activeElement);
      element.close();
      if (hadFocus) giveBack(opener);
    };
  }, []);

  useLayoutEffect(() => title.current?.focus(), [id]);

  return (
    <dialog
      class="drawer"
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        // It closes this, and nothing that lies below it.
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="drawer-top">
        <h2 id={titleId} ref={title} tabIndex={-1} class="cut">
          {conversation.team.subagent(id)?.value.label ?? 'Subagent'}
        </h2>
        <button type="button" class="button icon bare" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </div>
      <Inside key={id} conversation={conversation} id={id} />
    </dialog>
  );
}

/** To whatever opened it, or to the row that the tree's keyboard is at. */
function giveBack(opener: Element | null): void {
  const row = document.querySelector<HTMLElement>('.tree [role=treeitem][tabindex="0"]');
  if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  else row?.focus();
}

interface InsideProps {
  readonly conversation: Conversation;
  readonly id: string;
}

function Inside({ conversation, id }: InsideProps) {
  // A subagent may come, go and come again under the same id only after a restore.
  void conversation.team.ids.value;
  const held = conversation.team.subagent(id);
  const full = useSignal<Subagent | undefined>(undefined);
  const problem = useSignal('');
  const status = held?.value.status;
  const attempt = held?.value.attempt;

  // Its whole task and result: read anew when it ends or begins again.
  useEffect(() => {
    let isOver = false;
    client.subagent(conversation.id, id).then(
      (found) => {
        if (!isOver) full.value = found;
      },
      (error: unknown) => {
        if (!isOver) problem.value = wordsOf(error);
      },
    );
    return () => {
      isOver = true;
    };
  }, [id, status, attempt]);

  const it = held?.value ?? full.value;
  if (!it) {
    return (
      <p class="drawer-empty" role="status">
        {problem.value === '' ? 'Loading…' : problem.value}
      </p>
    );
  }
  return (
    <>
      <Head subagent={it} conversation={conversation} />
      <Requests conversation={conversation} id={id} />
      <Task text={full.value?.task ?? it.task} />
      <Tabs conversation={conversation} subagent={it} result={full.value?.result ?? it.result} />
      <SteerBox conversation={conversation} subagent={it} />
    </>
  );
}

function Head({
  subagent: it,
  conversation,
}: {
  readonly subagent: Subagent;
  readonly conversation: Conversation;
}) {
  const facts = [
    ...(it.path === it.label ? [] : [it.path]),
    it.role,
    ...(it.trust === undefined ? [] : [`trust: ${it.trust}`]),
    it.model,
    `attempt ${it.attempt}`,
    ...(it.workspace === undefined ? [] : [it.workspace.branch]),
  ];
  const share = [`${it.share.minutes} min`, ...(it.share.usd === undefined ? [] : [money(it.share.usd)])];
  return (
    <div class="drawer-head">
      <p class="drawer-state">
        <span class="status" data-status={it.status}>
          {statusText(it.status)}
        </span>
        <Time subagent={it} />
        <span class="soft">
          {amount(it.steps, 'step')} · {tokens(it.usage)} tokens · {money(it.usage.usd)}
        </span>
        {flagsOf(it).map(({ kind, words }) =>
          kind === 'attempt' ? null : (
            <span key={kind} class="flag" data-flag={kind}>
              {words}
            </span>
          ),
        )}
        <Confirm
          // What came of a kill is no news of the attempt that goes on after it.
          key={it.attempt}
          label="Kill"
          question={`End ${it.label} and all below it?`}
          yes="Kill it"
          danger
          disabled={!isLive(it)}
          act={async () => killWords(await client.kill(conversation.id, it.id))}
        />
      </p>
      <p class="soft facts">
        {facts.join(' · ')} <span title="What it may use in an attempt">(at most {share.join(', ')})</span>
      </p>
      {isLive(it) && it.status !== 'input_required' && it.activity !== '' ? (
        <p class="doing cut">{it.activity}</p>
      ) : null}
      {it.reason === undefined || !isLive(it) ? null : <p class="soft">{it.reason}</p>}
      {it.unconfirmed && it.unconfirmed.length > 0 ? (
        <p class="trouble">Not confirmed dead: {it.unconfirmed.join(', ')}</p>
      ) : null}
    </div>
  );
}

function Requests({ conversation, id }: InsideProps) {
  const open = useComputed(() =>
    conversation.requests.value.filter(({ subagentId }) => subagentId === id),
  ).value;
  /** The one that was settled last stays, to tell what came of it. */
  const before = useRef<readonly OpenRequest[]>([]);
  const settled = before.current.findLast(
    (one) => !open.some(({ request }) => request.id === one.request.id),
  );
  const shown = settled ? [...open, settled] : open;
  before.current = shown;
  if (shown.length === 0) return null;
  return (
    <div class="drawer-requests">
      {shown.map((one) => (
        <AnswerCard key={one.request.id} conversation={conversation} request={one} />
      ))}
    </div>
  );
}

function Task({ text }: { readonly text: string }) {
  const [first = ''] = text.split('\n', 1);
  return (
    <details class="drawer-task">
      <summary>
        <span class="cut">
          <b>Task</b> {first}
        </span>
      </summary>
      <p class="plain">{text}</p>
    </details>
  );
}
