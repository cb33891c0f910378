/**
 * What somebody waits to be told, and the answer to it. What is to be allowed stands there whole, and what an eye would
 * miss in it is named. Owns one answer, which is sent once; whether the request is still open is told by the feed.
 */
import { useSignal } from '@preact/signals';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { type InputRequest, ProblemError } from '../../client/index.ts';
import { client, opened, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import type { OpenRequest } from '../state/requests.ts';
import { Markdown } from '../text/markdown.tsx';
import { hasUnseen } from '../text/visible.ts';
import { VisibleText } from '../text/visible-text.tsx';

/** Lines of a command that are shown before the rest must be scrolled to. */
const LONG_LINES = 12;
const LONG_CHARS = 1_500;

interface Props {
  readonly conversation: Conversation;
  readonly request: OpenRequest;
}

type State =
  | { readonly is: 'open'; readonly trouble: string }
  | { readonly is: 'sending' }
  | { readonly is: 'over'; readonly words: string };

interface Answer {
  readonly decision?: 'allow' | 'deny';
  readonly text?: string;
}

export function AnswerCard({ conversation, request: { subagentId, request } }: Props) {
  const state = useSignal<State>({ is: 'open', trouble: '' });
  const words = useSignal('');
  const card = useRef<HTMLElement>(null);
  const title = useId();
  // Where it is drawn may not know yet that it is settled.
  const isAsked = conversation.requests.value.some((one) => one.request.id === request.id);
  const value: State =
    state.value.is === 'open' && !isAsked ? { is: 'over', words: 'It is settled.' } : state.value;

  // Whoever draws it takes it away once it is settled: the focus doesn't go with it.
  useLayoutEffect(() => {
    const element = card.current;
    return () => {
      if (element?.contains(document.activeElement)) passFocusOn(element);
    };
  }, []);

  const send = async (answer: Answer): Promise<void> => {
    if (state.peek().is !== 'open') return;
    state.value = { is: 'sending' };
    const body = { request: request.id, ...answer };
    try {
      if (subagentId === undefined) await client.answer(conversation.id, body);
      else await client.answerSubagent(conversation.id, subagentId, body);
      state.value = { is: 'over', words: sentWords(answer) };
    } catch (error) {
      // Somebody else was first, or it asks no longer: nothing went wrong.
      if (error instanceof ProblemError && error.status === 409) {
        state.value = { is: 'over', words: `Not needed any more: ${error.detail}` };
      } else state.value = { is: 'open', trouble: wordsOf(error) };
    }
    // The buttons that had the focus are about to go; whoever went on elsewhere stays there.
    if (state.peek().is === 'over' && card.current?.contains(document.activeElement)) card.current.focus();
  };

  return (
    <article class="card answer" data-kind={request.kind} aria-labelledby={title} ref={card} tabIndex={-1}>
      <p class="answer-title" id={title}>
        <Who conversation={conversation} subagentId={subagentId} /> {asks[request.kind]}
      </p>
      {request.person ? <p class="soft">Only a person may allow this.</p> : null}
      {value.is === 'over' ? null : <Detail request={request} />}
      {value.is === 'over' ? null : (
        <form
          class="answer-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (request.kind === 'question' && words.peek().trim() !== '') void send({ text: words.peek() });
          }}
        >
          <textarea
            class="field"
            rows={request.kind === 'question' ? 2 : 1}
            aria-label={labels[request.kind]}
            placeholder={labels[request.kind]}
            value={words.value}
            readOnly={value.is === 'sending'}
            onInput={(event) => {
              words.value = event.currentTarget.value;
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
          <Choices kind={request.kind} words={words.value} disabled={value.is === 'sending'} send={send} />
        </form>
      )}
      <p class={value.is === 'open' ? 'said trouble' : 'said'} role="status">
        {value.is === 'open' ? value.trouble : value.is === 'over' ? value.words : 'Sending…'}
      </p>
    </article>
  );
}

/** To the drawer's title, to the conversation, or to where people write: whichever it stands in or near. */
function passFocusOn(from: Element): void {
  const near =
    from.closest('dialog')?.querySelector<HTMLElement>('h2') ??
    from.parentElement?.closest<HTMLElement>('[tabindex="0"]') ??
    document.querySelector<HTMLElement>('.composer textarea');
  near?.focus({ preventScroll: true });
}

const asks: Readonly<Record<InputRequest['kind'], string>> = {
  permission: 'asks for permission',
  question: 'asks',
  plan: 'hands in a plan',
};

const labels: Readonly<Record<InputRequest['kind'], string>> = {
  permission: 'Why not (optional, for a denial)',
  question: 'Your answer',
  plan: 'What to change',
};

function Who({
  conversation,
  subagentId,
}: {
  readonly conversation: Conversation;
  readonly subagentId: string | undefined;
}) {
  if (subagentId === undefined) return <>The assistant</>;
  const path = conversation.team.subagent(subagentId)?.value.path ?? subagentId;
  if (opened.value === subagentId) return <>{path}</>;
  return (
    <button
      type="button"
      class="link"
      onClick={() => {
        opened.value = subagentId;
      }}
    >
      {path}
    </button>
  );
}

/** The whole of what is asked. */
function Detail({ request: { kind, detail } }: { readonly request: InputRequest }) {
  const isWhole = useSignal(false);
  if (kind === 'question') {
    return (
      <p class="plain asked">
        <VisibleText text={detail} />
      </p>
    );
  }
  const warning = hasUnseen(detail) ? (
    <p class="trouble">It holds characters that can't be seen; they are named where they stand.</p>
  ) : null;
  if (kind === 'plan') {
    return (
      <>
        {warning}
        <div class="plan">
          <Markdown text={detail} />
        </div>
      </>
    );
  }
  const isLong = detail.length > LONG_CHARS || detail.split('\n').length > LONG_LINES;
  return (
    <>
      {warning}
      <figure
        class="command"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        data-whole={isWhole.value || !isLong}
        aria-label="What is to be allowed"
      >
        <pre>
          <VisibleText text={detail} />
        </pre>
      </figure>
      {isLong ? (
        <button
          type="button"
          class="button small bare"
          aria-expanded={isWhole.value}
          onClick={() => {
            isWhole.value = !isWhole.value;
          }}
        >
          {isWhole.value ? 'Smaller' : 'All at once'}
        </button>
      ) : null}
    </>
  );
}

interface ChoicesProps {
  readonly kind: InputRequest['kind'];
  readonly words: string;
  /** Shown as not to be pressed, and ignored when pressed, but never out of the focus's reach. */
  readonly disabled: boolean;
  readonly send: (answer: Answer) => Promise<void>;
}

function Choices({ kind, words, disabled, send }: ChoicesProps) {
  const said = words.trim() === '' ? {} : { text: words };
  switch (kind) {
    case 'question':
      return (
        <div class="choices">
          <button type="submit" class="button main small" aria-disabled={disabled || words.trim() === ''}>
            Send
          </button>
        </div>
      );
    case 'permission':
      return (
        <Decision
          disabled={disabled}
          allow={['Allow', () => send({ decision: 'allow' })]}
          deny={['Deny', () => send({ decision: 'deny', ...said })]}
        />
      );
    case 'plan':
      return (
        <Decision
          disabled={disabled}
          allow={['Approve', () => send({ decision: 'allow', ...said })]}
          deny={['Not like this', () => send({ decision: 'deny', ...said })]}
        />
      );
  }
}

type Choice = readonly [words: string, choose: () => Promise<void>];

function Decision(props: { readonly disabled: boolean; readonly allow: Choice; readonly deny: Choice }) {
  const { disabled, allow, deny } = props;
  return (
    <div class="choices">
      <button type="button" class="button main small" aria-disabled={disabled} onClick={allow[1]}>
        {allow[0]}
      </button>
      <button type="button" class="button danger small" aria-disabled={disabled} onClick={deny[1]}>
        {deny[0]}
      </button>
    </div>
  );
}

function sentWords({ decision }: Answer): string {
  if (decision === undefined) return 'Your answer is sent.';
  return decision === 'allow' ? 'You allowed it.' : 'You denied it.';
}
