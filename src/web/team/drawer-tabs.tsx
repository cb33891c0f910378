/** What is shown of a subagent in its drawer: its work, its result, or its changes. Owns which of them is chosen. */
import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import type { Subagent } from '../../client/index.ts';
import type { Conversation } from '../state/conversation.ts';
import { isLive } from '../state/team.ts';
import { Markdown } from '../text/markdown.tsx';
import { duration, statusText } from '../text/words.ts';
import { DrawerTranscript } from './drawer-transcript.tsx';
import { Workspace } from './workspace.tsx';

type Tab = 'work' | 'result' | 'changes';

const tabs: readonly { readonly is: Tab; readonly name: string }[] = [
  { is: 'work', name: 'Work' },
  { is: 'result', name: 'Result' },
  { is: 'changes', name: 'Changes' },
];

interface TabsProps {
  readonly conversation: Conversation;
  readonly subagent: Subagent;
  readonly result: string | undefined;
}

export function Tabs({ conversation, subagent, result }: TabsProps) {
  const { id } = subagent;
  const tab = useSignal<Tab>(isLive(subagent) ? 'work' : 'result');
  const list = useRef<HTMLDivElement>(null);
  const base = useId();
  const chosen = tab.value;

  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const at = tabs.findIndex(({ is }) => is === chosen) + step;
    const next = tabs[(at + tabs.length) % tabs.length];
    if (step === 0 || !next) return;
    event.preventDefault();
    tab.value = next.is;
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.is}"]`)?.focus();
  };

  return (
    <>
      <div class="tabs" role="tablist" aria-label="What is shown of it" ref={list} onKeyDown={move}>
        {tabs.map(({ is, name }) => (
          <button
            key={is}
            type="button"
            role="tab"
            id={`${base}-${is}`}
            data-tab={is}
            aria-selected={is === chosen}
            aria-controls={`${base}-panel`}
            tabIndex={is === chosen ? 0 : -1}
            onClick={() => {
              tab.value = is;
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="drawer-panel" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${chosen}`}>
        {chosen === 'work' ? (
          <DrawerTranscript conversation={conversation} id={id} />
        ) : chosen === 'result' ? (
          <Result subagent={subagent} result={result} />
        ) : (
          <Workspace conversation={conversation} subagent={subagent} />
        )}
      </div>
    </>
  );
}

function Result({ subagent, result }: { readonly subagent: Subagent; readonly result: string | undefined }) {
  const { status, verified, startedAt, createdAt, endedAt } = subagent;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="drawer-scroll" tabIndex={0} aria-label="Result">
      <p class="soft result-facts">
        {isLive(subagent)
          ? 'It has not ended yet.'
          : `${statusText(status)}, after ${duration((endedAt ?? createdAt) - (startedAt ?? createdAt))}.`}
        {verified === undefined ? '' : ` Checked: ${verified}.`}
      </p>
      {result === undefined || result.trim() === '' ? null : <Markdown text={result} />}
    </section>
  );
}
