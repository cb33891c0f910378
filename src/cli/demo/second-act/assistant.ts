/**
 * The second act's script of the assistant. It keeps nothing between requests: what it says and does follows from
 * what stands in the transcript, whatever came together and in whatever order.
 */
import type { ParsedRequest, ReadToolResult } from '../../../simulator/request.ts';
import type { Reply, ScriptedToolCall } from '../../../simulator/script.ts';
import { type Announcement, announcementsIn } from '../announcements.ts';
import { textsSent } from '../rounds.ts';
import { labels, person, proof, repositoryName, subjects, tasks, workers } from './story.ts';
import { filesInTheWay, sharedFiles } from './worktree-words.ts';

interface Part {
  readonly text: string;
  readonly calls?: readonly ScriptedToolCall[];
}

/** What the assistant answers; the pace is not its business. */
export function assistantReply(request: ParsedRequest): Reply {
  const texts = request.lastUserBlocks.flatMap((block) =>
    block.type === 'text' && typeof block.text === 'string' ? [block.text] : [],
  );
  const parts = [
    ...texts.flatMap(announcementsIn).map(tell),
    ...texts.flatMap(answerTo),
    ...resultParts(request.toolResults),
    ...next(request),
  ];
  const calls = parts.flatMap((part) => part.calls ?? []);
  const text = parts
    .map((part) => part.text)
    .filter((words) => words !== '')
    .join(' ');
  if (text === '') return { toolCalls: [{ name: 'stay_silent' }] };
  return { text, ...(calls.length > 0 ? { toolCalls: calls } : {}) };
}

function answerTo(text: string): Part[] {
  if (text.includes(person.asks)) {
    return [
      {
        text: `I hand this to three subagents. decimals counts as done only when the tests pass, too (${proof}).`,
        calls: workers.map((label) =>
          spawn(label, label === 'decimals' ? { done_when: { commands: [proof] } } : {}),
        ),
      },
    ];
  }
  // The question that `tidy` puts, as the gateway passes it on.
  if (/asks whether it may/.test(text)) {
    return [{ text: 'tidy wants to delete the old lists. That is for you to decide, not for me.' }];
  }
  return [];
}

function spawn(label: (typeof labels)[number], more: object): ScriptedToolCall {
  return { name: 'sessions_spawn', input: { label, task: tasks[label], repo: repositoryName, ...more } };
}

/** News in the assistant's own words. */
function tell({ label, status, verified }: Announcement): Part {
  if (status !== 'completed') return { text: `${label} has ended: ${status}.` };
  if (label === 'decimals') {
    return {
      text: `decimals is done${verified === undefined ? '' : `, and ${verified} agrees`}. I have it reviewed before it lands.`,
      calls: [spawn('review', { role: 'reviewer', repo: `${repositoryName}@subagent/decimals` })],
    };
  }
  return { text: label === 'review' ? 'The reviewer is done.' : `${label} is done.` };
}

/** Once all are back: looks what is there, in a step of its own. */
function next(request: ParsedRequest): Part[] {
  const back = new Set(
    textsSent(request)
      .flatMap(announcementsIn)
      .map(({ label }) => label),
  );
  const looked = /^worktrees \{"action":"list"/m.test(request.transcriptText);
  if (looked || labels.some((label) => !back.has(label))) return [];
  return [{ text: 'All are back, so I look at what they changed.', calls: [worktrees('list')] }];
}

function worktrees(action: string, more: object = {}): ScriptedToolCall {
  return { name: 'worktrees', input: { action, ...more } };
}

/** What the calls of the last answer came to, and what follows from it. */
function resultParts(results: readonly ReadToolResult[]): Part[] {
  const of = (action: string): ReadToolResult[] =>
    results.filter(({ name, input }) => name === 'worktrees' && input.action === action);
  const failed = results.find(
    ({ isError, name, input }) => isError && !(name === 'worktrees' && input.action === 'land'),
  );
  const [listed] = of('list');
  const landings = of('land');
  const removals = of('remove');
  return [
    ...(failed ? [{ text: `That did not work: ${failed.text}` }] : []),
    ...(results.some(({ name, input }) => name === 'sessions_spawn' && input.label !== 'review')
      ? [{ text: 'They are at work, each in a folder and on a branch of its own.' }]
      : []),
    ...(listed && !listed.isError ? [land(listed.text)] : []),
    ...(landings.length > 0 ? [landed(landings)] : []),
    ...(removals.length > 0 && removals.every(({ isError }) => !isError)
      ? [{ text: 'Those that landed are cleared away.' }]
      : []),
  ];
}

/** Lands all, the reviewed one first. */
function land(listed: string): Part {
  const shared = sharedFiles(listed, 'decimals', 'subagent/euro');
  return {
    text:
      shared.length > 0
        ? `decimals and euro both change ${shared.join(' and ')}, so they may not fit together. I begin with the reviewed one.`
        : 'No two of them change the same file. I begin with the reviewed one.',
    calls: workers.map((label) => worktrees('land', { target: label, message: subjects[label] })),
  };
}

/** Tells what landed and what did not, and clears away the former. */
function landed(landings: readonly ReadToolResult[]): Part {
  const on = landings.filter(({ isError }) => !isError).map(({ input }) => String(input.target));
  const off = landings.filter(({ isError }) => isError);
  const refused = off.map(({ input, text }) => {
    const files = filesInTheWay(text);
    const why = files.length > 0 ? `it does not fit what is there now in ${files.join(' and ')}` : text;
    return `${String(input.target)} was refused, since ${why}. Nothing of it is on main, and its branch is kept: shall I have it done anew?`;
  });
  return {
    text: [on.length > 0 ? `On main now: ${on.join(', then ')}.` : 'Nothing landed.', ...refused].join(' '),
    // The reviewer's worktree stands on the branch of what it reviewed.
    calls: ['review', ...on].map((target) => worktrees('remove', { target })),
  };
}

/** What people are to see of a call of the assistant's, beside its words; undefined: nothing. */
export function assistantStep(summary: string, ok: boolean): string | undefined {
  const [, action, target] = /^worktrees: (land|remove) (\S+)$/.exec(summary) ?? [];
  if (action === 'land') return `lands ${target} on main: ${ok ? 'done' : 'REFUSED'}`;
  return action === 'remove' && !ok ? `can't clear away ${target}` : undefined;
}
