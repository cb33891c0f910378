/**
 * What must be true after the first act, each thing judged by what the demo saw itself: in the repository, in /proc,
 * on the feed, in the requests. Pure: facts in, verdicts out.
 */
import { announcementsIn } from '../announcements.ts';
import type { Event, Feed, Subagent } from '../api.ts';
import { announcementsRead, type Check, check, list, pids, same, seen } from '../check.ts';
import type { Sighting } from '../processes.ts';
import type { Transcripts } from '../transcripts.ts';
import { answerInBetween, labels, person, steer, work } from './story.ts';

export interface Facts {
  readonly base: { readonly passesBefore: boolean; readonly passesAfter: boolean; readonly moved: boolean };
  /** `author: subject` of the commits on the branch since the base; empty without the branch. */
  readonly fix: { readonly passes: boolean; readonly commits: readonly string[] };
  readonly docs: { readonly text: string; readonly commits: readonly string[] };
  readonly crash: {
    /** How the gateway ended. */
    readonly by: number | NodeJS.Signals;
    /** Processes at work for subagents right before, and which of them still lived when the next gateway was ready. */
    readonly working: readonly Sighting[] | undefined;
    readonly outlived: readonly Sighting[] | undefined;
  };
  /** The survey's processes right before and right after it was killed. */
  readonly survey: {
    readonly before: readonly Sighting[] | undefined;
    readonly after: readonly Sighting[] | undefined;
  };
  readonly subagents: readonly Pick<Subagent, 'id' | 'label' | 'status' | 'attempt' | 'announcement'>[];
  /** The feed, read again from its beginning, and what its live reader got in the end. */
  readonly feed: Feed;
  readonly followed: readonly number[];
  readonly transcripts: Transcripts;
  /** What the simulator refused, in words. */
  readonly refused: readonly string[];
}

export function checkFirstAct(facts: Facts): Check[] {
  return [
    ...workChecks(facts),
    ...chatChecks(facts),
    ...processChecks(facts),
    ...newsChecks(facts),
    ...requestChecks(facts),
  ];
}

// ───────────────────────────────────────────────────────── the work

function workChecks({ base, fix, docs }: Facts): Check[] {
  const own = (label: string, subject: string): string => `Tidings subagent ${label}: ${subject}`;
  return [
    check(
      'On main the test fails, as it did before',
      !base.passesBefore && !base.passesAfter,
      `before it ${base.passesBefore ? 'passed' : 'failed'}, now it ${base.passesAfter ? 'passes' : 'fails'}`,
    ),
    check('On the branch subagent/fix-bug it passes', fix.passes, 'it fails'),
    check(
      'Each of the two committed on its own branch; main has not moved',
      !base.moved &&
        same(fix.commits, [own('fix-bug', work.fixSubject)]) &&
        same(docs.commits, [own('write-docs', work.docsSubject)]),
      `commits of fix-bug: ${list(fix.commits)}; of write-docs: ${list(docs.commits)}${base.moved ? '; main has moved' : ''}`,
    ),
    check(
      'The docs say what write-docs was told only on the way',
      docs.text.includes(steer),
      docs.text === '' ? `there is no ${work.docs}` : 'it is not in them',
    ),
  ];
}

// ───────────────────────────────────────────────────────── the chat

function chatChecks({ feed, transcripts }: Facts): Check[] {
  const spoken = feed.events.flatMap((event) => (event.event === 'message' ? [event.data.message] : []));
  const answer = spoken.find(({ role, text }) => role === 'assistant' && text.includes(answerInBetween));
  const started = seqs(feed.events, 'subagent.spawned');
  const ended = seqs(feed.events, 'subagent.ended');
  const free =
    answer !== undefined &&
    started.length === labels.length &&
    started.every((seq) => seq < answer.seq) &&
    ended.every((seq) => seq > answer.seq);

  const astray = Object.values(person).filter((words) => {
    const said = spoken.filter(({ role, text }) => role === 'user' && text === words);
    const read = assistantRead(transcripts).filter((text) => text.includes(words));
    const answered = spoken.some(({ role, seq }) => role === 'assistant' && seq > (said[0]?.seq ?? Infinity));
    return said.length !== 1 || read.length !== 1 || !answered;
  });
  const untold = ['fix-bug', 'write-docs'].filter(
    (label) => !spoken.some(({ role, text }) => role === 'assistant' && text.includes(`${label} is done`)),
  );
  return [
    check(
      'The question in between was answered while all three were at work',
      free,
      answer === undefined ? 'it was not answered' : 'it had to wait',
    ),
    check(
      'Every message of the person was read once and answered, the one right before the kill -9 too',
      astray.length === 0,
      `not so: ${astray.map((words) => `“${words}”`).join(', ')}`,
    ),
    check(
      'The assistant told the person what came of it',
      untold.length === 0,
      `nothing was said of ${untold.join(' and ')}`,
    ),
  ];
}

