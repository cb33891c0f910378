/**
 * The subagents of a chat as the page knows them: one signal each, so that the news of one draws one row anew, and when
 * each was in which status, for the timeline. Owns no connection and draws nothing.
 */
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type FeedEvent, isEnded, type StreamedEvent, type Subagent } from '../../client/index.ts';
import { merged, type Phase, phasesOf } from './phases.ts';

export type { Phase } from './phases.ts';

export interface Team {
  /** Ids of all there are, oldest first. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** Another number whenever a subagent comes, goes or changes its status: what is ordered by these depends on it. */
  readonly shape: ReadonlySignal<number>;
  /** Steps of all together. */
  readonly steps: ReadonlySignal<number>;
  subagent(id: string): Signal<Subagent> | undefined;
  /** As far as the page was told, oldest first; the last is the present one. */
  phases(id: string): readonly Phase[];
  /** Takes what the gateway lists, which is all there are: before any event that came later. */
  list(all: readonly Subagent[]): void;
  hear(event: StreamedEvent): void;
  /** Takes events from before all that was heard, in order: they tell of the past and change nothing of the present. */
  hearEarlier(events: readonly FeedEvent[]): void;
}

export function makeTeam(): Team {
  const ids = signal<readonly string[]>([]);
  const shape = signal(0);
  const steps = signal(0);
  const known = new Map<string, Signal<Subagent>>();
  /** What events told, oldest first; what a subagent's own facts tell is added when it is asked for. */
  const told = new Map<string, readonly Phase[]>();

  function hold(subagent: Subagent): void {
    const held = known.get(subagent.id);
    const before = held?.peek();
    steps.value += subagent.steps - (before?.steps ?? 0);
    if (held) held.value = subagent;
    else known.set(subagent.id, signal(subagent));
    if (before?.status !== subagent.status) shape.value += 1;
  }

  function put(subagent: Subagent, at: number): void {
    const isNew = !known.has(subagent.id);
    hold(subagent);
    if (isNew) ids.value = [...ids.value, subagent.id];
    told.set(subagent.id, merged(told.get(subagent.id) ?? [], [{ at, status: subagent.status }]));
  }

  function forget(gone: ReadonlySet<string>): void {
    for (const id of gone) {
      steps.value -= known.get(id)?.peek().steps ?? 0;
      known.delete(id);
      told.delete(id);
    }
    ids.value = ids.value.filter((id) => !gone.has(id));
    shape.value += 1;
  }

  return {
    ids,
    shape,
    steps,
    subagent: (id) => known.get(id),
    phases(id) {
      const subagent = known.get(id)?.peek();
      return subagent ? phasesOf(subagent, told.get(id) ?? []) : [];
    },
    list(all) {
      batch(() => {
        const listed = new Set(all.map(({ id }) => id));
        const gone = new Set([...known.keys()].filter((id) => !listed.has(id)));
        if (gone.size > 0) forget(gone);
        for (const one of all.toSorted((a, b) => a.createdAt - b.createdAt)) hold(one);
        ids.value = [...known.keys()];
      });
    },
    hear(event) {
      switch (event.event) {
        case 'subagent.spawned':
        case 'subagent.updated':
        case 'subagent.ended':
          batch(() => put(event.data.subagent, event.data.at));
          return;
        case 'subagent.forgotten':
          batch(() => forget(new Set(event.data.subagentIds)));
          return;
        case 'announcement.read': {
          const held = known.get(event.data.subagentId);
          if (held && held.value.attempt === event.data.attempt)
            held.value = { ...held.value, announcement: 'read' };
          return;
        }
        case 'progress': {
          const { subagentId, ...now } = event.data;
          const held = known.get(subagentId);
          if (held) batch(() => hold({ ...held.value, ...now }));
          return;
        }
        default:
          return;
      }
    },
    hearEarlier(events) {
      const earlier = new Map<string, Phase[]>();
      for (const event of events) {
        if (
          event.event !== 'subagent.spawned' &&
          event.event !== 'subagent.updated' &&
          event.event !== 'subagent.ended'
        )
          continue;
        const { id, status } = event.data.subagent;
        const phases = earlier.get(id) ?? [];
        phases.push({ at: event.data.at, status });
        earlier.set(id, phases);
      }
      for (const [id, phases] of earlier) told.set(id, merged(phases, told.get(id) ?? []));
      if (earlier.size > 0) shape.value += 1;
    },
  };
}

export function isLive(subagent: Pick<Subagent, 'status'>): boolean {
  return !isEnded(subagent);
}
