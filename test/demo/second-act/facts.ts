/** Facts of a second act in which all went well, for tests that spoil one of them. */
import type { Event } from '../../../src/cli/demo/api.ts';
import type { Facts } from '../../../src/cli/demo/second-act/checks.ts';
import {
  deletion,
  labels,
  person,
  proof,
  rule,
  subjects,
  work,
} from '../../../src/cli/demo/second-act/story.ts';
import { sentBackWords } from '../../../src/cli/demo/second-act/workers.ts';
import { announcement, card, place, readEvent, words } from '../events.ts';

const request = {
  id: 'sub_tidy.q1',
  kind: 'permission',
  title: `bash: ${deletion}`,
  detail: `${deletion}\n\n(Asked because the rule ask: ${rule} matches it.)`,
  person: true,
} as const;

/** @param subagentId absent on the subagent's own feed */
export function asked(seq: number, subagentId?: string): Event {
  const whose = subagentId === undefined ? {} : { subagentId };
  return { event: 'input.requested', data: { ...place(seq), ...whose, request } };
}

export function answered(seq: number, by: 'person' | 'parent', decision: 'allow' | 'deny'): Event {
  return {
    event: 'input.answered',
    data: { ...place(seq), request, outcome: 'answered', by, decision, text: '' },
  };
}

export function begun(seq: number, command: string): Event {
  const data = { ...place(seq), call: `call_${seq}`, name: 'bash', summary: `bash: ${command}` };
  return { event: 'tool.started', data };
}

export function sentBack(seq: number): Event {
  return {
    event: 'notice',
    data: { ...place(seq), level: 'warning', text: `It isn't done yet: ${proof}\n12.50 is shown as 12.5` },
  };
}

export function call(action: string, target: string | undefined, text: string, isError = false) {
  return {
    name: 'worktrees',
    input: { action, ...(target === undefined ? {} : { target }) },
    text,
    isError,
  };
}

export const overlap = [
  `decimals (sub_1), completed: subagent/decimals of menu, from main; 1 commit; 1 file: ${work.source}; not landed`,
  `  also changed by subagent/euro, not landed: ${work.source}`,
  `euro (sub_3), completed: subagent/euro of menu, from main; 1 commit; 1 file: ${work.source}; not landed`,
].join('\n');

export const goodFacts: Facts = {
  tests: { before: false, after: true },
  main: {
    commits: [
      { author: 'Tidings subagent decimals', subject: subjects.decimals, files: work.source },
      { author: 'Tidings subagent tidy', subject: subjects.tidy, files: work.old.join(' ') },
    ],
    status: '',
  },
  thereWhileAsked: work.old,
  euro: { before: 'abc', after: 'abc' },
  reviewed: { commits: [] },
  branches: ['subagent/euro'],
  worktrees: ['subagent/euro'],
  subagents: labels.map((label) => ({
    ...card(label, 'completed'),
    ...(label === 'decimals' ? { verified: proof } : {}),
  })),
  feeds: {
    chat: {
      ids: [1, 2, 3],
      events: [
        words(1, 'user', person.asks),
        asked(2, 'sub_tidy'),
        ...labels.map((label, index) => readEvent(3 + index, `sub_${label}`)),
        words(20, 'assistant', `On main now. euro was refused, since it does not fit in ${work.source}.`),
      ],
    },
    decimals: { ids: [1, 2], events: [begun(1, 'git add -A'), sentBack(2)] },
    tidy: {
      ids: [1, 2, 3],
      events: [asked(1), answered(2, 'person', 'allow'), begun(3, deletion), begun(4, 'git add -A')],
    },
  },
  followed: [1, 2, 3],
  transcripts: {
    requests: 25,
    repeated: 0,
    broken: [],
    sessions: {
      assistant: {
        tools: ['sessions_spawn', 'worktrees', 'stay_silent'],
        texts: [person.asks, ...labels.map((label, index) => announcement(label, `aaaaaaa${index}`))],
        results: [
          call('list', undefined, overlap),
          call('land', 'decimals', 'Landed.'),
          call('land', 'tidy', 'Landed.'),
          call('land', 'euro', `euro: both changed the same places.\nFiles: ${work.source}`, true),
        ],
      },
      decimals: {
        tools: ['bash', 'edit'],
        texts: ['The task.', `${sentBackWords}, but:\n$ ${proof}\n12.50 is shown as 12.5`],
        results: [],
      },
      review: {
        tools: ['read', 'glob', 'grep'],
        texts: ['The task.'],
        results: [
          { name: 'read', input: { path: work.source }, text: `return x.${work.mended};`, isError: false },
        ],
      },
    },
  },
  refused: [],
};
