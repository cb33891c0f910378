/** Each of the first act's checks can fail: facts with one thing wrong fail exactly the check that is about it. */
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/cli/demo/api.ts';
import { checkFirstAct, type Facts } from '../../../src/cli/demo/first-act/checks.ts';
import { person } from '../../../src/cli/demo/first-act/story.ts';
import { announcement, readEvent, words } from '../events.ts';
import { goodFacts } from './facts.ts';

function failures(facts: Facts): string[] {
  return checkFirstAct(facts).flatMap(({ ok, what }) => (ok === false ? [what] : []));
}

function withEvents(change: (events: readonly Event[]) => Event[]): Facts {
  return { ...goodFacts, feed: { ...goodFacts.feed, events: change(goodFacts.feed.events) } };
}

function withRead(change: (texts: readonly string[]) => string[]): Facts {
  const { transcripts } = goodFacts;
  const { assistant } = transcripts.sessions;
  if (!assistant) throw new Error('there is an assistant');
  const changed = { ...assistant, texts: change(assistant.texts) };
  return { ...goodFacts, transcripts: { ...transcripts, sessions: { assistant: changed } } };
}

function messageIs(event: Event, text: string): boolean {
  return event.event === 'message' && event.data.message.text === text;
}

const survivor = { pid: 42, started: '901', command: 'sleep 600' };
const [write = '', ...others] = goodFacts.docs.commits;

const spoilt: readonly [string, Facts, RegExp][] = [
  [
    'the bug was none',
    { ...goodFacts, base: { ...goodFacts.base, passesBefore: true } },
    /On main the test fails/,
  ],
  [
    'the fix is on main',
    { ...goodFacts, base: { ...goodFacts.base, passesAfter: true } },
    /On main the test fails/,
  ],
  ['main moved', { ...goodFacts, base: { ...goodFacts.base, moved: true } }, /main has not moved/],
  ['the bug is still there', { ...goodFacts, fix: { ...goodFacts.fix, passes: false } }, /fix-bug it passes/],
  ['the fix was not committed', { ...goodFacts, fix: { ...goodFacts.fix, commits: [] } }, /committed/],
  [
    'there are two commits',
    { ...goodFacts, docs: { ...goodFacts.docs, commits: [write, write, ...others] } },
    /committed/,
  ],
  [
    'the steer was lost',
    { ...goodFacts, docs: { ...goodFacts.docs, text: '# Docs\n' } },
    /told only on the way/,
  ],
  [
    'the question waited for the subagents',
    withEvents((events) => [
      ...events.filter((event) => !messageIs(event, '2.50 each, and nothing is left over.')),
      words(40, 'assistant', '2.50 each, and nothing is left over.'),
    ]),
    /question in between/,
  ],
  [
    'a message was lost',
    withRead((texts) => texts.filter((text) => !text.includes(person.hurries))),
    /Every message/,
  ],
  ['a message was read twice', withRead((texts) => [...texts, person.cancels]), /Every message/],
  [
    'a message was taken twice',
    withEvents((events) => [words(5, 'user', person.hurries), ...events]),
    /Every message/,
  ],
  [
    'the last message had no answer',
    withEvents((events) => [
      ...events.filter((event) => !messageIs(event, person.cancels)),
      words(50, 'user', person.cancels),
    ]),
    /Every message/,
  ],
  [
    'the person was not told of the fix',
    withEvents((events) =>
      events.map((event) => (messageIs(event, 'fix-bug is done') ? words(21, 'assistant', 'Well.') : event)),
    ),
    /told the person/,
  ],
  ['the gateway ended by itself', { ...goodFacts, crash: { ...goodFacts.crash, by: 1 } }, /died by kill -9/],
  ['nothing was at work', { ...goodFacts, crash: { ...goodFacts.crash, working: [] } }, /died by kill -9/],
  [
    'a process outlived it',
    { ...goodFacts, crash: { ...goodFacts.crash, outlived: [survivor] } },
    /died by kill -9/,
  ],
  [
    'a process of the killed one lives',
    { ...goodFacts, survey: { ...goodFacts.survey, after: [survivor] } },
    /survey is killed/,
  ],
  ['the killed one had no process', { ...goodFacts, survey: { before: [], after: [] } }, /survey is killed/],
  [
    'an announcement was read twice',
    withEvents((events) => [...events, readEvent(30, 'sub_fix-bug')]),
    /By the feed/,
  ],
  [
    'none was read',
    withEvents((events) => events.filter(({ event }) => event !== 'announcement.read')),
    /By the feed/,
  ],
  [
    'one was told twice',
    withRead((texts) => [...texts, announcement('fix-bug', 'cccccccc')]),
    /sent each of them/,
  ],
  [
    'one was never told',
    withRead((texts) => texts.filter((text) => !text.includes('label="survey"'))),
    /sent each of them/,
  ],
  ['the reader missed an event', { ...goodFacts, followed: [1, 3] }, /reader of the feed/],
  ['the reader saw one twice', { ...goodFacts, followed: [1, 2, 2, 3] }, /reader of the feed/],
  ['a request was refused', { ...goodFacts, refused: ['request 3: not so'] }, /refused none/],
  [
    'the cut request was not sent again',
    { ...goodFacts, transcripts: { ...goodFacts.transcripts, repeated: 0 } },
    /sent again/,
  ],
  [
    'a prefix changed',
    { ...goodFacts, transcripts: { ...goodFacts.transcripts, broken: ['assistant'] } },
    /to the byte/,
  ],
];

describe('the checks of the first act', () => {
  test('hold where all went well', () => {
    expect(failures(goodFacts)).toEqual([]);
  });

  test.each(spoilt)('fail where %s', (_, facts, which) => {
    const failed = failures(facts);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(which);
  });

  test('fail where a subagent is missing, failed, or one too many', () => {
    const [survey, ...rest] = goodFacts.subagents;
    if (!survey) throw new Error('there are three');
    for (const subagents of [
      rest,
      [...goodFacts.subagents, survey],
      [{ ...survey, status: 'failed' as const }, ...rest],
    ])
      expect(failures({ ...goodFacts, subagents })).toContainEqual(expect.stringMatching(/no fourth/));
  });

  test('are left open where a system shows no processes', () => {
    const blind: Facts = {
      ...goodFacts,
      crash: { by: 'SIGKILL', working: undefined, outlived: undefined },
      survey: { before: undefined, after: undefined },
    };
    expect(failures(blind)).toEqual([]);
    expect(checkFirstAct(blind).filter(({ ok }) => ok === undefined)).toHaveLength(2);
  });
});
