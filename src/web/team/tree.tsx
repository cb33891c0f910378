/**
 * The tree of subagents. Owns which row is the one that the keyboard is at, and what is opened and folded; a row draws
 * itself (`tree-row.tsx`), in which order they stand is decided elsewhere (`tree-order.ts`).
 */
import { useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { opened } from '../state/app.ts';
import type { Conversation } from '../state/conversation.ts';
import { type TreeRow, treeRows } from './tree-order.ts';
import { FoldRow, type RowActs, SubagentRow } from './tree-row.tsx';
import { useWindowing } from './windowing.ts';

/** Of a row, as `tree.css` has it. */
const ROW_REM = 3.5;
/** Letters typed within this belong together. */
const TYPING_MS = 700;

export function Tree({ conversation }: { readonly conversation: Conversation }) {
  const { team } = conversation;
  const folds = useSignal<ReadonlyMap<string, boolean>>(new Map());
  const active = useSignal<string | undefined>(undefined);
  const wanted = useRef(false);
  const typed = useRef({ letters: '', at: 0 });

  const rows = useComputed<readonly TreeRow[]>(() => {
    // How they stand decides the order; what they do and cost is each row's own business.
    team.shape.value;
    const nodes = team.ids.value.flatMap((id) => team.subagent(id)?.peek() ?? []);
    return treeRows(nodes, folds.value);
  }).value;

  const { box, first, end, rowHeight, onScroll, reveal } = useWindowing(rows.length, ROW_REM);
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === active.value),
  );
  const current = rows[at]?.id;
  // Read before the rows are drawn anew: one that is moved in the document loses the focus.
  const hadFocus = box.current?.contains(document.activeElement) ?? false;

  useLayoutEffect(() => {
    const isLost = hadFocus && !box.current?.contains(document.activeElement);
    if (!isLost && !wanted.current) return;
    const row = [...(box.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [])].find(
      ({ tabIndex }) => tabIndex === 0,
    );
    wanted.current = false;
    row?.focus({ preventScroll: true });
  });

  const go = (to: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    active.value = row.id;
    reveal(rows.indexOf(row));
    const there = box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.id)}"]`);
    // One that was out of sight is focused as soon as it is drawn.
    if (there) there.focus({ preventScroll: true });
    else wanted.current = true;
  };
  const fold = (row: TreeRow, isOpen: boolean): void => {
    folds.value = new Map(folds.value).set(row.id, isOpen);
  };
  const use = (row: TreeRow): void => {
    typed.current = { letters: '', at: 0 };
    active.value = row.id;
    if (row.kind === 'earlier') fold(row, !row.isOpen);
    else opened.value = row.id;
  };
  /** Always the same, so that a row is drawn anew for its own sake only. */
  const act = useRef<RowActs>({ use, fold });
  const type = (letter: string): void => {
    const now = performance.now();
    const letters = now - typed.current.at < TYPING_MS ? typed.current.letters + letter : letter;
    typed.current = { letters, at: now };
    // The same letter again goes on to the next one.
    const start = letters.length === 1 ? at + 1 : at;
    for (let step = 0; step < rows.length; step++) {
      const here = (start + step) % rows.length;
      const row = rows[here];
      const label = row?.kind === 'subagent' ? team.subagent(row.id)?.peek().label : undefined;
      if (label?.toLowerCase().startsWith(letters)) return go(here);
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(rows.length - 1);
        break;
      case 'ArrowRight':
        if (row.isOpen === false) fold(row, true);
        else if (row.isOpen) go(at + 1);
        break;
      case 'ArrowLeft':
        if (row.isOpen) fold(row, false);
        else if (row.above !== undefined) go(rows.findIndex(({ id }) => id === row.above));
        break;
      case 'Enter':
      case ' ':
        use(row);
        break;
      default:
        if (event.key.length !== 1) return;
        type(event.key.toLowerCase());
    }
    event.preventDefault();
  };

  if (rows.length === 0) {
    return (
      <div class="team-body empty">
        <p class="soft">
          Nobody yet. Ask the assistant for something that takes a while: it hands that to a subagent, and you
          go on talking.
        </p>
      </div>
    );
  }

  const shown = rows.slice(first, end).map((row, index) => ({ row, place: first + index }));
  // Where the keyboard is stays in the document, however far one scrolls.
  const far = rows[at];
  if (far && (at < first || at >= end)) shown.push({ row: far, place: at });
  return (
    <div class="team-body" ref={box} onScroll={onScroll}>
      <div
        class="tree"
        role="tree"
        aria-label="Subagents"
        style={{ height: `${rows.length * rowHeight}px` }}
        onKeyDown={onKeyDown}
        // However the focus came to a row, that is the one that the keyboard is at, wherever news moves it.
        onFocusIn={({ target }) => {
          if (target instanceof HTMLElement && target.dataset.row !== undefined)
            active.value = target.dataset.row;
        }}
      >
        {shown.map(({ row, place }) => {
          const shared = { row, top: place * rowHeight, isCurrent: row.id === current, act: act.current };
          if (row.kind === 'earlier') return <FoldRow key={row.id} {...shared} />;
          const subagent = team.subagent(row.id);
          return subagent ? <SubagentRow key={row.id} {...shared} subagent={subagent} /> : null;
        })}
      </div>
    </div>
  );
}
