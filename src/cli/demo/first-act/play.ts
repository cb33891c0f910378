/**
 * The first act: what the person does and when, where the gateway is killed and started again, and the facts that
 * are gathered on the way. What the gateway makes of it is its own affair.
 */
import { feedPath } from '../api.ts';
import { lives, processesOf, type Sighting } from '../processes.ts';
import type { Repository } from '../repository.ts';
import type { Scene } from '../stage.ts';
import { readTranscripts } from '../transcripts.ts';
import { gates } from './assistant.ts';
import type { Facts } from './checks.ts';
import { firstScript } from './script.ts';
import { type Label, labels, person, steer, work } from './story.ts';
import { stepShown, workerOf } from './workers.ts';

/** Plays the act to its end. @throws what it waited for in vain, in words */
export async function playFirstAct(scene: Scene, repository: Repository): Promise<Facts> {
  const { playground, simulator, timeline, api, breathe } = scene;
  const sent = scene.listen();
  simulator.follow(firstScript);

  timeline.rule('First act: a person asks, the assistant hands the work out');
  const passesBefore = await repository.testsPass('main');
  timeline.line('demo', `makes a repository with a bug: a test ${passesBefore ? 'PASSES' : 'fails'}`);
  const first = await scene.startGateway('starts');
  const {
    id: chat,
    narrator,
    seen,
    speak,
  } = await scene.openChat('demo', {
    startOf: (label) =>
      label === 'survey' ? 'starts, in a folder of its own' : 'starts, on a branch of its own',
    stepShown,
  });
  await breathe();
  await speak(person.asks);
  await seen.until(
    'three subagents are at work and the assistant has said so',
    () => seen.atWork === labels.length && seen.atRest(1),
  );

  timeline.rule('The chat stays free');
  await breathe();
  await speak(person.wonders);
  await seen.until('the question was answered', () => seen.atRest(2));
  await breathe();
  await speak(person.steers);
  await seen.until('write-docs has got the steer', () => seen.steered('write-docs', steer));
  simulator.open(gates.draft);

  await seen.until('the assistant is in the middle of the news, the others of a long command', () => {
    const midSentence = simulator.waiting(gates.news) === 1 && narrator.partial !== '';
    return (
      midSentence && seen.callsBegun('fix-bug', 'seq 500') > 0 && seen.callsBegun('survey', 'survey.txt') > 0
    );
  });
  await breathe();
  timeline.line('assistant', `“${narrator.partial}—`, 'dim');
  await speak(person.hurries);
  timeline.line('gateway', 'has accepted that (HTTP 202); nobody has read it yet', 'dim');
  const working = processesOf(playground.folder)?.filter(({ pid }) => pid !== first.pid);

  timeline.rule('The gateway process is killed (kill -9)', 'red');
  const by = await scene.killGateway();
  timeline.line(
    'gateway',
    `is gone, in the middle of that sentence; ${amount(working)} were at work for its subagents`,
  );
  simulator.open(gates.news);
  await breathe();

  timeline.rule('… and started again. Nobody tells it what to do', 'green');
  await scene.startGateway('starts on the same folder');
  const outlived = working?.filter(lives);
  await seen.until(
    'the assistant told the news of write-docs and answered',
    () => seen.said('write-docs is done') && seen.said('fix-bug is still') && seen.atRest(1),
  );
  await seen.until('the survey goes on', () => seen.callsBegun('survey', 'wc -l survey.txt;') > 0);
  await breathe();

  timeline.rule('One is killed, one comes home');
  const survey = seen.idOf('survey');
  let counting: Sighting[] | undefined;
  await seen.until('the survey has processes again', () => {
    counting = processesOf(survey);
    return counting === undefined || counting.length > 0;
  });
  const { turns } = seen;
  await speak(person.cancels);
  await seen.until('the survey is stopped', () => seen.atRest(turns + 1));
  const stillCounting = processesOf(survey);
  await breathe();
  simulator.open(gates.last);
  await seen.until(
    'the assistant told the news of fix-bug',
    () => seen.said('fix-bug is done') && seen.atRest(turns + 2),
  );
  await breathe();

  const subagents = await api.subagents(chat);
  const feed = await api.wholeFeed(feedPath(chat));
  await seen.until(
    'the reader of the feed has all of it',
    () => (seen.followed.at(-1) ?? 0) >= (feed.ids.at(-1) ?? 0),
  );
  const followed = [...seen.followed];
  const { records, refused } = sent();
  return {
    ...(await outcome(repository, passesBefore)),
    crash: { by, working, outlived },
    survey: { before: counting, after: stillCounting },
    subagents,
    feed,
    followed,
    transcripts: readTranscripts(records, workerOf),
    refused,
  };
}

/** What the repository holds in the end. */
async function outcome(
  { git, base, testsPass }: Repository,
  passesBefore: boolean,
): Promise<Pick<Facts, 'base' | 'fix' | 'docs'>> {
  const commits = async (label: Label): Promise<string[]> => {
    const text = await git('log', '--format=%an: %s', `${base}..subagent/${label}`).catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  const [passesAfter, fixPasses] = await Promise.all([
    testsPass('main'),
    testsPass('subagent/fix-bug').catch(() => false),
  ]);
  return {
    base: { passesBefore, passesAfter, moved: (await git('rev-parse', 'main')) !== base },
    fix: { passes: fixPasses, commits: await commits('fix-bug') },
    docs: {
      text: await git('show', `subagent/write-docs:${work.docs}`).catch(() => ''),
      commits: await commits('write-docs'),
    },
  };
}

function amount(sightings: readonly Sighting[] | undefined): string {
  return sightings === undefined ? 'processes' : `${sightings.length} processes`;
}
