/** Each of the second act's checks can fail: facts with one thing wrong fail exactly the check that is about it. */
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/cli/demo/api.ts';
import { checkSecondAct, type Facts } from '../../../src/cli/demo/second-act/checks.ts';
import { deletion, proof, work } from '../../../src/cli/demo/second-act/story.ts';
import type { Transcript } from '../../../src/cli/demo/transcripts.ts';
import { announcement, readEvent, words } from '../events.ts';
import { answered, asked, begun, call, goodFacts, overlap, sentBack } from './facts.ts';

function failures(facts: Facts): string[] {
  return checkSecondAct(facts).flatMap(({ ok, what }) => (ok === false ? [what] : []));
}

function withEvents(of: keyof Facts['feeds'], change: (events: readonly Event[]) => readonly Event[]): Facts {
  const feed = goodFacts.feeds[of];
  return { ...goodFacts, feeds: { ...goodFacts.feeds, [of]: { ...feed, events: change(feed.events) } } };
}

function withSession(name: string, change: (session: Transcript) => Partial<Transcript>): Facts {
  const { transcripts } = goodFacts;
  const session = transcripts.sessions[name];
  if (!session) throw new Error(`there is no ${name}`);
  const sessions = { ...transcripts.sessions, [name]: { ...session, ...change(session) } };
  return { ...goodFacts, transcripts: { ...transcripts, sessions } };
}

/** The assistant's calls of `worktrees`, with one of them otherwise. */
function withCall(action: string, target: string | undefined, other: Transcript['results'][number]): Facts {
  return withSession('assistant', ({ results }) => ({
    results: results.map((one) => (one.input.action === action && one.input.target === target ? other : one)),
  }));
}

const { main, transcripts } = goodFacts;
const [first, second] = main.commits;
if (!first || !second) throw new Error('there are two commits');

