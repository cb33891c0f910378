/**
 * Tells the feeds as a story: each event that a newcomer should see becomes a line in plain words. Owns what is
 * worth a line; never decides what happens next.
 */
import type { Event, Subagent } from './api.ts';
import type { Shown } from './rounds.ts';
import type { Timeline } from './timeline.ts';

export interface Narrator {
  /** An event of the chat's own feed. */
  chat(event: Event): void;
  /** An event of a subagent's feed. */
  subagent(label: string, event: Event): void;
  /** Words of the assistant that people have seen of an answer that isn't whole. */
  readonly partial: string;
}

/** What an act knows of those who play in it. */
export interface Cast {
  /** What a subagent's start is, for people. */
  startOf(label: string): string;
  /** What people are to see of a subagent's call; undefined if the script has no such call. */
  stepShown(label: string, tool: string, summary: string): Shown | undefined;
  /** What people are to see of the assistant's call, beside its words; undefined: nothing. */
  assistantStep?(summary: string, ok: boolean): string | undefined;
  /** Whether what subagents say is worth a line. */
  readonly quotesSubagents?: boolean;
}

export function makeNarrator(timeline: Timeline, cast: Cast): Narrator {
  const told = new Set<string>();
  const names = new Map<string, string>();
  const running = new Map<string, Shown>();
  const calls = new Map<string, string>();
  const asked = new Set<string>();
  let partial = '';

  function status(card: Subagent): void {
    names.set(card.id, card.label);
    const key = `${card.id} ${card.status} ${card.attempt}`;
    if (told.has(key)) return;
    told.add(key);
    const tell = (text: string): void => timeline.line(`sub:${card.label}`, text);
    switch (card.status) {
      case 'running':
        return tell(cast.startOf(card.label));
      case 'completed':
        return tell(`COMPLETED${checkedBy(card)}${placeOf(card)}`);
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
          // The question itself has a line already.
          if ([...asked].some((request) => event.data.text.includes(request))) return;
          return timeline.line('gateway', event.data.text);
        case 'input.requested': {
          const { subagentId = '', request } = event.data;
          asked.add(request.id);
          return timeline.line(
            `sub:${name(subagentId)}`,
            `ASKS a person first, and waits: may it run this? ${request.detail}`,
          );
        }
        case 'input.answered': {
          const { subagentId = '', outcome, by, decision } = event.data;
          const how =
            decision === undefined ? outcome : `${decision === 'allow' ? 'allowed' : 'denied'} by a ${by}`;
          return timeline.line(`sub:${name(subagentId)}`, `✓ read: ${how}`, 'dim');
        }
        case 'tool.started':
          calls.set(event.data.call, event.data.summary);
          return;
        case 'tool.finished': {
          const { call, ok } = event.data;
          const shown = cast.assistantStep?.(calls.get(call) ?? '', ok);
          return shown === undefined ? undefined : timeline.line('assistant', shown, ok ? 'dim' : 'red');
        }
        case 'turn.started':
        case 'turn.ended':
          return;
      }
    },
    subagent(label, event) {
      const who = `sub:${label}` as const;
      switch (event.event) {
        case 'tool.started': {
          const { call, name: tool, summary } = event.data;
          const step = cast.stepShown(label, tool, summary) ?? { shown: summary };
          running.set(`${label} ${call}`, step);
          if (step.long) timeline.line(who, `${step.shown} …`);
          return;
        }
        case 'tool.finished': {
          const { call, ok } = event.data;
          const step = running.get(`${label} ${call}`);
          if (!step) return;
          const outcome = ok ? step.ok : (step.failed ?? 'that failed');
          return timeline.line(who, `${step.shown}${outcome === undefined ? '' : `: ${outcome}`}`);
        }
        case 'message':
          if (cast.quotesSubagents && event.data.message.role === 'assistant')
            timeline.line(who, `says: “${event.data.message.text}”`);
          return;
        case 'notice':
          return timeline.line('gateway', `sends ${label} BACK: ${gist(event.data.text)}`);
        case 'delta':
        case 'turn.started':
        case 'turn.ended':
        case 'subagent.spawned':
        case 'subagent.updated':
        case 'subagent.ended':
        case 'announcement.read':
        case 'steer.queued':
        case 'steer.read':
        case 'input.requested':
        case 'input.answered':
          return;
      }
    },
  };

  function name(id: string): string {
    return names.get(id) ?? id;
  }
}

/** The first line, and of what a program printed below it the one that says most. */
function gist(text: string): string {
  const [first = ''] = text.split('\n', 1);
  const [, error] = /^\s*(?:\w*Error)[^:\n]*: (.+)$/m.exec(text) ?? [];
  return error === undefined ? first : `${first}: “${error}”`;
}

function checkedBy({ verified }: Subagent): string {
  return verified === undefined ? '' : `, checked by “${verified}”`;
}

function placeOf({ workspace }: Subagent): string {
  if (!workspace) return '';
  if (workspace.commits + workspace.files === 0) return ', and has changed nothing';
  return `: ${workspace.commits} commit${workspace.commits === 1 ? '' : 's'} on ${workspace.branch}`;
}
