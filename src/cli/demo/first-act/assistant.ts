/**
 * The first act's script of the assistant that talks with the person. It keeps nothing between requests: what it says
 * and does follows from what has come in since its last answer, whatever came together and in whatever order.
 */
import type { ParsedRequest } from '../../../simulator/request.ts';
import type { Reply, ScriptedToolCall } from '../../../simulator/script.ts';
import { type Announcement, announcementsIn } from '../announcements.ts';
import { textsSent } from '../rounds.ts';
import { answerInBetween, labels, person, repositoryName, steer, tasks } from './story.ts';

/** Where replies wait for the demo, so that what it shows happens at a definite point. */
export const gates = {
  /** `write-docs` before it writes, until the person's wish is on its way to it. */
  draft: 'draft',
  /** The assistant in the middle of telling the news, until the gateway has been killed. */
  news: 'news',
  /** `fix-bug` before its last words, until the survey has been stopped. */
  last: 'last',
} as const;

/** Events of the stream that are out when the news are held: its beginning, and the first words. */
const EVENTS_BEFORE_GATE = 6;

interface Part {
  readonly text: string;
  readonly calls?: readonly ScriptedToolCall[];
}

/** What the assistant answers; the pace is not its business. */
export function assistantReply(request: ParsedRequest): Reply {
  const texts = request.lastUserBlocks.flatMap((block) =>
    block.type === 'text' && typeof block.text === 'string' ? [block.text] : [],
  );
  const news = texts.flatMap(announcementsIn);
  const parts = [
    ...news.map(tell),
    ...resultParts(request),
    ...texts.flatMap((text) => answerTo(text, request)),
  ].filter((part) => part !== undefined);
  const calls = parts.flatMap((part) => part.calls ?? []);
  const text = parts.map((part) => part.text).join(' ');
  const reply: Reply = {
    text: text === '' ? 'There is nothing new to say.' : text,
    ...(calls.length > 0 ? { toolCalls: calls } : {}),
  };
  return news.some(({ label }) => label === 'write-docs')
    ? { ...reply, gate: { name: gates.news, afterEvent: EVENTS_BEFORE_GATE } }
    : // Signed together with all that stands before it, so a changed history would be refused.
      { ...reply, thinking: 'What came in, and who should know of it?' };
}

function answerTo(text: string, request: ParsedRequest): Part[] {
  if (text.includes(person.asks)) {
    return [
      {
        text: 'I hand this to three subagents, so that we can go on talking.',
        calls: labels.map((label) => ({
          name: 'sessions_spawn',
          input: { label, task: tasks[label], ...(label === 'survey' ? {} : { repo: repositoryName }) },
        })),
      },
    ];
  }
  if (text.includes(person.wonders)) return [{ text: answerInBetween }];
  if (text.includes(person.steers)) {
    return [
      {
        text: 'I pass it on.',
        calls: [{ name: 'subagents', input: { action: 'steer', target: 'write-docs', message: steer } }],
      },
    ];
  }
  if (text.includes(person.hurries)) {
    const known = newsSoFar(request).find(({ label }) => label === 'fix-bug');
    return [
      {
        text: known
          ? `Of fix-bug I told you: it ${endings[known.status] ?? 'has ended'}.`
          : 'fix-bug is still at work. I will tell you when it is done.',
      },
    ];
  }
  if (text.includes(person.cancels)) {
    return [
      {
        text: 'I stop it.',
        calls: [{ name: 'subagents', input: { action: 'kill', target: 'survey' } }],
      },
    ];
  }
  return [];
}

/** One sentence for the calls of the last answer, however many there were. */
function resultParts({ toolResults }: ParsedRequest): Part[] {
  const failed = toolResults.find((result) => result.isError);
  if (failed) return [{ text: `That did not work: ${failed.text}` }];
  const spawned = toolResults.filter((result) => result.name === 'sessions_spawn').length;
  const asked = toolResults.find((result) => result.name === 'subagents');
  const action = asked?.input.action;
  const dead = asked?.text.includes('"unconfirmed":[]');
  return [
    ...(spawned > 0 ? [{ text: 'They are at work. I will tell you as each one finishes. What else?' }] : []),
    ...(action === 'steer' ? [{ text: 'write-docs will read it with its next step.' }] : []),
    ...(action === 'kill'
      ? [{ text: dead ? 'It is stopped, with all that it had running.' : `The kill says: ${asked?.text}` }]
      : []),
  ];
}

const endings: Readonly<Record<string, string>> = { completed: 'is done', failed: 'has failed' };

/** News in the assistant's own words; of what it killed itself there is nothing to tell. */
function tell({ label, status, workspace }: Announcement): Part | undefined {
  if (status === 'killed') return undefined;
  const good = { 'fix-bug': 'The cent is found: ', 'write-docs': 'The docs are there: ' }[label] ?? '';
  return {
    text: `${status === 'completed' ? good : ''}${label} ${endings[status] ?? `has ended (${status})`}${workspace ? `, see ${workspace}` : ''}.`,
  };
}

function newsSoFar(request: ParsedRequest): Announcement[] {
  return textsSent(request).flatMap(announcementsIn);
}
