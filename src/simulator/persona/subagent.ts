/** The persona as a subagent: a few small steps of work, then a result that names its task. */
import { type Fields, isFields, type ParsedRequest } from '../request.ts';
import type { Reply, ScriptedToolCall } from '../script.ts';
import { hear, shorten } from './announcements.ts';

/** The next step, without the mark that it is a simulator. */
export function subagentReply(request: ParsedRequest): Pick<Reply, 'text' | 'toolCalls'> {
  const task = taskOf(request);
  const steers = request.messages.flatMap((message) =>
    message.role === 'user' ? message.blocks.flatMap((block) => hear(String(block.text ?? '')).steers) : [],
  );
  const plan = workPlan(request, task, steers);
  const step = stepsSinceWords(request);
  const call = plan[step];
  if (call !== undefined) {
    const fresh = hear(request.lastUserText).steers.at(-1);
    const text = fresh === undefined ? `Step ${step + 1}.` : `Understood: ${shorten(fresh, 200)}`;
    return { text, toolCalls: [call] };
  }
  return { text: resultText(request, task, steers) };
}

function resultText(request: ParsedRequest, task: string, steers: readonly string[]): string {
  const files = request.messages
    .flatMap((message) => message.blocks)
    .findLast((block) => block.type === 'tool_result' && block.is_error !== true);
  return [
    `Done: ${shorten(task, 300)}`,
    ...(steers.length > 0 ? [`On the way I was told, and took into account: ${steers.join('; ')}`] : []),
    ...(files !== undefined && request.toolNames.includes('bash')
      ? ['I left a file notes.md in my folder that says the same.']
      : []),
    'No model has thought about this: it only shows how a subagent works.',
  ].join('\n');
}

/** What it was made for: the first words it was sent. */
function taskOf(request: ParsedRequest): string {
  for (const message of request.messages)
    for (const block of message.blocks) {
      const words = message.role === 'user' ? hear(String(block.text ?? '')).words : '';
      if (words !== '') return words;
    }
  return 'a task that was not said';
}

/** Answers given since somebody last told it something, tool results aside. */
function stepsSinceWords(request: ParsedRequest): number {
  let steps = 0;
  for (const message of request.messages.toReversed()) {
    if (message.role === 'assistant') steps += 1;
    else if (message.blocks.some((block) => block.type === 'text')) break;
  }
  return steps;
}

function workPlan(request: ParsedRequest, task: string, steers: readonly string[]): ScriptedToolCall[] {
  const has = (name: string) => request.toolNames.includes(name);
  const notes = [`Task: ${task}`, ...steers.map((steer) => `Also: ${steer}`)].join('\n');
  return [
    ...(has('report')
      ? [{ name: 'report', input: reportInput(request.body, `Working on: ${shorten(task, 80)}`) }]
      : []),
    ...(has('bash')
      ? [{ name: 'bash', input: { command: `printf '%s\\n' ${quoted(notes)} > notes.md && ls -l` } }]
      : []),
  ];
}

/** The words for people in whichever field the tool has for them. */
function reportInput(body: Fields, words: string): Fields {
  const tools = Array.isArray(body.tools) ? body.tools.filter(isFields) : [];
  const schema = tools.find((tool) => tool.name === 'report')?.input_schema;
  const properties = isFields(schema) && isFields(schema.properties) ? schema.properties : {};
  const input: Record<string, unknown> = {};
  for (const name of Object.keys(properties)) {
    const property = properties[name];
    const choices = isFields(property) && Array.isArray(property.enum) ? property.enum : undefined;
    if (choices?.includes('progress')) input[name] = 'progress';
  }
  const field = ['progress', 'text', 'message', 'detail'].find(
    (name) => name in properties && !(name in input),
  );
  return { ...input, [field ?? 'progress']: words };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
