/** What a subagent changed, file by file. Owns how much of the patch was read; what it means is read in `diff.ts`. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { client, wordsOf } from '../state/app.ts';
import { VisibleText } from '../text/visible-text.tsx';
import { count } from '../text/words.ts';
import { type DiffFile, type DiffLine, diffFiles } from './diff.ts';

/** Files with more lines are folded, and so are all if there are many. */
const LONG_LINES = 300;
const MANY_FILES = 8;

interface Read {
  readonly patch: string;
  readonly chars: number;
  readonly next: number | null;
}

export function DiffView({ chat, id }: { readonly chat: string; readonly id: string }) {
  const read = useSignal<Read>({ patch: '', chars: 0, next: 0 });
  const trouble = useSignal('');
  const loading = useSignal(false);
  const files = useComputed(() => diffFiles(read.value.patch)).value;

  const load = async (): Promise<void> => {
    const { next, patch } = read.peek();
    if (next === null || loading.peek()) return;
    loading.value = true;
    trouble.value = '';
    try {
      const page = await client.diff(chat, id, { offset: next });
      read.value = { patch: patch + page.patch, chars: page.chars, next: page.next };
    } catch (error) {
      trouble.value = wordsOf(error);
    }
    loading.value = false;
  };
  useEffect(() => {
    void load();
  }, [chat, id]);

  const { next, patch, chars } = read.value;
  return (
    <div class="diff">
      {files.map((file, at) => (
        <File key={at} file={file} isOpen={files.length <= MANY_FILES && file.lines.length <= LONG_LINES} />
      ))}
      {trouble.value === '' ? null : <p class="trouble">{trouble.value}</p>}
      {patch === '' && next === null ? <p class="soft">Nothing is changed.</p> : null}
      {next === null ? null : loading.value || (patch === '' && trouble.value === '') ? (
        <p class="line">Loading…</p>
      ) : (
        <button type="button" class="button small" onClick={load}>
          {patch === '' ? 'Try again' : `More (${count(patch.length)} of ${count(chars)} characters)`}
        </button>
      )}
    </div>
  );
}

const changes: Readonly<Record<DiffFile['change'], string>> = {
  added: 'new',
  removed: 'removed',
  renamed: 'renamed',
  changed: '',
};

function File({ file, isOpen }: { readonly file: DiffFile; readonly isOpen: boolean }) {
  const open = useSignal(isOpen);
  const { path, from, change, added, removed, lines } = file;
  return (
    <details
      class="diff-file"
      open={open.value}
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>
        <code>
          {from === undefined ? null : (
            <>
              <VisibleText text={from} /> →{' '}
            </>
          )}
          <VisibleText text={path} />
        </code>{' '}
        <span class="diff-sums">
          <span class="soft">{changes[change]}</span> <span class="added">+{added}</span>{' '}
          <span class="removed">−{removed}</span>
        </span>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0}>{open.value ? lines.map(line) : null}</pre>
    </details>
  );
}

const signs: Readonly<Record<DiffLine['kind'], string>> = {
  same: ' ',
  added: '+',
  removed: '-',
  place: '',
  note: '',
};

function line({ kind, text }: DiffLine, at: number) {
  return (
    // A whole file may have been written with carriage returns: that is no alarm in each line.
    <span key={at} class="diff-line" data-kind={kind} data-returns={text.endsWith('\r')}>
      {signs[kind]}
      <VisibleText text={text} />
      {'\n'}
    </span>
  );
}
