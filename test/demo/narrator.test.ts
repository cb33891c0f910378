import { expect, test } from 'vitest';
import type { Event } from '../../src/cli/demo/api.ts';
import { makeNarrator } from '../../src/cli/demo/narrator.ts';
import { makeTimeline } from '../../src/cli/demo/timeline.ts';
import { card, place } from './events.ts';

const request = {
  id: 'sub_tidy.q1',
  kind: 'permission',
  title: 'bash: git rm -r …',
  detail: 'git rm -r -q old\n\n(Asked because a rule says so.)',
} as const;

const notice = (seq: number, level: 'info' | 'warning', text: string): Event => ({
  event: 'notice',
  data: { ...place(seq), level, text },
});

/** What is printed of a chat's events, and of those of `tidy`, without times and breaks. */
function told({ chat = [], own = [] }: { chat?: readonly Event[]; own?: readonly Event[] }): string {
  const lines: string[] = [];
  const timeline = makeTimeline(
    (line) => lines.push(line),
    { colour: false, width: 100 },
    () => 0,
  );
  const narrator = makeNarrator(timeline, {
    startOf: () => 'starts',
    stepShown: () => undefined,
    quotesSubagents: true,
  });
  const spawned = (status: 'queued' | 'running', seq: number): Event => ({
    event: status === 'queued' ? 'subagent.spawned' : 'subagent.updated',
    data: { ...place(seq), subagent: card('tidy', status) },
  });
  for (const event of [spawned('queued', 1), spawned('running', 2), ...chat]) narrator.chat(event);
  for (const event of own) narrator.subagent('tidy', event);
  return lines.join(' ').replaceAll(/\s+/g, ' ');
}

test('what a subagent asks is told once, with the whole command and why it is asked', () => {
  const asked: Event = {
    event: 'input.requested',
    data: { ...place(3), subagentId: 'sub_tidy', request },
  };
  const text = told({ chat: [asked, notice(4, 'info', `tidy asks (request ${request.id}).`)] });
  expect(text).toContain(
    'tidy ASKS a person first, and waits: may it run this? git rm -r -q old (Asked because',
  );
  expect(text).not.toContain(request.id);
  expect(told({ chat: [notice(4, 'info', 'The API is busy.')] })).toContain('gateway The API is busy.');
});

test('an answer is told with who gave it and what it was', () => {
  const answered = (decision: 'allow' | 'deny'): Event => ({
    event: 'input.answered',
    data: { ...place(4), subagentId: 'sub_tidy', request, outcome: 'answered', by: 'person', decision },
  });
  expect(told({ chat: [answered('allow')] })).toContain('tidy ✓ read: allowed by a person');
  expect(told({ chat: [answered('deny')] })).toContain('tidy ✓ read: denied by a person');
});

test('what is sent back is told by its command and the line that says most', () => {
  const failure =
    "It isn't done yet: node --test\n✖ failing tests:\n  AssertionError [E]: 2 is not 3\n    at x";
  expect(told({ own: [notice(1, 'warning', failure)] })).toContain(
    "sends tidy BACK: It isn't done yet: node --test: “2 is not 3”",
  );
});

test('a subagent that goes on after a question has not started anew', () => {
  const updated = (status: 'running' | 'input_required', seq: number): Event => ({
    event: 'subagent.updated',
    data: { ...place(seq), subagent: card('tidy', status) },
  });
  const text = told({ chat: [updated('input_required', 3), updated('running', 4)] });
  expect(text.match(/starts/g)).toHaveLength(1);
});

test('an ending says what was checked, and whether anything has changed', () => {
  const ended = (more: object): Event => ({
    event: 'subagent.ended',
    data: { ...place(5), subagent: { ...card('tidy', 'completed'), ...more } },
  });
  const branch = { branch: 'subagent/tidy', base: 'main', wip: false };
  const workspace = { ...branch, commits: 1, files: 2 };
  expect(told({ chat: [ended({ workspace, verified: 'npm test' })] })).toContain(
    'COMPLETED, checked by “npm test”: 1 commit on subagent/tidy',
  );
  expect(told({ chat: [ended({ workspace: { ...branch, commits: 0, files: 0 } })] })).toContain(
    'COMPLETED, and has changed nothing',
  );
});
