/** A button that asks once more, in its own place, and then tells what came of it. Owns nothing of what it starts. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { wordsOf } from '../state/app.ts';
import { VisibleText } from '../text/visible-text.tsx';

interface Props {
  readonly label: string;
  /** What is about to happen. */
  readonly question: string;
  readonly yes: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Resolves with what came of it, in words; what it throws is told in the gateway's words. */
  readonly act: () => Promise<string>;
  /** Told instead of the gateway's words alone. */
  readonly explain?: (error: unknown) => string;
}

type State =
  | { readonly is: 'resting'; readonly said: string; readonly failed: boolean }
  | { readonly is: 'asking' }
  | { readonly is: 'acting' };

export function Confirm({
  label,
  question,
  yes,
  danger = false,
  disabled = false,
  act,
  explain = wordsOf,
}: Props) {
  const state = useSignal<State>({ is: 'resting', said: '', failed: false });
  const opener = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const before = useRef<State['is']>('resting');
  const { is } = state.value;

  // The focus goes where the question is, on what does no harm, and back as soon as that is answered.
  useLayoutEffect(() => {
    if (is === 'asking') keep.current?.focus();
    else if (before.current === 'asking') opener.current?.focus();
    before.current = is;
  }, [is]);

  const ask = (): void => {
    state.value = { is: 'asking' };
  };
  const leave = (): void => {
    state.value = { is: 'resting', said: '', failed: false };
  };
  const go = async (): Promise<void> => {
    state.value = { is: 'acting' };
    try {
      state.value = { is: 'resting', said: await act(), failed: false };
    } catch (error) {
      state.value = { is: 'resting', said: explain(error), failed: true };
    }
  };

  const kind = danger ? 'danger' : '';
  const { value } = state;
  return (
    <span class="confirm">
      {value.is === 'asking' ? (
        <fieldset
          class="confirm-question"
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.preventDefault();
            event.stopPropagation();
            leave();
          }}
        >
          <legend>{question}</legend>
          <button type="button" class={`button small ${kind}`} onClick={go}>
            {yes}
          </button>
          <button type="button" class="button small" ref={keep} onClick={leave}>
            Leave it
          </button>
        </fieldset>
      ) : (
        <button
          type="button"
          class={`button small ${kind}`}
          ref={opener}
          // Never out of the focus's reach: it comes back here, where there may be nothing left to do.
          aria-disabled={disabled || value.is === 'acting'}
          onClick={() => {
            if (!disabled && state.peek().is === 'resting') ask();
          }}
        >
          {value.is === 'acting' ? `${label}: under way…` : label}
        </button>
      )}
      <span class={value.is === 'resting' && value.failed ? 'said trouble' : 'said'} role="status">
        {/* It may name files. */}
        {value.is === 'resting' ? <VisibleText text={value.said} /> : ''}
      </span>
    </span>
  );
}
