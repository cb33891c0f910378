/** The persona as a chat's main session: does what it is plainly asked, tells what came of it. */
import type { ParsedRequest, ReadToolResult } from '../request.ts';
import { isFields } from '../request.ts';
import type { Reply, ScriptedToolCall } from '../script.ts';
import { type Announcement, firstLine, hear, shorten } from './announcements.ts';
import { type Wish, wishesIn } from './wishes.ts';

const abilities =
  'I can start subagents (“spawn a subagent called docs to write a README”), tell them things (“tell docs to be brief”), list them (“what are they doing?”), and kill them (“kill docs”).';

/** What to say and do next, without the mark that it is a simulator. */
export function assistantReply(request: ParsedRequest): Pick<Reply, 'text' | 'toolCalls'> {
  const heard = hear(request.lastUserText);
  const sentences = [
    ...request.toolResults.map(tellResult),
    ...heard.announcements.map(tellAnnouncement),
    ...heard.notes.map((note) => `The gateway notes: ${firstLine(note)}`),
  ];
  // Each message by itself: what one asks for is not part of another's task.
  const wishes = request.lastUserBlocks.flatMap((block) =>
    block.type === 'text' ? wishesIn(hear(String(block.text)).words) : [],
  );
  const toolCalls: ScriptedToolCall[] = [];
  for (const wish of wishes) {
    const call = callFor(wish);
    if (request.toolNames.includes(call.name)) {
      toolCalls.push(call);
      sentences.push(announce(wish));
    } else sentences.push(`I would use the tool ${call.name} for this, but I don't have it here.`);
  }
  if (heard.words !== '' && wishes.length === 0) sentences.push(talk(heard.words));
  if (sentences.length === 0) sentences.push('There is nothing new to say.');
  return { text: sentences.join('\n'), ...(toolCalls.length > 0 ? { toolCalls } : {}) };
}

function callFor(wish: Wish): ScriptedToolCall {
  switch (wish.kind) {
    case 'spawn':
      return {
        name: 'sessions_spawn',
        input: { task: wish.task, ...(wish.label === undefined ? {} : { label: wish.label }) },
      };
    case 'steer':
      return { name: 'subagents', input: { action: 'steer', target: wish.target, message: wish.message } };
    case 'kill':
    case 'show':
      return { name: 'subagents', input: { action: wish.kind, target: wish.target } };
    case 'list':
      return { name: 'subagents', input: { action: 'list' } };
  }
}

function announce(wish: Wish): string {
  switch (wish.kind) {
    case 'spawn':
      return `I hand this to a subagent${wish.label === undefined ? '' : ` called ${wish.label}`}: ${shorten(wish.task, 120)}`;
    case 'steer':
      return `I pass this on to ${wish.target}.`;
    case 'kill':
      return wish.target === 'all' ? 'I end all subagents.' : `I end ${wish.target}.`;
    case 'show':
      return `I look at ${wish.target}.`;
    case 'list':
      return 'I look at what they are doing.';
  }
}

function tellResult(result: ReadToolResult): string {
  const said = shorten(result.text.trim(), 1500);
  if (result.isError) return `That did not work: ${said}`;
  if (result.name === 'sessions_spawn') {
    const { label, state } = fieldsIn(result.text);
    const asked = result.input.label;
    const name = typeof label === 'string' ? label : 'The subagent';
    const how = state === 'queued' ? 'waits for a free place' : 'is at work';
    const more = typeof asked === 'string' && asked !== label ? ` (${asked} was taken)` : '';
    return `${name} ${how}${more}. You will hear from it when it is done; we can go on talking.`;
  }
  if (result.name !== 'subagents') return `The tool ${result.name ?? ''} answered: ${said}`;
  switch (result.input.action) {
    case 'list':
      return `This is how things stand:\n${said}`;
    case 'show':
      return `This is what I see:\n${said}`;
    case 'steer':
      return `The message is on its way to ${String(result.input.target)}.`;
    case 'kill':
      return tellKill(fieldsIn(result.text)) || said;
    default:
      return said;
  }
}

function tellKill(report: Readonly<Record<string, unknown>>): string {
  const words = {
    killed: 'Ended, with all that they had running',
    unconfirmed: 'Told to end, but not known to have ended yet',
    alreadyEnded: 'Had ended before',
  };
  return Object.entries(words)
    .flatMap(([field, what]) => {
      const labels = report[field];
      return Array.isArray(labels) && labels.length > 0 ? [`${what}: ${labels.join(', ')}.`] : [];
    })
    .join(' ');
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

const endings: Readonly<Record<string, string>> = {
  completed: 'is done',
  failed: 'has failed',
  timed_out: 'ran out of time',
  over_budget: 'ran out of money',
  killed: 'was killed',
};

function tellAnnouncement({ label, status, firstLine: line }: Announcement): string {
  return `${label} ${endings[status] ?? `ended (${status})`}${line === '' ? '.' : `: ${line}`}`;
}

function talk(words: string): string {
  const sum = /(-?\d+(?:\.\d+)?)\s*([+*x×/-])\s*(-?\d+(?:\.\d+)?)/.exec(words);
  if (sum !== null) {
    const [whole, a, operator, b] = sum;
    return `${whole.trim()} = ${reckon(Number(a), operator ?? '+', Number(b))}`;
  }
  if (/\b(?:hello|hi|hey|good (?:morning|evening|day))\b/i.test(words)) return `Hello! ${abilities}`;
  if (/\b(?:thanks|thank you)\b/i.test(words)) return 'You are welcome.';
  if (/\b(?:help|what can you|who are you|what are you)\b/i.test(words))
    return `No model is behind me, only a few rules. ${abilities}`;
  return `I read “${shorten(lastLine(words), 160)}”, but only a real model could answer that. ${abilities}`;
}

/** The gateway puts a line about date and speaker before what people write. */
function lastLine(words: string): string {
  return (
    words
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

function reckon(a: number, operator: string, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '/':
      return a / b;
    default:
      return a * b;
  }
}
