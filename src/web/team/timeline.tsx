/**
 * Who worked when, and who waited for whom: a line for each subagent over a stretch of time. Owns which stretch is
 * shown; while something is at work it follows the present. Where things stand is reckoned in `timeline-layout.ts`.
 */
import { useComputed, useSignal } from '@preact/signals';
import type { Conversation } from '../state/conversation.ts';
import { now } from '../state/now.ts';
import { isLive, type Team } from '../state/team.ts';
import { isWithin, placeOf, stretchOf, ticks } from './timeline-layout.ts';
import { Links, type Placed, TimelineRow } from './timeline-row.tsx';
import { inOrderOfMaking } from './tree-order.ts';
import { useWindowing } from './windowing.ts';

/** Of a row, as `timeline.css` has it. */
const ROW_REM = 2;
const MINUTE = 60_000;
/** What the labels of lines take at the left, and what is left free at the right; as `timeline.css` has them. */
const LABELS_REM = 9;
const FREE_REM = 0.75;
/** What a tick's label wants, with the room around it, and half of it alone. */
const TICK_REM = 4.75;
const HALF_TICK_REM = 1.75;

const zooms = [
  { name: '5 min', span: 5 * MINUTE },
  { name: '1 h', span: 60 * MINUTE },
  { name: 'All', span: undefined },
] as const;

export function Timeline({ conversation }: { readonly conversation: Conversation }) {
  const { team } = conversation;
  const zoom = useSignal<(typeof zooms)[number]>(zooms[2]);
  /** The newest moment shown; undefined: the present, or the last that happened. */
  const pinned = useSignal<number | undefined>(undefined);

  const times = useComputed(() => reach(team)).value;
  const newest = times.live ? now.value : times.last;
  const end = pinned.value ?? newest;
  const { span } = zoom.value;
  const stretch = stretchOf(times.first, end, span);
  const lines = useComputed(() => {
    team.shape.value;
    return inOrderOfMaking(nodesOf(team));
  }).value;
  const placed: Placed[] = [];
  for (const line of lines) {
    const phases = team.phases(line.id);
    if (isWithin(phases, stretch)) placed.push({ ...line, phases, at: placed.length });
  }

  const { box, first, end: last, rowHeight, width, onScroll } = useWindowing(placed.length, ROW_REM);
  const shown = placed.slice(first, last);
  const where = new Map(placed.map((one) => [one.id, one.at]));
  const rem = rowHeight / ROW_REM;
  /** The room in which bars stand. */
  const lane = width.value / rem - LABELS_REM - FREE_REM;
  const axis = ticks(stretch, Math.floor(lane / TICK_REM), -new Date(end).getTimezoneOffset() * MINUTE);
  const present = placeOf(newest, stretch);
  const height = placed.length * rowHeight;

  const move = (part: number): void => {
    if (span === undefined) return;
    const next = end + span * part;
    pinned.value = next >= newest ? undefined : Math.max(times.first + span / 2, next);
  };

  return (
    <>
      <div class="timeline-tools">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn and read as a form */}
        <div class="switch" role="group" aria-label="How much time is shown">
          {zooms.map((one) => (
            <button
              key={one.name}
              type="button"
              aria-pressed={zoom.value === one}
              onClick={() => {
                zoom.value = one;
                pinned.value = undefined;
              }}
            >
              {one.name}
            </button>
          ))}
        </div>
        <button type="button" class="button small" disabled={span === undefined} onClick={() => move(-0.5)}>
          ← Earlier
        </button>
        <button
          type="button"
          class="button small"
          disabled={pinned.value === undefined}
          onClick={() => move(0.5)}
        >
          Later →
        </button>
      </div>
      <div class="team-body timeline" ref={box} onScroll={onScroll}>
        <div class="axis" aria-hidden="true">
          <div class="lane">
            {axis.map(({ at, left, label }) => {
              // At the edge the words stand a little before their place, rather than being cut off.
              const beyond = Math.max(0, HALF_TICK_REM - FREE_REM - lane * (1 - left / 100));
              return (
                <span
                  key={at}
                  class="tick"
                  style={{ left: `${left}%`, translate: `calc(-50% - ${beyond}rem)` }}
                >
                  {label}
                </span>
              );
            })}
          </div>
        </div>
        <svg class="links grid" aria-hidden="true" height={height}>
          {axis.map(({ at, left }) => (
            <line key={at} x1={`${left}%`} x2={`${left}%`} y1={0} y2="100%" />
          ))}
        </svg>
        {placed.length === 0 ? <p class="soft timeline-nothing">Nobody was at work in this time.</p> : null}
        <ul class="lines" aria-label="Who worked when" style={{ height: `${height}px` }}>
          {shown.map((one) => {
            const subagent = team.subagent(one.id);
            return subagent ? (
              <TimelineRow
                key={one.id}
                placed={one}
                of={placed.length}
                subagent={subagent}
                stretch={stretch}
                lane={lane}
                top={one.at * rowHeight}
              />
            ) : null;
          })}
        </ul>
        <svg class="links" aria-hidden="true" height={height}>
          <Links shown={shown} where={where} rowHeight={rowHeight} stretch={stretch} />
          {present >= 0 && present <= 100 && times.live ? (
            <line class="now" x1={`${present}%`} x2={`${present}%`} y1={0} y2="100%" />
          ) : null}
        </svg>
      </div>
      <Key />
    </>
  );
}

function nodesOf(team: Team) {
  return team.ids.value.flatMap((id) => team.subagent(id)?.peek() ?? []);
}

/** From when to when anything is known, and whether it goes on. */
function reach(team: Team): { readonly first: number; readonly last: number; readonly live: boolean } {
  team.shape.value;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  let live = false;
  for (const node of nodesOf(team)) {
    first = Math.min(first, node.createdAt);
    last = Math.max(last, node.endedAt ?? node.startedAt ?? node.createdAt);
    live ||= isLive(node);
  }
  return last === 0 ? { first: now.peek(), last: now.peek(), live } : { first, last, live };
}

/** What the colours mean, for those who see them. */
function Key() {
  return (
    <p class="timeline-key" aria-hidden="true">
      {(
        [
          ['queued', 'not begun'],
          ['running', 'at work'],
          ['waiting', 'waits for its own'],
          ['input_required', 'needs an answer'],
        ] as const
      ).map(([status, words]) => (
        <span key={status}>
          <i class="phase" data-status={status} /> {words}
        </span>
      ))}
      <span>● handed on, ▲ came back</span>
    </p>
  );
}
