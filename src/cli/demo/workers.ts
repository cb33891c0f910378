/**
 * The script of the three subagents: for each a list of tool calls, made one after the other. Which comes next
 * follows from the results in the transcript, so a crash changes nothing. The calls are real and do the work.
 */
import { isFields, type ParsedRequest } from '../../simulator/request.ts';
import type { Reply, ScriptedToolCall } from '../../simulator/script.ts';
import { steersIn } from './announcements.ts';
import { gates } from './assistant.ts';
import { type Label, labels, tasks, work } from './story.ts';

interface Step {
  readonly call: ScriptedToolCall;
  /** What it is, for people: the demo's own words, since it knows its script. */
  readonly shown: string;
  /** What came of it, by how it ended; a call that succeeds needs no words. */
  readonly ok?: string;
  readonly failed?: string;
  /** It takes so long that its start is news, too. */
  readonly long?: boolean;
  /** Held until the demo opens it. */
  readonly gate?: string;
}

const runTests = 'node --test';
const lookAndTest = `git diff --stat && ${runTests}`;

/** The command that is under way at `fix-bug` when the gateway is killed. */
const longTest = `for run in $(seq 500); do ${runTests} > /dev/null || exit 1; sleep 0.3; done`;

/** Counts on where the list in the file ends. `&`: a process of its own, which must not outlive its call. */
const count =
  'for people in $(seq $(($(wc -l < survey.txt) + 2)) 9999); do echo "$people: $((1000 % people))" >> survey.txt; sleep 0.1; done';

/** What a long call comes to in this story. */
const cutByCrash = 'cut off by the crash';

function bash(command: string): ScriptedToolCall {
  return { name: 'bash', input: { command } };
}

const fix = {
  name: 'edit',
  input: {
    path: work.source,
    old_text: '  return Array.from({ length: people }, () => share);',
    new_text: [
      '  const left = cents - share * people;',
      '  return Array.from({ length: people }, (_, index) => share + (index < left ? 1 : 0));',
    ].join('\n'),
  },
};

function commit(subject: string): ScriptedToolCall {
  return bash(`git add -A && git commit -q -m "${subject}" && git log -1 --format=%s`);
}

function plan(label: Label, steers: readonly string[]): Step[] {
  const readSource = { call: { name: 'read', input: { path: work.source } }, shown: `reads ${work.source}` };
  switch (label) {
    case 'fix-bug':
      return [
        readSource,
        { call: bash(runTests), shown: 'runs the tests', ok: 'they pass', failed: 'one FAILS' },
        { call: fix, shown: `edits ${work.source}` },
        { call: bash(longTest), shown: 'runs the tests 500 times over', long: true, failed: cutByCrash },
        {
          call: bash(lookAndTest),
          shown: 'looks what is there, and runs the tests',
          ok: 'they PASS',
          failed: 'one fails',
        },
        { call: commit(work.fixSubject), shown: 'commits' },
      ];
    case 'write-docs':
      return [
        readSource,
        { call: bash('git log --format=%s'), shown: 'reads the history', gate: gates.draft },
        {
          call: { name: 'write', input: { path: work.docs, content: docs(steers) } },
          shown: `writes ${work.docs}`,
        },
        { call: commit(work.docsSubject), shown: 'commits' },
      ];
    case 'survey':
      return [
        {
          call: bash(`touch survey.txt; sleep 600 & ${count}`),
          shown: 'counts, in a long command',
          long: true,
          failed: cutByCrash,
        },
        {
          call: bash(`wc -l survey.txt; sleep 600 & ${count}`),
          shown: 'looks how far it came, and counts on',
          long: true,
          failed: 'cut off',
        },
      ];
  }
}

/** Only what it was told stands in it. */
function docs(steers: readonly string[]): string {
  return [
    '# Splitting an amount',
    '',
    '`split(cents, people)` shares out an amount in whole cents: `split(1000, 4)` is `[250, 250, 250, 250]`.',
    ...(steers.length > 0 ? ['', '## Asked for on the way', '', ...steers] : []),
    '',
  ].join('\n');
}

/** The last words of each, which claim no more than what its calls have shown. */
function result(label: Label, made: ReadonlyMap<string, boolean>): string {
  switch (label) {
    case 'fix-bug':
      return `split() dropped the remainder. Now those who come first pay one cent more until nothing is left. ${
        made.get(nameOf(bash(lookAndTest))) ? 'All tests pass.' : 'A test still fails.'
      }`;
    case 'write-docs':
      return `${work.docs} says what split() does, with an example and what was asked for on the way.`;
    case 'survey':
      return 'The list is in survey.txt.';
  }
}

/** Which of the three a request is of: its task stands before its first answer. */
export function workerOf(request: ParsedRequest): Label | undefined {
  const answer = request.messages.findIndex(({ role }) => role === 'assistant');
  const first = answer < 0 ? request.messages : request.messages.slice(0, answer);
  return labels.find((label) => first.some(({ blocks }) => blocks.some(({ text }) => text === tasks[label])));
}

/** The subagent's next call, or its result; the pace is not its business. */
export function workerReply(label: Label, request: ParsedRequest): Reply {
  const texts = request.messages.flatMap((message) =>
    message.role === 'user' ? message.blocks.map((block) => String(block.text ?? '')) : [],
  );
  const made = callsWithResult(request);
  const next = plan(label, texts.flatMap(steersIn)).find(({ call }) => !made.has(nameOf(call)));
  if (next) {
    return {
      thinking: `Next: ${next.shown}.`,
      toolCalls: [next.call],
      ...(next.gate === undefined ? {} : { gate: next.gate }),
    };
  }
  return { text: result(label, made), ...(label === 'fix-bug' ? { gate: gates.last } : {}) };
}

/** What people are to see of a call, by the line that the feed has for it; undefined if the script has no such call. */
export function stepShown(
  label: Label,
  name: string,
  summary: string,
): Pick<Step, 'shown' | 'ok' | 'failed' | 'long'> | undefined {
  const told = summary.slice(name.length + 2);
  return plan(label, []).find(({ call }) => {
    const about = String(call.input?.command ?? call.input?.path ?? '');
    return call.name === name && told !== '' && about.startsWith(told);
  });
}

/** The calls that have a result, and whether they succeeded. One that a crash cut is followed by a look, not a repeat. */
function callsWithResult(request: ParsedRequest): ReadonlyMap<string, boolean> {
  const blocks = request.messages.flatMap((message) => message.blocks);
  const ended = new Map(
    blocks.flatMap((block) =>
      block.type === 'tool_result' ? [[block.tool_use_id, block.is_error !== true] as const] : [],
    ),
  );
  return new Map(
    blocks.flatMap((block) => {
      const ok = block.type === 'tool_use' ? ended.get(block.id) : undefined;
      if (ok === undefined) return [];
      const name = nameOf({ name: String(block.name), input: isFields(block.input) ? block.input : {} });
      return [[name, ok] as const];
    }),
  );
}

/** A call by what it is about: the contents of a file that is written may depend on what came in meanwhile. */
function nameOf({
  name,
  input,
}: {
  readonly name: string;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}): string {
  return `${name} ${String(input?.command ?? input?.path)}`;
}
