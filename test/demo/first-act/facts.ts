/** Facts of a first act in which all went well, for tests that spoil one of them. */
import type { Event } from '../../../src/cli/demo/api.ts';
import type { Facts } from '../../../src/cli/demo/first-act/checks.ts';
import { answerInBetween, labels, person, steer, work } from '../../../src/cli/demo/first-act/story.ts';
import { announcement, card, endedEvent, place, readEvent, words } from '../events.ts';

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
    sessions: {
      assistant: {
        tools: ['sessions_spawn', 'subagents', 'stay_silent'],
        texts: [
          ...Object.values(person).map((text) => `[date]\n${text}`),
          announcement('write-docs', 'aaaaaaaa'),
          announcement('survey', 'bbbbbbbb'),
          announcement('fix-bug', 'cccccccc'),
        ],
        results: [],
      },
    },
  },
  refused: [],
};
