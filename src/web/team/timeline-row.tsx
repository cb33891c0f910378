/** One line of the timeline: bars for those who see them, a sentence for those who hear it; and what joins lines. */
import type { Signal } from '@preact/signals';
import type { Subagent } from '../../client/index.ts';
import { endedStatuses } from '../../client/index.ts';
import { opened } from '../state/app.ts';
import { now } from '../state/now.ts';
import type { Phase } from '../state/phases.ts';
import { duration, exactly, statusText } from '../text/words.ts';
import { bars, endOf, placeOf, type Stretch } from './timeline-layout.ts';

/** A subagent's line among those that are shown. */
export interface Placed {
  readonly id: string;
  readonly parent: string;
  readonly depth: number;
  readonly phases: readonly Phase[];
  /** Its place, from 0. */
  readonly at: number;
}

interface Props {
  readonly placed: Placed;
  readonly of: number;
  readonly subagent: Signal<Subagent>;
  readonly stretch: Stretch;
  /** How wide the room is in which bars stand, in rem. */
  readonly lane: number;
  readonly top: number;
}

export function TimelineRow({ placed, of, subagent, stretch, lane, top }: Props) {
  const { id, phases, depth, at } = placed;
  const it = subagent.value;
  const end = endOf(phases);
  const endPlace = end && placeOf(end.at, stretch);
  return (
    <li class="line-row" aria-posinset={at + 1} aria-setsize={of} style={{ top: `${top}px` }}>
      <button
        type="button"
        class="line-label cut"
        data-depth={Math.min(depth, 6)}
        data-subagent={id}
        title={it.path}
        onClick={() => {
          opened.value = id;
        }}
      >
        {it.label}
      </button>
      <span class="hidden-text">{told(phases)}</span>
      <div class="lane" aria-hidden="true">
        {bars(phases, stretch, now.peek()).map(({ status, left, width }, index) => (
          <i
            key={index}
            class="phase"
            data-status={status}
            title={statusText(status)}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        ))}
        {end && endPlace !== undefined && endPlace >= 0 && endPlace <= 100 ? (
          <span
            class="status ending"
            data-status={end.status}
            title={statusText(end.status)}
            style={{ left: `${endPlace}%` }}
          >
            {end.status === 'completed' ? '✓' : '✕'}
            {/* Words only where there is room behind. */}
            {widthOf(statusText(end.status)) <= lane * (1 - endPlace / 100)
              ? ` ${statusText(end.status)}`
              : ''}
          </span>
        ) : null}
      </div>
    </li>
  );
}

/** What the words of an ending take, with the mark before them, in rem: rather too much than too little. */
function widthOf(words: string): number {
  return 1.5 + words.length * 0.42;
}

/** A line's phases in words. */
export function told(phases: readonly Phase[]): string {
  return phases
    .map(({ at, status }, index) => {
      const next = phases[index + 1];
      const took = next && !endedStatuses.has(status) ? ` for ${duration(next.at - at)}` : '';
      return `${index === 0 ? `from ${exactly(at)} ` : ''}${statusText(status)}${took}`;
    })
    .join(', then ');
}

interface LinksProps {
  readonly shown: readonly Placed[];
  /** The places of all lines, by subagent. */
  readonly where: ReadonlyMap<string, number>;
  readonly rowHeight: number;
  readonly stretch: Stretch;
}

/** From a parent's line to a child's where it was handed on, and back where its ending came. */
export function Links({ shown, where, rowHeight, stretch }: LinksProps) {
  return (
    <>
      {shown.map(({ id, parent, phases, at }) => {
        const from = where.get(parent);
        const middle = (at + 0.5) * rowHeight;
        // The assistant has no line: what it hands on begins at the child's own.
        const above = from === undefined ? middle : (from + 0.5) * rowHeight;
        const begin = phases[0];
        const end = endOf(phases);
        return (
          <g key={id}>
            {begin ? <Link at={begin.at} stretch={stretch} from={above} to={middle} kind="out" /> : null}
            {end ? <Link at={end.at} stretch={stretch} from={middle} to={above} kind="back" /> : null}
          </g>
        );
      })}
    </>
  );
}

function Link({
  at,
  stretch,
  from,
  to,
  kind,
}: {
  readonly at: number;
  readonly stretch: Stretch;
  readonly from: number;
  readonly to: number;
  readonly kind: 'out' | 'back';
}) {
  const place = placeOf(at, stretch);
  if (place < 0 || place > 100) return null;
  const x = `${place}%`;
  return (
    <>
      {from === to ? null : <line class={kind} x1={x} x2={x} y1={from} y2={to} />}
      {kind === 'out' ? (
        <circle class="out" cx={x} cy={to} r={3} />
      ) : (
        <svg x={x} y={to} overflow="visible" aria-hidden="true">
          <path class="back" d="M -4 3 L 0 -4 L 4 3 Z" />
        </svg>
      )}
    </>
  );
}
