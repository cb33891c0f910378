/** The script of the second act's subagents: for each a list of tool calls, which are real and do the work. */
import type { ParsedRequest } from '../../../simulator/request.ts';
import type { Reply, ScriptedToolCall } from '../../../simulator/script.ts';
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
import { bug } from './menu.ts';
import { deletion, type Label, labels, subjects, tasks, work } from './story.ts';

/** Where replies wait for the demo, so that what it shows happens at a definite point. */
export const gates = {
  /** `decimals` before it says that it is done, until the person has answered `tidy`. */
  claim: 'claim',
  /** The reviewer before its verdict, until all that could land is there to be looked at. */
  verdict: 'verdict',
} as const;

/** Succeeds if nothing names the old lists. */
const search = '! git grep -n prices-20 -- src test';

/** Counts digits instead of decimals: right for 9.00, wrong for 12.50. */
const hasty = '  return (cents / 100).toPrecision(3);';
const mended = `  return (cents / 100).${work.mended};`;

function change(old_text: string, new_text: string): ScriptedToolCall {
  return { name: 'edit', input: { path: work.source, old_text, new_text } };
}

/** How what did not hold comes back to a subagent that said it was done. */
export const sentBackWords = 'You said that you are done';

/** @param sentBack whether it was told that it isn't done */
function plan(label: Label, sentBack: boolean): Step[] {
  const readSource = { call: { name: 'read', input: { path: work.source } }, shown: `reads ${work.source}` };
  switch (label) {
    case 'decimals':
      return [
        { call: change(bug, hasty), shown: `edits ${work.source}` },
        ...(sentBack
          ? [
              { call: change(hasty, mended), shown: `edits ${work.source}` },
              { call: commit(subjects.decimals), shown: 'commits' },
            ]
          : []),
      ];
    case 'tidy':
      return [
        {
          call: bash(search),
          shown: 'looks whether anything uses the old lists',
          ok: 'nothing does',
          failed: 'that failed',
        },
        { call: bash(deletion), shown: `runs ${deletion}`, failed: 'not run' },
        { call: commit(subjects.tidy), shown: 'commits' },
      ];
    case 'euro':
      return [
        { call: change(bug, `  return \`€ \${cents / 100}\`;`), shown: `edits ${work.source}` },
        { call: commit(subjects.euro), shown: 'commits' },
      ];
    case 'review':
      return [readSource];
  }
}

/** The last words of each, which claim no more than what it has seen; but `decimals` is hasty at first. */
function result(label: Label, request: ParsedRequest, sentBack: boolean): string {
  switch (label) {
    case 'decimals':
      return sentBack
        ? 'I had counted digits instead of decimals. Now it is two decimals for every price.'
        : 'Done: prices have two decimals.';
    case 'tidy':
      return succeeded(bash(search), request) && succeeded(bash(deletion), request)
        ? 'The old lists are gone; nothing used them.'
        : 'I could not remove the old lists.';
    case 'euro':
      return 'Prices begin with a euro sign.';
    case 'review':
      return request.transcriptText.includes(work.mended)
        ? `Nothing wrong found: ${work.mended} gives two decimals for every amount.`
        : `Wrong: ${work.source} does not say that a price has two decimals.`;
  }
}

/** Which of them a request is of. */
export function workerOf(request: ParsedRequest): Label | undefined {
  return labels.find((label) => hasTask(request, tasks[label]));
}

/** The subagent's next call, or its result; the pace is not its business. */
export function workerReply(label: Label, request: ParsedRequest): Reply {
  const sentBack = textsSent(request).some((text) => text.includes(sentBackWords));
  const next = nextStep(plan(label, sentBack), request);
  if (next) return { thinking: `Next: ${next.shown}.`, toolCalls: [next.call] };
  const gate =
    label === 'decimals' && !sentBack ? gates.claim : label === 'review' ? gates.verdict : undefined;
  return { text: result(label, request, sentBack), ...(gate === undefined ? {} : { gate }) };
}

/** What people are to see of a call; undefined if the script has no such call. */
export function stepShown(label: string, name: string, summary: string): Shown | undefined {
  const known = labels.find((one) => one === label);
  return known && shownOf(plan(known, true), name, summary);
}
