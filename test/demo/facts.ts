/** Facts of a demo in which all went well, for tests that spoil one of them. */
import type { Event, Subagent } from '../../src/cli/demo/api.ts';
import type { Facts } from '../../src/cli/demo/checks.ts';
import { answerInBetween, labels, person, steer, work } from '../../src/cli/demo/story.ts';

const place = (seq: number) => ({ seq, at: 0, session: 'chat_1' });

export function words(seq: number, role: 'user' | 'assistant', text: string): Event {
  return {
    event: 'message',
    data: {
      ...place(seq),
      message: {
        id: `m${seq}`,
        seq,
        at: 0,
        role,
        text,
        parts: [{ type: 'text', text }],
        from: { principal: 'someone', channel: 'http' },
      },
    },
  };
}

export function readEvent(seq: number, subagentId: string): Event {
  return { event: 'announcement.read', data: { ...place(seq), subagentId, attempt: 1, turn: 1 } };
}

function card(label: string, status: Subagent['status']): Subagent {
  return {
    id: `sub_${label}`,
    label,
    path: label,
    parent: 'chat_1',
    task: '',
    role: 'worker',
    agent: 'tidings',
    model: 'm',
    status,
    attempt: 1,
    createdAt: 0,
    steps: 0,
    activity: '',
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
    pendingSteers: 0,
    announcement: 'read',
    share: {},
  };
}

function endedEvent(seq: number, label: string): Event {
  return { event: 'subagent.ended', data: { ...place(seq), subagent: card(label, 'completed') } };
}

export function announcement(label: string, nonce: string): string {
  return `<subagent-announcement nonce="${nonce}" label="${label}" status="completed">\nDone.\n</subagent-announcement nonce="${nonce}">`;
}

const worker = { pid: 41, started: '900', command: 'bash -c count' };

export const goodFacts: Facts = {
  base: { passesBefore: false, passesAfter: false, moved: false },
  fix: { passes: true, commits: [`Tidings subagent fix-bug: ${work.fixSubject}`] },
  docs: { text: `# Docs\n${steer}\n`, commits: [`Tidings subagent write-docs: ${work.docsSubject}`] },
  crash: { by: 'SIGKILL', working: [worker], outlived: [] },
  survey: { before: [worker], after: [] },
  subagents: [card('survey', 'killed'), card('write-docs', 'completed'), card('fix-bug', 'completed')],
  feed: {
    ids: [1, 2, 3],
    events: [
      words(1, 'user', person.asks),
      ...labels.map(
        (label, index): Event => ({
          event: 'subagent.spawned',
          data: { ...place(2 + index), subagent: card(label, 'queued') },
        }),
      ),
      words(10, 'user', person.wonders),
      words(11, 'assistant', answerInBetween),
      words(12, 'user', person.steers),
      endedEvent(13, 'write-docs'),
      words(14, 'user', person.hurries),
      words(15, 'assistant', 'write-docs is done'),
      readEvent(16, 'sub_write-docs'),
      words(17, 'user', person.cancels),
      endedEvent(18, 'survey'),
      readEvent(19, 'sub_survey'),
      endedEvent(20, 'fix-bug'),
      words(21, 'assistant', 'fix-bug is done'),
      readEvent(22, 'sub_fix-bug'),
    ],
  },
  followed: [1, 2, 3],
  transcripts: {
    requests: 25,
    repeated: 1,
    broken: [],
    assistantRead: [
      ...Object.values(person).map((text) => `[date]\n${text}`),
      announcement('write-docs', 'aaaaaaaa'),
      announcement('survey', 'bbbbbbbb'),
      announcement('fix-bug', 'cccccccc'),
    ],
  },
  refused: [],
  stopped: 143,
  left: [],
};
