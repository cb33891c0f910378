/** A row of the tree: two lines that tell how a subagent stands. It reads its subagent's signal itself. */
import type { Signal } from '@preact/signals';
import { Fragment } from 'preact';
import type { Subagent } from '../../client/index.ts';
import { opened } from '../state/app.ts';
import { now } from '../state/now.ts';
import { isLive } from '../state/team.ts';
import { duration, money, statusText, tokens } from '../text/words.ts';
import { beginning } from './beginning.ts';
import { amount } from './outcomes.ts';
import type { TreeRow } from './tree-order.ts';

interface Shared {
  readonly row: TreeRow;
  /** Pixels from the top of the tree. */
  readonly top: number;
  readonly isCurrent: boolean;
  readonly act: RowActs;
}

/** What can be done with a row. */
export interface RowActs {
  readonly use: (row: TreeRow) => void;
  readonly fold: (row: TreeRow, isOpen: boolean) => void;
}

/** What all rows have in common. */
function shape({ row, top, act }: Shared) {
  return {
    'data-row': row.id,
    'data-level': Math.min(row.level, 8),
    'aria-level': row.level,
    'aria-posinset': row.place,
    'aria-setsize': row.of,
    ...(row.isOpen === undefined ? {} : { 'aria-expanded': row.isOpen }),
    style: { top: `${top}px` },
    onClick: () => act.use(row),
  } as const;
}

/** Drawn anew when its subagent or its place changes, and for nothing else: that is what reading signals brings. */
export function SubagentRow({ subagent, ...shared }: Shared & { readonly subagent: Signal<Subagent> }) {
  const it = subagent.value;
  const { row } = shared;
  const flags = flagsOf(it);
  // Whoever never began has cost nothing: the room is for what it waits for.
  const hasBegun = it.startedAt !== undefined;
  const figures = [amount(it.steps, 'step'), `${tokens(it.usage)} tokens`, money(it.usage.usd)];
  return (
    <div
      role="treeitem"
      tabIndex={shared.isCurrent ? 0 : -1}
      {...shape(shared)}
      class="row"
      {...(hasBegun ? { 'aria-description': figures.join(', ') } : {})}
      aria-current={opened.value === it.id ? 'true' : undefined}
      data-ended={!isLive(it)}
    >
      <Twisty row={row} act={shared.act} />
      <span class="row-line">
        <b class="cut">{it.label}</b>{' '}
        <span class="status" data-status={it.status}>
          {statusText(it.status)}
        </span>{' '}
        {/* What changes each second is not said each second. */}
        <span class="row-time" aria-hidden="true">
          <Time subagent={it} />
        </span>
      </span>
      <span class="row-line second">
        <span class="row-doing cut">
          {flags.map(({ kind, words }) => (
            <Fragment key={kind}>
              <span class="flag" data-flag={kind}>
                {words}
              </span>{' '}
            </Fragment>
          ))}
          {doing(it)}
        </span>
        {hasBegun ? (
          <span class="figures" aria-hidden="true">
            {/* Each as wide as its like in all rows, so that they stand below each other. */}
            <span class="figure">{amount(it.steps, 'step')}</span>
            <span class="figure">{tokens(it.usage)} tok</span>
            <span class="figure">{money(it.usage.usd)}</span>
          </span>
        ) : null}
      </span>
    </div>
  );
}

/** Opens and folds with a pointer; the keyboard has the arrows. */
function Twisty({ row, act }: Pick<Shared, 'row' | 'act'>) {
  if (row.isOpen === undefined) return <span class="twisty" />;
  return (
    <span
      class="twisty"
      aria-hidden="true"
      data-open={row.isOpen}
      onClick={(event) => {
        event.stopPropagation();
        act.fold(row, !row.isOpen);
      }}
    >
      ›
    </span>
  );
}

export function FoldRow(shared: Shared) {
  const { row } = shared;
  return (
    <div
      role="treeitem"
      tabIndex={shared.isCurrent ? 0 : -1}
      {...shape(shared)}
      class="row fold"
      aria-label={`${row.count} ended earlier`}
    >
      <span class="twisty" data-open={row.isOpen}>
        ›
      </span>
      <span class="soft">{row.count} ended earlier</span>
    </div>
  );
}

function doing(it: Subagent): string {
  if (it.status === 'input_required' && it.inputRequest) {
    const { kind, title } = it.inputRequest;
    return kind === 'permission' ? title : beginning(title);
  }
  if (isLive(it)) return it.activity || it.reason || beginning(it.task);
  return beginning(it.result ?? '') || it.activity || beginning(it.task);
}

interface Flag {
  readonly kind: 'steers' | 'unconfirmed' | 'untold' | 'attempt';
  readonly words: string;
}

/** What is out of the ordinary. */
export function flagsOf({
  pendingSteers,
  unconfirmed,
  announcement,
  attempt,
  status,
}: Subagent): readonly Flag[] {
  const flags: Flag[] = [];
  if (pendingSteers > 0) flags.push({ kind: 'steers', words: `${amount(pendingSteers, 'steer')} unread` });
  if (unconfirmed && unconfirmed.length > 0) {
    flags.push({
      kind: 'unconfirmed',
      words: `${unconfirmed.length} ${unconfirmed.length === 1 ? 'process' : 'processes'} not confirmed dead`,
    });
  }
  if (!isLive({ status })) {
    if (announcement === 'pending') flags.push({ kind: 'untold', words: 'not told yet' });
    if (announcement === 'undeliverable') flags.push({ kind: 'untold', words: 'could not be told' });
  }
  if (attempt > 1) flags.push({ kind: 'attempt', words: `attempt ${attempt}` });
  return flags;
}

/** Since when it is at work, or what it took. A component of its own: while it is at work it changes each second. */
export function Time({ subagent }: { readonly subagent: Subagent }) {
  const { createdAt, startedAt, endedAt } = subagent;
  if (!isLive(subagent)) {
    return (
      <span class="time">{endedAt === undefined ? '' : duration(endedAt - (startedAt ?? createdAt))}</span>
    );
  }
  return <span class="time">{duration(now.value - (startedAt ?? createdAt))}</span>;
}
