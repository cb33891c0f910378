/** What tools were called, folded away; what went in and came out is read when somebody looks. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../client/index.ts';
import { client, wordsOf } from '../state/app.ts';
import type { ToolCall } from '../state/items.ts';
import { CodeBlock } from '../text/code-block.tsx';
import { duration } from '../text/words.ts';

interface Props {
  readonly calls: readonly ToolCall[];
  readonly chat: string;
  readonly target?: string;
}

export function ToolCalls({ calls, chat, target }: Props) {
  const failed = calls.filter(({ ok }) => ok === false).length;
  const open = calls.filter(({ finished }) => finished === undefined).length;
  const last = calls.at(-1);
  return (
    <details class="tools">
      <summary>
        <span class="tools-count">{calls.length === 1 ? 'One tool call' : `${calls.length} tool calls`}</span>
        {open > 0 ? (
          <span class="status" data-status="running">
            running
          </span>
        ) : null}
        {failed > 0 ? <span class="failed">{failed === 1 ? 'one failed' : `${failed} failed`}</span> : null}
        <span class="soft cut">{last?.summary}</span>
      </summary>
      <ul>
        {calls.map((call) => (
          <li key={call.started}>
            <OneCall call={call} chat={chat} {...(target === undefined ? {} : { target })} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function OneCall({
  call,
  chat,
  target,
}: {
  readonly call: ToolCall;
  readonly chat: string;
  readonly target?: string;
}) {
  const [behind, setBehind] = useState<Call | string | undefined>(undefined);
  // What was asked for while it ran may come later than what was asked for when it had ended.
  const show = (found: Call | string): void =>
    setBehind((before) => (typeof before === 'object' && before.output !== undefined ? before : found));
  const box = useRef<HTMLDetailsElement>(null);
  const look = async (): Promise<void> => {
    if (!box.current?.open) return;
    // One that ran when it was last looked at may have ended since.
    if (typeof behind === 'object' && (behind.output !== undefined || call.finished === undefined)) return;
    try {
      show(await client.call(chat, call.finished ?? call.started, target));
    } catch (error) {
      show(wordsOf(error));
    }
  };
  // It may also end while somebody looks.
  useEffect(() => void look(), [call.finished]);
  return (
    <details class="call" ref={box} onToggle={look}>
      <summary>
        <code>{call.name}</code> <span class="cut">{call.summary}</span>
        <span class={call.ok === false ? 'failed' : 'soft'}>{outcome(call)}</span>
      </summary>
      {behind === undefined ? (
        <p class="line">Loading…</p>
      ) : typeof behind === 'string' ? (
        <p class="failed">{behind}</p>
      ) : (
        <Behind call={behind} />
      )}
    </details>
  );
}

function Behind({ call }: { readonly call: Call }) {
  return (
    <>
      <CodeBlock
        code={typeof call.input === 'string' ? call.input : JSON.stringify(call.input, null, 2)}
        language="input"
      />
      {call.output === undefined ? (
        <p class="line">No result yet.</p>
      ) : (
        <CodeBlock code={call.output} language="output" />
      )}
    </>
  );
}

function outcome({ ok, ms }: ToolCall): string {
  if (ok === undefined) return 'running';
  return ok ? duration(ms ?? 0) : `failed after ${duration(ms ?? 0)}`;
}
