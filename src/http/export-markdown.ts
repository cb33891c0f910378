/**
 * A chat as a document to keep or to hand on: the conversation, tools as single lines, and each subagent with its
 * task, result and transcript. Whatever somebody said stands in a fence longer than any in it, so nothing that is
 * said can become a part of the document.
 */
import { decodeEvent, type Recorded } from '../core/events.ts';
import { type FeedMessage, messageOf } from '../core/feed.ts';
import { sizeInWords } from '../core/files.ts';
import type { Usage } from '../core/ports.ts';
import { addUsage, noUsage } from '../core/session.ts';
import type { Export, Exported } from './export.ts';

/** Markdown knows no deeper heading. */
const DEEPEST = 6;

export async function* markdown(all: Export): AsyncGenerator<string> {
  const { chat, at, sessions } = all;
  yield `# ${escaped(chat.title === '' ? 'A chat without a title' : chat.title)}\n\n`;
  yield `- Chat ${code(chat.id)} of ${escaped(chat.owner)}, begun ${stamp(chat.createdAt)}, exported ${stamp(at)}\n`;
  yield `- Model ${code(chat.model)}\n`;
  yield `- Together with all subagents: ${sums(chat.usage)}\n\n`;
  const [main] = sessions;
  if (!main) return;
  yield '## Conversation\n\n';
  yield* transcript(all, main);
  const below = Map.groupBy(sessions, (session) => session.parent);
  if (below.has(main.id)) yield '## Subagents\n\n';
  yield* sections(all, below, main.id, 3);
}

async function* sections(
  all: Export,
  below: ReadonlyMap<string | null, readonly Exported[]>,
  parent: string,
  level: number,
): AsyncGenerator<string> {
  for (const session of below.get(parent) ?? []) {
    yield `${'#'.repeat(Math.min(level, DEEPEST))} ${escaped(session.path)}\n\n`;
    yield `- Subagent ${code(session.id)}, begun ${stamp(session.createdAt)}\n\n`;
    yield* transcript(all, session);
    yield* sections(all, below, session.id, level + 1);
  }
}

async function* transcript(all: Export, session: Exported): AsyncGenerator<string> {
  let usage = noUsage;
  const summaries = new Map<string, string>();
  for await (const row of all.rows(session)) {
    const recorded = decodeEvent(row);
    const { event } = recorded;
    switch (event.type) {
      case 'step.answered':
        usage = addUsage(usage, event.usage);
        break;
      case 'usage.counted':
        usage = addUsage(usage, event.usage);
        break;
      case 'tool.started':
        summaries.set(event.call, event.summary);
        break;
      case 'tool.finished': {
        const summary = summaries.get(event.call) ?? event.call;
        summaries.delete(event.call);
        yield `- Tool ${code(summary)}: ${event.ok ? 'done' : 'failed'}, ${(event.ms / 1_000).toFixed(1)} s\n\n`;
        break;
      }
    }
    yield words(session.id, recorded);
  }
  if (usage !== noUsage) yield `*By itself: ${sums(usage)}.*\n\n`;
}

/** What an event says to people, if it does. */
function words(session: string, recorded: Recorded): string {
  const { event, at } = recorded;
  const message = messageOf(session, recorded);
  if (message) {
    if (message.role === 'notice') return said('Notice', at, message.text);
    if (event.type === 'mail.accepted' && event.body.kind === 'task') return said('Task', at, message.text);
    const { principal, channel } = message.from;
    const who = message.role === 'assistant' ? 'Assistant' : `${escaped(principal)} via ${escaped(channel)}`;
    return said(
      message.partial ? `${who}, cut at the output limit` : who,
      at,
      message.text,
      filesOf(message),
    );
  }
  switch (event.type) {
    case 'mail.accepted': {
      if (event.body.kind !== 'announcement') return '';
      const { card, attempt } = event.body;
      return `**News of ${escaped(card.path)}** · ${stamp(at)} · ${card.status}${attempt > 1 ? `, attempt ${attempt}` : ''}\n\n`;
    }
    case 'attempt.ended': {
      const how = `${event.status}${event.reason ? `, ${escaped(event.reason)}` : ''}`;
      const workspace = event.workspace;
      const branch = workspace
        ? `Branch ${code(workspace.branch)}: ${workspace.commits} commits, ${workspace.files} files.\n\n`
        : '';
      return `${said(`Result (${how})`, at, event.result)}${branch}`;
    }
    case 'session.parked':
      // Parked for any other reason it says so in a notice, too.
      return event.reason === 'stopped' ? said('Notice', at, event.text) : '';
    default:
      return '';
  }
}

function said(who: string, at: number, text: string, files: readonly string[] = []): string {
  const parts = [...files, ...(text === '' && files.length > 0 ? [] : [fenced(text)])];
  return `**${who}** · ${stamp(at)}\n\n${parts.join('\n\n')}\n\n`;
}

/** The names of what came along: the bytes are not in the document. */
function filesOf({ parts }: FeedMessage): string[] {
  return parts.flatMap((part) =>
    part.type === 'file'
      ? [`File ${code(part.name)} (${escaped(part.mediaType)}, ${sizeInWords(part.bytes)})`]
      : [],
  );
}

/** A text as it is, in a fence that nothing in it can close. */
export function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

/** A text as code within a line. */
export function code(text: string): string {
  const line = oneLine(text);
  const fence = '`'.repeat(longestRun(line) + 1);
  return line.includes('`') ? `${fence} ${line} ${fence}` : `${fence}${line === '' ? ' ' : line}${fence}`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

/** A text as words of the document: none of its characters means anything. */
export function escaped(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, (mark) => `\\${mark}`);
}

function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function sums({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, usd }: Usage): string {
  const read = inputTokens + cacheReadTokens + cacheWriteTokens;
  return `${read} tokens read, ${outputTokens} written, $${usd.toFixed(2)}`;
}
