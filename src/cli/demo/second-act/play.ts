/**
 * The second act: subagents that are let loose on a repository. What the person does and when, and the facts that are
 * gathered on the way. What the gateway makes of it is its own affair.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { feedPath } from '../api.ts';
import type { GatewayProcess } from '../gateway-process.ts';
import type { Repository } from '../repository.ts';
import type { Scene } from '../stage.ts';
import { readTranscripts } from '../transcripts.ts';
import { assistantStep } from './assistant.ts';
import type { Facts } from './checks.ts';
import { secondScript } from './script.ts';
import { deletion, person, rule, work } from './story.ts';
import { gates, stepShown, workerOf } from './workers.ts';

/** Plays the act to its end. @throws what it waited for in vain, in words */
export async function playSecondAct(scene: Scene, repository: Repository): Promise<Facts> {
  const { simulator, timeline, api, breathe } = scene;
  const { git, testsPass } = repository;
  const sent = scene.listen();
  simulator.follow(secondScript);

  timeline.rule('Second act: what if one deletes too much, or only says that it is done?');
  const before = await testsPass('main');
  timeline.line('demo', `opens another repository with a bug: a test ${before ? 'PASSES' : 'fails'}`);
  timeline.line('gateway', `has a rule in its configuration: ask a person before ${rule}`);
  timeline.line('gateway', enclosure(scene.gateway));
  const {
    id: chat,
    seen,
    speak,
  } = await scene.openChat('second act', {
    startOf: (label) =>
      label === 'review'
        ? 'starts as a reviewer, on the branch that it judges: it may read, and change nothing'
        : 'starts, in a folder and on a branch of its own',
    stepShown,
    assistantStep,
    quotesSubagents: true,
  });
  await speak(person.asks);
  await seen.until(
    'one asks for permission, and the assistant has said so',
    () => seen.asked('tidy') !== undefined && seen.said('tidy wants'),
  );
  await breathe();
  const thereWhileAsked = await oldFiles(repository);
  timeline.line('person', `allows “${deletion}”`);
  await api.allow(chat, seen.idOf('tidy'), seen.asked('tidy')?.id ?? '');
  await seen.until('tidy has done what it was allowed', () => seen.callsBegun('tidy', 'git commit') > 0);

  timeline.rule('One says that it is done, and is not');
  simulator.open(gates.claim);
  await seen.until('decimals was sent back, mended it, and is done', () => seen.hasEnded('decimals'));
  await seen.until(
    'the reviewer has its verdict, and the others are done',
    () => simulator.waiting(gates.verdict) > 0 && seen.hasEnded('euro') && seen.hasEnded('tidy'),
  );
  const tip = (branch: string): Promise<string> => git('rev-parse', '--verify', branch).catch(() => '');
  const euro = await tip('subagent/euro');
  const reviewed = await lines(git('log', '--format=%s', 'subagent/decimals..subagent/review'));

  timeline.rule('All or nothing, one after the other: the work comes onto main');
  simulator.open(gates.verdict);
  await seen.until(
    'the assistant has cleared away what landed',
    () => (seen.said('cleared away') || seen.said('did not work')) && seen.atRest(3),
  );

  const subagents = await api.subagents(chat);
  const feedOf = (label?: string) => api.wholeFeed(feedPath(chat, label && seen.idOf(label)));
  const feeds = { chat: await feedOf(), decimals: await feedOf('decimals'), tidy: await feedOf('tidy') };
  await seen.until(
    'the reader of the feed has all of it',
    () => (seen.followed.at(-1) ?? 0) >= (feeds.chat.ids.at(-1) ?? 0),
  );
  const followed = [...seen.followed];
  const main = { commits: await commitsSince(repository), status: await git('status', '--porcelain') };
  const news = main.commits.map(({ subject }) => `“${subject}”`).join(', then ');
  timeline.line(
    'demo',
    `looks into git: new on main is ${news}; ${main.status === '' ? 'nothing else has changed there' : `and changed: ${main.status}`}`,
  );
  const { records, refused } = sent();
  return {
    tests: { before, after: await testsPass('main') },
    main,
    thereWhileAsked,
    euro: { before: euro, after: await tip('subagent/euro') },
    reviewed: { commits: reviewed },
    branches: await lines(git('branch', '--format=%(refname:short)', '--list', 'subagent/*')),
    worktrees: [...(await worktreesOf(repository)).keys()].filter((branch) => branch !== 'main'),
    subagents,
    feeds,
    followed,
    transcripts: readTranscripts(records, workerOf),
    refused,
  };
}

function enclosure({ unenclosed }: GatewayProcess): string {
  return unenclosed === undefined
    ? "puts a sandbox around each command: it can write in its own workspace and the chat's /tmp only"
    : `has NO SANDBOX here, and does without: ${unenclosed}`;
}

/** What lies in the worktree of `tidy` of that which it is to delete. */
async function oldFiles(repository: Repository): Promise<string[]> {
  const folder = (await worktreesOf(repository)).get('subagent/tidy');
  return folder === undefined ? [] : work.old.filter((path) => existsSync(join(folder, path)));
}

/** Branch → folder of the worktrees that have one. */
async function worktreesOf({ git }: Repository): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const block of (await git('worktree', 'list', '--porcelain')).split('\n\n')) {
    const [, folder] = /^worktree (.+)$/m.exec(block) ?? [];
    const [, branch] = /^branch refs\/heads\/(.+)$/m.exec(block) ?? [];
    if (folder !== undefined && branch !== undefined) found.set(branch, folder);
  }
  return found;
}

async function commitsSince({ git, base }: Repository): Promise<Facts['main']['commits']> {
  const hashes = await lines(git('rev-list', '--reverse', `${base}..main`));
  return Promise.all(
    hashes.map(async (hash) => {
      const [author = '', subject = '', ...files] = await lines(
        git('show', '--format=%an%n%s', '--name-only', hash),
      );
      return { author, subject, files: files.join(' ') };
    }),
  );
}

/** Nothing where git has nothing to say. */
async function lines(output: Promise<string>): Promise<string[]> {
  const text = await output.catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