const spoilt: readonly [string, Facts, RegExp][] = [
  [
    'nobody was asked',
    withEvents('chat', (events) => events.filter(({ event }) => event !== 'input.requested')),
    /asked once, about the whole/,
  ],
  [
    'the person was asked twice',
    withEvents('chat', (events) => [...events, asked(30, 'sub_tidy')]),
    /asked once, about the whole/,
  ],
  ['a file was gone before', { ...goodFacts, thereWhileAsked: work.old.slice(1) }, /still there/],
  [
    'it ran before the answer',
    withEvents('tidy', () => [asked(1), begun(2, deletion), answered(3, 'person', 'allow')]),
    /It ran once, after/,
  ],
  [
    'it ran although it was denied',
    withEvents('tidy', () => [asked(1), answered(2, 'person', 'deny'), begun(3, deletion)]),
    /It ran once, after/,
  ],
  [
    'a model allowed it',
    withEvents('tidy', () => [asked(1), answered(2, 'parent', 'allow'), begun(3, deletion)]),
    /It ran once, after/,
  ],
  ['it ran twice', withEvents('tidy', (events) => [...events, begun(9, deletion)]), /It ran once, after/],
  [
    'it was believed at once',
    withEvents('decimals', (events) => events.filter(({ event }) => event !== 'notice')),
    /said too early/,
  ],
  ['it was sent back twice', withEvents('decimals', (events) => [...events, sentBack(9)]), /said too early/],
  ['it never heard why', withSession('decimals', () => ({ texts: ['The task.'] })), /said too early/],
  [
    'nothing was checked in the end',
    {
      ...goodFacts,
      subagents: goodFacts.subagents.map(({ verified: _, ...subagent }) => subagent),
    },
    new RegExp(`believed when “${proof}”`),
  ],
  [
    'the reviewer could write',
    withSession('review', ({ tools }) => ({ tools: [...tools, 'edit'] })),
    /The reviewer read/,
  ],
  ['the reviewer read nothing', withSession('review', () => ({ results: [] })), /The reviewer read/],
  ['the reviewer changed something', { ...goodFacts, reviewed: { commits: ['Hm'] } }, /The reviewer read/],
  [
    'they landed in another order',
    { ...goodFacts, main: { ...main, commits: [second, first] } },
    /exactly two new commits/,
  ],
  ['one did not land', { ...goodFacts, main: { ...main, commits: [first] } }, /exactly two new commits/],
  [
    'what was refused landed all the same',
    { ...goodFacts, main: { ...main, commits: [...main.commits, first] } },
    /exactly two new commits/,
  ],
  [
    'more landed than was asked for',
    {
      ...goodFacts,
      main: { ...main, commits: [first, { ...second, files: `${second.files} package.json` }] },
    },
    /exactly two new commits/,
  ],
  ['the bug was none', { ...goodFacts, tests: { before: true, after: true } }, /On main the test failed/],
  ['the bug is still there', { ...goodFacts, tests: { before: false, after: false } }, /On main the test/],
  [
    'a merge was left half-done',
    { ...goodFacts, main: { ...main, status: `UU ${work.source}` } },
    /nothing half-done/,
  ],
  [
    'nobody looked before the landing',
    withSession('assistant', ({ results }) => ({ results: results.slice(1) })),
    /told before anything landed/,
  ],
  [
    'the overlap was not seen',
    withCall('list', undefined, call('list', undefined, overlap.replace(/\n {2}also.*/, ''))),
    /told before anything landed/,
  ],
  [
    'the overlap was seen only afterwards',
    withSession('assistant', ({ results }) => ({ results: [...results.slice(1), ...results.slice(0, 1)] })),
    /told before anything landed/,
  ],
  ['what conflicts landed', withCall('land', 'euro', call('land', 'euro', 'Landed.')), /Landing euro was/],
  [
    'the file was not named',
    withCall('land', 'euro', call('land', 'euro', 'It does not fit.', true)),
    /Landing euro was refused/,
  ],
  [
    'the person was not told of it',
    withEvents('chat', (events) => [
      ...events.filter(({ event }) => event !== 'message'),
      words(20, 'assistant', 'All is well.'),
    ]),
    /Landing euro was refused/,
  ],
  ['the refused work changed', { ...goodFacts, euro: { before: 'abc', after: 'def' } }, /kept as it was/],
  ['the refused work is gone', { ...goodFacts, euro: { before: 'abc', after: '' } }, /kept as it was/],
  [
    'a branch was left',
    { ...goodFacts, branches: ['subagent/euro', 'subagent/tidy'] },
    /branches and folders of what landed/,
  ],
  [
    'the folder of the refused one is gone',
    { ...goodFacts, worktrees: [] },
    /branches and folders of what landed/,
  ],
  [
    'one had failed',
    {
      ...goodFacts,
      subagents: goodFacts.subagents.map((one) =>
        one.label === 'euro' ? { ...one, status: 'failed' as const } : one,
      ),
    },
    /no fifth/,
  ],
  [
    'news was read twice',
    withEvents('chat', (events) => [...events, readEvent(40, 'sub_tidy')]),
    /news of each/,
  ],
  [
    'news was never sent to the model',
    withSession('assistant', ({ texts }) => ({ texts: texts.slice(0, -1) })),
    /news of each/,
  ],
  [
    'news was sent to the model twice',
    withSession('assistant', ({ texts }) => ({ texts: [...texts, announcement('tidy', 'bbbbbbbb')] })),
    /news of each/,
  ],
  ['the reader missed an event', { ...goodFacts, followed: [1, 3] }, /missed nothing/],
  ['a request was refused', { ...goodFacts, refused: ['request 3: not so'] }, /refused none/],
  ['a request came twice', { ...goodFacts, transcripts: { ...transcripts, repeated: 1 } }, /refused none/],
  [
    'a prefix changed',
    { ...goodFacts, transcripts: { ...transcripts, broken: ['tidy'] } },
    /all of the one before it/,
  ],
];

describe('the checks of the second act', () => {
  test('hold where all went well', () => {
    expect(failures(goodFacts)).toEqual([]);
  });

  test.each(spoilt)('fail where %s', (_, facts, which) => {
    const failed = failures(facts);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(which);
  });
});
