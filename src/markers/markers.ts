/**
 * The markers that a configuration names, put together for a gateway: how an answer is heard, what sessions are told
 * of them, and how they are replied to. Holds no state.
 */
import type { IntendedCall, Rules } from '../core/commands.ts';
import type { Block, ToolCall } from '../core/ports.ts';
import { type Session, textOf } from '../core/session.ts';
import type { Hear } from '../runtime/calls.ts';
import { formOf, type MarkerGroup, markersOf } from './grammar.ts';
import { meaningOf } from './meaning.ts';
import { makeReader, readText } from './reader.ts';
import { reply } from './replies.ts';

export interface Markers {
  readonly hear: Hear;
  readonly reply: NonNullable<Rules['reply']>;
  /** What a session that may delegate is told of them. */
  readonly prompt: string;
}

export interface MarkerPorts {
  readonly repositories: readonly string[];
  readonly intend: (call: ToolCall, session: Session) => Pick<IntendedCall, 'summary' | 'intent'>;
  /** Whether a session may speak them. */
  readonly may: (session: Session) => boolean;
}

/** Undefined if the configuration names none. */
export function makeMarkers(groups: readonly MarkerGroup[], ports: MarkerPorts): Markers | undefined {
  const kinds = markersOf(groups);
  if (kinds.length === 0) return undefined;
  return {
    reply,
    prompt: [
      'Markers',
      'What tools do here can also be said with a marker: it stands on a line of its own, outside of code. People never see it; a <gateway-note> brings the reply. Say each once: said again, it is not done again. The news of sessions comes by itself.',
      ...kinds.map((kind) => `- ${formOf(kind)}: ${kind.means}.`),
    ].join('\n'),
    hear(session) {
      if (!ports.may(session)) return undefined;
      const reader = makeReader(kinds);
      return {
        shown: (delta) => reader.push(delta),
        broken: () => reader.break(),
        heard({ content, stop }, now) {
          const cut = stop === 'max_tokens' || stop === 'model_context_window_exceeded';
          const read = readText(runsOf(content), kinds, cut);
          const meaning = meaningOf(read, {
            repositories: ports.repositories,
            intend: (call) => ports.intend(call, now),
            continued: now.turn?.spoken ?? 0,
          });
          return { ...meaning, ...(read.shown === textOf(content) ? {} : { said: read.shown }) };
        },
      };
    },
  };
}

/** The texts of an answer; those that stand side by side are one. */
function runsOf(content: readonly Block[]): string[] {
  const runs = [''];
  for (const { type, text } of content) {
    if (type !== 'text') runs.push('');
    else if (typeof text === 'string') runs.push(`${runs.pop() ?? ''}${text}`);
  }
  return runs;
}