/** The texts that the assistant's model was sent. */
function assistantRead({ sessions }: Transcripts): readonly string[] {
  return sessions.assistant?.texts ?? [];
}

function seqs(events: readonly Event[], name: Event['event']): number[] {
  return events.flatMap(({ event, data }) => (event === name && 'seq' in data ? [data.seq] : []));
}

// ───────────────────────────────────────────────────────── processes

function processChecks({ crash, survey, subagents }: Facts): Check[] {
  const status = subagents.find(({ label }) => label === 'survey')?.status;
  return [
    check(
      `The gateway died by kill -9 with ${count(crash.working)} at work for its subagents; none outlived it`,
      crash.by === 'SIGKILL' && seen(crash.working, (all) => all.length > 0) !== false
        ? seen(crash.outlived, (all) => all.length === 0)
        : false,
      `it ended with ${crash.by}; outlived it: ${pids(crash.outlived)}`,
    ),
    check(
      `survey is killed, and with it its ${count(survey.before)}`,
      status === 'killed' && seen(survey.before, (all) => all.length > 0) !== false
        ? seen(survey.after, (all) => all.length === 0)
        : false,
      `it is ${status ?? 'nowhere'}; before: ${pids(survey.before)}; after: ${pids(survey.after)}`,
    ),
  ];
}

function count(sightings: readonly Sighting[] | undefined): string {
  return sightings === undefined
    ? 'processes'
    : `${sightings.length} process${sightings.length === 1 ? '' : 'es'}`;
}

// ───────────────────────────────────────────────────────── news

function newsChecks({ subagents, feed, followed, transcripts }: Facts): Check[] {
  const statuses = subagents.map(({ label, status }) => `${label} ${status}`).sort();
  const read = announcementsRead(feed.events);
  const owed = subagents.map(({ id, attempt }) => `${id} ${attempt}`).sort();
  const told = assistantRead(transcripts).flatMap(announcementsIn);
  const nonces = new Set(told.map(({ nonce }) => nonce));
  return [
    check(
      'fix-bug and write-docs completed, survey was killed, there is no fourth',
      same(statuses, ['fix-bug completed', 'survey killed', 'write-docs completed']),
      list(statuses),
    ),
    check(
      'By the feed each of the 3 announcements was read exactly once',
      owed.length === labels.length && same(read, owed),
      `owed: ${list(owed)}; read: ${list(read)}`,
    ),
    check(
      'In what the model was sent each of them stands exactly once',
      told.length === labels.length &&
        nonces.size === told.length &&
        same(told.map(({ label }) => label).sort(), [...labels].sort()),
      list(told.map(({ label, nonce }) => `${label} ${nonce}`)),
    ),
    check(
      'The reader of the feed came back after the cut, missed nothing and saw nothing twice',
      same(followed.map(String), feed.ids.map(String)),
      `it saw ${followed.length} events, and there are ${feed.ids.length}`,
    ),
  ];
}

// ───────────────────────────────────────────────────────── requests

function requestChecks({ transcripts, refused }: Facts): Check[] {
  return [
    check(
      `The simulator, as strict as the real API, refused none of the ${transcripts.requests} requests`,
      transcripts.requests > 0 && refused.length === 0,
      list(refused),
    ),
    check(
      'Every request began with all of the one before it, to the byte',
      transcripts.broken.length === 0,
      `not so: ${list(transcripts.broken)}`,
    ),
    check(
      'The request that the kill cut was sent again, unchanged',
      transcripts.repeated === 1,
      `${transcripts.repeated} requests came twice`,
    ),
  ];
}
