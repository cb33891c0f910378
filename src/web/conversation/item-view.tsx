/**
 * The things of a conversation, one below the other, and last the words that are being spoken. Owns how each kind looks;
 * an item that has not changed is not drawn again, and those out of sight are not laid out. Loads nothing.
 */
import { type ReadonlySignal, signal, useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { client, wordsOf } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import type { Item, ToolCall } from '../state/items.ts';
import type { Speech } from '../state/story.ts';
import { AnswerCard } from '../team/answer-card.tsx';
import { SubagentCard } from '../team/subagent-card.tsx';
import { Markdown } from '../text/markdown.tsx';
import { drawnOnce } from '../text/unchanged.ts';
import { exactly } from '../text/words.ts';
import { MessageView } from './message-view.tsx';
import { ToolCalls } from './tool-calls.tsx';

/** Sequence numbers that stand together: a list of ten thousand is looked through group by group. */
const GROUP = 100;

interface Props {
  readonly items: readonly Item[];
  readonly conversation: Conversation;
  /** Whose feed it is; absent: the chat's own. */
  readonly target?: string;
  /** The words that are being spoken, in the same feed. */
  readonly speech: ReadonlySignal<Speech | undefined>;
}

export function ItemList({ items, speech, ...of }: Props) {
  const groups = useMemo(() => grouped(items), [items]);
  return (
    <>
      {groups.map((group, at) => (
        <Group
          key={group.place}
          items={group.items}
          speech={at === groups.length - 1 ? speech : nothingSpoken}
          {...of}
        />
      ))}
    </>
  );
}

const nothingSpoken: Props['speech'] = signal(undefined);

/**
 * By where they stand in the log, so that what is added at either end leaves all other groups as they are, and a group
 * keeps its elements and what is unfolded in it. What an assistant said stays in the group in which it was spoken.
 */
function grouped(items: readonly Item[]): { readonly place: number; readonly items: readonly Item[] }[] {
  const groups: { place: number; items: Item[] }[] = [];
  for (const [at, item] of items.entries()) {
    if (item.kind === 'notice' && isOnACard(item.text, items.slice(Math.max(0, at - 3), at))) continue;
    const place = Math.floor(item.seq / GROUP);
    const last = groups.at(-1);
    if (last && (last.place === place || wasSpoken(item))) last.items.push(item);
    else groups.push({ place, items: [item] });
  }
  return groups;
}

/** Whether a notice only tells that somebody asks, where the card that says so, and takes the answer, stands above it. */
function isOnACard(text: string, above: readonly Item[]): boolean {
  return above.some((item) => item.kind === 'asked' && text.includes(`(request ${item.request.id})`));
}

function wasSpoken(item: Item): boolean {
  return item.kind === 'message' && item.message.role === 'assistant';
}

const Group = drawnOnce(
  ({ items, speech, ...of }: Props) => {
    const spoken = speech.value;
    const shown = spoken ? [...items, { kind: 'speaking' as const, speech: spoken }] : items;
    return (
      <>
        {shown.map((item) => (
          <ItemView key={keyOf(item)} item={item} {...of} />
        ))}
      </>
    );
  },
  (before, after) =>
    before.conversation === after.conversation &&
    before.speech === after.speech &&
    before.items.length === after.items.length &&
    before.items.every((item, at) => item === after.items[at]),
);

/** An item, or words that will be one: what is drawn of them goes on, with what has the focus in it or is marked. */
type Shown = Item | { readonly kind: 'speaking'; readonly speech: Speech };

function keyOf(item: Shown): string | number {
  if (item.kind === 'speaking') return item.speech.message;
  return item.kind === 'message' ? item.message.id : item.seq;
}

interface ItemProps extends Pick<Props, 'conversation' | 'target'> {
  readonly item: Shown;
}

const ItemView = drawnOnce(
  ({ item, conversation, target }: ItemProps) => (
    <div
      class="item"
      data-kind={item.kind === 'speaking' ? 'message' : item.kind}
      id={target === undefined && 'seq' in item ? `item-${item.seq}` : undefined}
      data-seq={'seq' in item ? item.seq : undefined}
    >
      <Inside item={item} conversation={conversation} {...(target === undefined ? {} : { target })} />
    </div>
  ),
  (before, after) => before.item === after.item && before.conversation === after.conversation,
);

function Inside({ item, conversation, target }: ItemProps) {
  switch (item.kind) {
    case 'message':
    case 'speaking':
      return (
        <MessageView
          message={item.kind === 'message' ? item.message : item.speech}
          chat={conversation.id}
          {...(target === undefined ? {} : { agent: labelOf(conversation, target) })}
        />
      );
    case 'tools': {
      const calls = item.calls.filter(isWorthShowing);
      return calls.length === 0 ? null : (
        <ToolCalls calls={calls} chat={conversation.id} {...(target === undefined ? {} : { target })} />
      );
    }
    case 'spawned':
      return <SubagentCard subagent={item.subagent} kind="spawned" conversation={conversation} />;
    case 'ended':
      return (
        <SubagentCard
          subagent={item.read ? { ...item.subagent, announcement: 'read' } : item.subagent}
          kind="ended"
          conversation={conversation}
        />
      );
    case 'asked':
      return item.outcome === undefined ? (
        <AnswerCard
          conversation={conversation}
          request={{ subagentId: item.subagentId ?? target, request: item.request }}
        />
      ) : (
        <Settled item={item} conversation={conversation} />
      );
    case 'steered':
      return (
        <p class="line">
          Told <b>{labelOf(conversation, item.subagentId)}</b> something;{' '}
          {item.read ? 'it has read it.' : 'not read yet.'}
        </p>
      );
    case 'notice':
      return (
        <p class="notice" data-level={item.level} title={exactly(item.at)}>
          {item.text}
        </p>
      );
    case 'stopped':
      return item.stop === 'stopped' ? (
        <p class="notice" data-level="info">
          Stopped.
        </p>
      ) : (
        <Parked conversation={conversation} seq={item.seq} error={item.error} />
      );
    case 'abandoned':
      return (
        <div class="abandoned">
          <p class="line">These words were given up{reasons[item.because] ?? ''}.</p>
          <Markdown text={item.text} />
        </div>
      );
  }
}

/** Why words were given up, behind them. */
const reasons: Readonly<Record<string, string>> = {
  interrupt: ', since newer ones came',
  stop: ', since it was stopped',
  crash: ', since the gateway was started again',
  budget: ', since the budget was used up',
};

/** Why the chat waits, and the way on once that is mended. */
function Parked({
  conversation,
  seq,
  error = 'the model could not be asked.',
}: {
  readonly conversation: Conversation;
  readonly seq: number;
  readonly error: string | undefined;
}) {
  const trouble = useSignal('');
  const isParked = conversation.chat.value?.status === 'parked';
  const isLatest = useComputed(
    () => conversation.items.value.findLast(({ kind }) => kind === 'stopped')?.seq === seq,
  );
  const again = async (): Promise<void> => {
    try {
      conversation.update(await client.resume(conversation.id));
      trouble.value = '';
    } catch (error) {
      trouble.value = wordsOf(error);
    }
  };
  return (
    <div class="notice" data-level="error">
      Parked: {error}{' '}
      {isParked && isLatest.value ? (
        <button type="button" class="button small" onClick={again}>
          Try again
        </button>
      ) : null}
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
    </div>
  );
}

/** What a call brought about stands beside it as a card or a line, unless it failed. */
function isWorthShowing({ name, ok }: ToolCall): boolean {
  return ok === false || (name !== 'sessions_spawn' && name !== 'stay_silent');
}

/** A question that is settled: what it was, and what came of it. */
function Settled({
  item,
  conversation,
}: {
  readonly item: Extract<Item, { kind: 'asked' }>;
  readonly conversation: Conversation;
}) {
  const { outcome, request, subagentId } = item;
  const who = subagentId === undefined ? 'The assistant' : labelOf(conversation, subagentId);
  const answer =
    outcome?.outcome === 'withdrawn'
      ? 'no longer needed'
      : (decisions[outcome?.decision ?? ''] ?? 'answered');
  return (
    <details class="line">
      <summary>
        {who} asked: {request.title} — <b>{answer}</b>
        {outcome?.by === undefined
          ? ''
          : ` by ${outcome.by === 'person' ? 'you or another person' : 'the assistant'}`}
      </summary>
      <pre>{request.detail}</pre>
      {outcome?.text ? <p>{outcome.text}</p> : null}
    </details>
  );
}

const decisions: Readonly<Record<string, string>> = { allow: 'allowed', deny: 'denied' };

function labelOf({ team }: Conversation, id: string): string {
  return team.subagent(id)?.peek().path ?? id;
}
