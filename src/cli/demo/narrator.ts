/**
 * Tells the feeds as a story: each event that a newcomer should see becomes a line in plain words. Owns what is
 * worth a line; never decides what happens next.
 */
import type { Event, Subagent } from './api.ts';
import { type Label, labels } from './story.ts';
import type { Timeline } from './timeline.ts';
import { stepShown } from './workers.ts';

export interface Narrator {
  /** An event of the chat's own feed. */
  chat(event: Event): void;
  /** An event of a subagent's feed. */
  subagent(label: string, event: Event): void;
  /** Words of the assistant that people have seen of an answer that isn't whole. */
  readonly partial: string;
}

export function makeNarrator(timeline: Timeline): Narrator {
  const statuses = new Map<string, string>();
  const names = new Map<string, string>();
  const running = new Map<string, ReturnType<typeof stepShown>>();
  let partial = '';

  function status(card: Subagent): void {
    names.set(card.id, card.label);
    const key = `${card.status} ${card.attempt}`;
    if (statuses.get(card.id) === key) return;
    statuses.set(card.id, key);
    const tell = (text: string): void => timeline.line(`sub:${card.label}`, text);
    switch (card.status) {
      case 'running':
        return tell(
          card.label === 'survey' ? 'starts, in a folder of its own' : 'starts, on a branch of its own',
        );
      case 'completed':
        return tell(`COMPLETED${placeOf(card)}`);
      case 'killed':
        return tell('KILLED');
      case 'failed':
      case 'timed_out':
      case 'over_budget':
        return tell(`${card.status.toUpperCase()}${card.reason ? ` (${card.reason})` : ''}`);
      case 'blocked':
      case 'queued':
      case 'waiting':
      case 'input_required':
        return;
    }
  }

  return {
    get partial() {
      return partial;
    },
    chat(event) {
      switch (event.event) {
        case 'message':
          if (event.data.message.role !== 'assistant') return;
          partial = '';
          return timeline.line('assistant', `“${event.data.message.text}”`);
        case 'delta':
          partial = partial.slice(0, event.data.offset) + event.data.text;
          return;
        case 'subagent.spawned':
        case 'subagent.updated':
        case 'subagent.ended':
          return status(event.data.subagent);
        case 'announcement.read':
          return timeline.line('assistant', `✓ read: the news of ${name(event.data.subagentId)}`, 'dim');
        case 'steer.queued':
          return timeline.line('assistant', `steers ${name(event.data.subagentId)}`, 'dim');
        case 'steer.read':
          return timeline.line(`sub:${name(event.data.subagentId)}`, '✓ read: the steer', 'dim');
        case 'notice':
          return timeline.line('gateway', event.data.text);
        case 'turn.started':
        case 'turn.ended':
        case 'tool.started':
        case 'tool.finished':
          return;
      }
    },
    subagent(label, event) {
      const known = labels.find((one) => one === label);
      if (event.event === 'tool.started') {
        const { call, name: tool, summary } = event.data;
        const step = stepOf(known, tool, summary);
        running.set(`${label} ${call}`, step);
        if (step?.long) timeline.line(`sub:${label}`, `${step.shown} …`);
      }
      if (event.event === 'tool.finished') {
        const { call, ok } = event.data;
        const step = running.get(`${label} ${call}`);
        if (!step) return;
        const outcome = ok ? step.ok : (step.failed ?? 'that failed');
        timeline.line(`sub:${label}`, `${step.shown}${outcome === undefined ? '' : `: ${outcome}`}`);
      }
    },
  };

  function name(id: string): string {
    return names.get(id) ?? id;
  }
}

function stepOf(label: Label | undefined, tool: string, summary: string): ReturnType<typeof stepShown> {
  return (label && stepShown(label, tool, summary)) ?? { shown: summary };
}

function placeOf({ workspace }: Subagent): string {
  if (!workspace) return '';
  return `: ${workspace.commits} commit${workspace.commits === 1 ? '' : 's'} on ${workspace.branch}`;
}
