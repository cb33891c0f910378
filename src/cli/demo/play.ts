/**
 * The demo's story, act by act: what the person does and when, where the gateway is killed and started again,
 * and the facts that are gathered on the way. What the gateway makes of it is its own affair.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Simulator } from '../../simulator/server.ts';
import { makeApi } from './api.ts';
import { gates } from './assistant.ts';
import { makeAudience } from './audience.ts';
import type { Facts } from './checks.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { makeNarrator } from './narrator.ts';
import type { Playground } from './playground.ts';
import { lives, processesOf, type Sighting } from './processes.ts';
import { type Label, labels, person, work } from './story.ts';
import type { Timeline } from './timeline.ts';
import { readTranscripts } from './transcripts.ts';

export interface Stage {
  readonly playground: Playground;
  readonly simulator: Simulator;
  readonly timeline: Timeline;
  /** Aborts when the person wants no more of it. */
  readonly signal: AbortSignal;
  /** Handed each gateway as it is started, for whoever cleans up. */
  readonly onGateway: (gateway: GatewayProcess) => void;
}

/** Between what the person reads and what the person types next. */
const BREATH_MS = 700;

/** Plays the story to its end. @throws what it waited for in vain, in words */
export async function play(stage: Stage): Promise<Facts> {
  const over = new AbortController();
  const failed = new AbortController();
  const signal = AbortSignal.any([stage.signal, failed.signal, over.signal]);
  try {
    return await acts(stage, signal, failed);
  } finally {
    over.abort();
  }
}

async function acts(stage: Stage, signal: AbortSignal, failed: AbortController): Promise<Facts> {
  const { playground, simulator, timeline } = stage;
  const token = randomBytes(24).toString('hex');
  let url: string | undefined;

  async function startGateway(words: string): Promise<GatewayProcess> {
    const gateway = await startGatewayProcess({ playground, modelUrl: simulator.url, token }, signal);
    stage.onGateway(gateway);
    url = gateway.url;
    timeline.line('gateway', `${words} (process ${gateway.pid})`);
    return gateway;
  }
  const breathe = (): Promise<unknown> => sleep(BREATH_MS, undefined, { signal });

  timeline.rule('A person asks, the assistant hands the work out');
  const passesBefore = await playground.testsPass('main');
  timeline.line('demo', `makes a repository with a bug: a test ${passesBefore ? 'PASSES' : 'fails'}`);
  const first = await startGateway('starts');
  const api = makeApi({ token, url: () => url, signal, failed: (error) => failed.abort(error) });
  const chat = await api.createChat();
  const narrator = makeNarrator(timeline);
  const seen = makeAudience(api, narrator, chat, signal);
  const speak = async (words: string): Promise<void> => {
    timeline.line('person', `“${words}”`);
    await api.say(chat, words);
  };
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
  await seen.until('write-docs has got the steer', () => seen.steered('write-docs'));
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
  url = undefined;
  const by = await first.kill();
  timeline.line(
    'gateway',
    `is gone, in the middle of that sentence; ${amount(working)} of subagents were at work`,
  );
  simulator.open(gates.news);
  await breathe();

  timeline.rule('… and started again. Nobody tells it what to do', 'green');
  const second = await startGateway('starts on the same folder');
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
  const feed = await api.wholeFeed(chat);
  await seen.until(
    'the reader of the feed has all of it',
    () => (seen.followed.at(-1) ?? 0) >= (feed.ids.at(-1) ?? 0),
  );
  const followed = [...seen.followed];
  const stopped = await second.stop();
  timeline.line('gateway', 'is told to stop, and stops');
  return {
    ...(await outcome(playground, passesBefore)),
    crash: { by, working, outlived },
    survey: { before: counting, after: stillCounting },
    subagents,
    feed,
    followed,
    transcripts: readTranscripts(simulator.requests),
    refused: refusals(simulator),
    stopped,
    left: processesOf(playground.folder),
  };
}

/** What the repository holds in the end. */
async function outcome(
  playground: Playground,
  passesBefore: boolean,
): Promise<Pick<Facts, 'base' | 'fix' | 'docs'>> {
  const { git, base, testsPass } = playground;
  const commits = async (label: Label): Promise<string[]> => {
    const text = await git('log', '--format=%an: %s', `${base}..subagent/${label}`).catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  return {
    base: {
      passesBefore,
      passesAfter: await testsPass('main'),
      moved: (await git('rev-parse', 'main')) !== base,
    },
    fix: {
      passes: await testsPass('subagent/fix-bug').catch(() => false),
      commits: await commits('fix-bug'),
    },
    docs: {
      text: await git('show', `subagent/write-docs:${work.docs}`).catch(() => ''),
      commits: await commits('write-docs'),
    },
  };
}

function refusals({ violations, counts }: Simulator): string[] {
  const words = violations.map((one) => `request ${one.request}: ${one.message}`);
  const others = counts.refused + counts.faulted - words.length;
  return others > 0 ? [...words, `${others} more`] : words;
}

function amount(sightings: readonly Sighting[] | undefined): string {
  return sightings === undefined ? 'processes' : `${sightings.length} processes`;
}
