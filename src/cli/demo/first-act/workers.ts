/** The script of the first act's three subagents: for each a list of tool calls, which are real and do the work. */
import type { ParsedRequest } from '../../../simulator/request.ts';
import type { Reply } from '../../../simulator/script.ts';
import { steersIn } from '../announcements.ts';
import {
  bash,
  commit,
  hasTask,
  nextStep,
  type Shown,
  type Step,
  shownOf,
  succeeded,
  textsSent,
} from '../rounds.ts';
import { gates } from './assistant.ts';
import { type Label, labels, tasks, work } from './story.ts';

const runTests = 'node --test';
const lookAndTest = `git diff --stat && ${runTests}`;

/** The command that is under way at `fix-bug` when the gateway is killed. */
const longTest = `for run in $(seq 500); do ${runTests} > /dev/null || exit 1; sleep 0.3; done`;

/** Counts on where the list in the file ends. `&`: a process of its own, which must not outlive its call. */
const count =
  'for people in $(seq 2 9999 | tail -n "+$(wc -l < survey.txt)"); do echo "$people $(expr 1000 % "$people")" >> survey.txt; sleep 0.1; done';

/** What a long call comes to in this story. */
const cutByCrash = 'cut off by the crash';

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
          call: bash(`echo "people cents" > survey.txt; sleep 600 & ${count}`),
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
function result(label: Label, request: ParsedRequest): string {
  switch (label) {
    case 'fix-bug':
      return `split() dropped the remainder. Now those who come first pay one cent more until nothing is left. ${
        succeeded(bash(lookAndTest), request) ? 'All tests pass.' : 'A test still fails.'
      }`;
    case 'write-docs':
      return `${work.docs} says what split() does, with an example and what was asked for on the way.`;
    case 'survey':
      return 'The list is in survey.txt.';
  }
}

/** Which of the three a request is of. */
export function workerOf(request: ParsedRequest): Label | undefined {
  return labels.find((label) => hasTask(request, tasks[label]));
}

/** The subagent's next call, or its result; the pace is not its business. */
export function workerReply(label: Label, request: ParsedRequest): Reply {
  const next = nextStep(plan(label, textsSent(request).flatMap(steersIn)), request);
  if (next) {
    return {
      thinking: `Next: ${next.shown}.`,
      toolCalls: [next.call],
      ...(next.gate === undefined ? {} : { gate: next.gate }),
    };
  }
  return { text: result(label, request), ...(label === 'fix-bug' ? { gate: gates.last } : {}) };
}

/** What people are to see of a call; undefined if the script has no such call. */
export function stepShown(label: string, name: string, summary: string): Shown | undefined {
  const known = labels.find((one) => one === label);
  return known && shownOf(plan(known, []), name, summary);
}
