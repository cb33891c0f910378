/**
 * What must be true after the second act, each thing judged by what the demo saw itself: in the repository, on the
 * feeds, in the requests. Pure: facts in, verdicts out.
 */
import { announcementsIn } from '../announcements.ts';
import type { Feed, Subagent } from '../api.ts';
import { announcementsRead, type Check, check, list, same } from '../check.ts';
import type { Transcript, Transcripts } from '../transcripts.ts';
import { deletion, labels, proof, rule, subjects, work } from './story.ts';
import { sentBackWords } from './workers.ts';
import { filesInTheWay, sharedFiles } from './worktree-words.ts';

export interface Facts {
  /** Whether main's tests passed in the beginning and in the end. */
  readonly tests: { readonly before: boolean; readonly after: boolean };
  readonly main: {
    /** Since the beginning, the first that landed first. */
    readonly commits: readonly {
      readonly author: string;
      readonly subject: string;
      readonly files: string;
    }[];
    /** What git says of changes in the folder where main is checked out; empty: there are none. */
    readonly status: string;
  };
  /** Of the files to be deleted, those that were still there while the person had not answered. */
  readonly thereWhileAsked: readonly string[];
  /** Where the branch of `euro` was before the landings, and where it is in the end; empty without the branch. */
  readonly euro: { readonly before: string; readonly after: string };
  /** What git had on the reviewer's branch that the reviewed one had not, before the landings. */
  readonly reviewed: { readonly commits: readonly string[] };
  /** The subagents' branches in the end, and those that have a worktree. */
  readonly branches: readonly string[];
  readonly worktrees: readonly string[];
  readonly subagents: readonly Pick<Subagent, 'id' | 'label' | 'status' | 'attempt' | 'verified'>[];
  /** The feeds, read again from their beginning, and what the live reader of the chat's got in the end. */
  readonly feeds: { readonly chat: Feed; readonly decimals: Feed; readonly tidy: Feed };
  readonly followed: readonly number[];
  readonly transcripts: Transcripts;
  /** What the simulator refused, in words. */
  readonly refused: readonly string[];
}

export function checkSecondAct(facts: Facts): Check[] {
  return [
    ...permissionChecks(facts),
    ...truthChecks(facts),
    ...landingChecks(facts),
    ...newsChecks(facts),
    ...requestChecks(facts),
  ];
}

const nobody: Transcript = { tools: [], texts: [], results: [] };

// ───────────────────────────────────────────────────────── asked first

function permissionChecks({ thereWhileAsked, feeds }: Facts): Check[] {
  const asked = feeds.chat.events.flatMap(({ event, data }) =>
    event === 'input.requested' ? [data.request] : [],
  );
  const [request] = asked;
  const shownWhole =
    asked.length === 1 &&
    request?.kind === 'permission' &&
    request.detail.includes(deletion) &&
    request.detail.includes(rule);
  const story = feeds.tidy.events.flatMap(({ event, data }) => {
    if (event === 'input.requested') return ['asked'];
    if (event === 'input.answered')
      return [data.decision === 'allow' ? `allowed by a ${data.by}` : String(data.decision ?? data.outcome)];
    return event === 'tool.started' && data.summary.includes(deletion) ? ['run'] : [];
  });
  return [
    check(
      `The person was asked once, about the whole command “${deletion}”, and told which rule wants that`,
      shownWhole,
      list(asked.map(({ kind, detail }) => `${kind}: ${detail}`)),
    ),
    check(
      'While nobody had answered, the files to be deleted were still there',
      same(thereWhileAsked, work.old),
      list(thereWhileAsked),
    ),
    check(
      'It ran once, after the person had allowed it',
      same(story, ['asked', 'allowed by a person', 'run']),
      list(story),
    ),
  ];
}

// ───────────────────────────────────────────────────────── checked before it is believed

function truthChecks({ feeds, transcripts, subagents, reviewed }: Facts): Check[] {
  const sentBack = feeds.decimals.events.filter(
    ({ event, data }) => event === 'notice' && data.level === 'warning',
  ).length;
  const { decimals = nobody, review = nobody } = transcripts.sessions;
  const read = decimals.texts.filter((text) => text.includes(sentBackWords));
  const proven = read.length === 1 && read.every((text) => text.includes(proof) && text.includes('12.50'));
  const card = subagents.find(({ label }) => label === 'decimals');
  const changing = review.tools.filter((tool) => tool === 'write' || tool === 'edit');
  const saw = review.results.some(({ text, isError }) => !isError && text.includes(work.mended));
  return [
    check(
      'decimals said too early that it was done, and was sent back once, with what the tests printed',
      sentBack === 1 && proven,
      `sent back ${sentBack} times; it read of it ${read.length} times`,
    ),
    check(
      `It was believed when “${proof}” succeeded`,
      card?.verified === proof,
      `checked was: ${card?.verified ?? 'nothing'}`,
    ),
    check(
      'The reviewer read the change, had no tool that changes files, and changed nothing',
      saw && changing.length === 0 && reviewed.commits.length === 0,
      `it ${saw ? 'read' : 'did not read'} the change; tools: ${list(changing)}; commits: ${list(reviewed.commits)}`,
    ),
  ];
}

// ───────────────────────────────────────────────────────── landed

function landingChecks({ tests, main, euro, branches, worktrees, feeds, transcripts }: Facts): Check[] {
  const results = (transcripts.sessions.assistant ?? nobody).results.filter(
    ({ name }) => name === 'worktrees',
  );
  const landing = results.findIndex(({ input }) => input.action === 'land');
  const looked = landing < 0 ? results : results.slice(0, landing);
  const listed = looked.find(({ input }) => input.action === 'list')?.text ?? '';
  const refusal = results.find(({ input }) => input.action === 'land' && input.target === 'euro');
  const named = refusal?.isError === true && same(filesInTheWay(refusal.text), [work.source]);
  const told = feeds.chat.events.some(
    ({ event, data }) =>
      event === 'message' &&
      data.message.role === 'assistant' &&
      data.message.text.includes('euro was refused') &&
      data.message.text.includes(work.source),
  );
  return [
    check(
      'main has exactly two new commits, in the order in which they were landed: decimals, then tidy',
      same(
        main.commits.map(({ author, subject, files }) => `${author}: ${subject} (${files})`),
        [
          `Tidings subagent decimals: ${subjects.decimals} (${work.source})`,
          `Tidings subagent tidy: ${subjects.tidy} (${work.old.join(' ')})`,
        ],
      ),
      list(main.commits.map(({ author, subject, files }) => `${author}: ${subject} (${files})`)),
    ),
    check(
      'On main the test failed, and passes now',
      !tests.before && tests.after,
      `before it ${tests.before ? 'passed' : 'failed'}, now it ${tests.after ? 'passes' : 'fails'}`,
    ),
    check(
      'The folder in which main is checked out holds just that, and nothing half-done',
      main.status === '',
      main.status,
    ),
    check(
      `That decimals and euro both change ${work.source} was told before anything landed`,
      same(sharedFiles(listed, 'decimals', 'subagent/euro'), [work.source]),
      listed === '' ? 'nothing was listed' : listed,
    ),
    check(
      `Landing euro was refused, ${work.source} was named, and the person was told`,
      named && told,
      `${refusal?.text ?? 'it was not tried'}; the person was ${told ? '' : 'not '}told`,
    ),
    check(
      'What was refused is kept as it was',
      euro.before !== '' && euro.after === euro.before,
      `it was ${euro.before || 'nowhere'}, and is ${euro.after || 'nowhere'}`,
    ),
    check(
      'The branches and folders of what landed are cleared away, only those of euro are left',
      same(branches, ['subagent/euro']) && same(worktrees, ['subagent/euro']),
      `branches: ${list(branches)}; folders: ${list(worktrees)}`,
    ),
  ];
}

// ───────────────────────────────────────────────────────── news

function newsChecks({ subagents, feeds, followed, transcripts }: Facts): Check[] {
  const statuses = subagents.map(({ label, status }) => `${label} ${status}`).sort();
  const read = announcementsRead(feeds.chat.events);
  const owed = subagents.map(({ id, attempt }) => `${id} ${attempt}`).sort();
  const told = (transcripts.sessions.assistant ?? nobody).texts.flatMap(announcementsIn);
  const all = [...labels].sort();
  return [
    check(
      'All four completed, there is no fifth',
      same(
        statuses,
        all.map((label) => `${label} completed`),
      ),
      list(statuses),
    ),
    check(
      'The news of each was read exactly once, by the feed and in what the model was sent',
      same(read, owed) && same(told.map(({ label }) => label).sort(), all),
      `owed: ${list(owed)}; read: ${list(read)}; sent: ${list(told.map(({ label }) => label))}`,
    ),
    check(
      'The reader of the feed missed nothing and saw nothing twice',
      same(followed.map(String), feeds.chat.ids.map(String)),
      `it saw ${followed.length} events, and there are ${feeds.chat.ids.length}`,
    ),
  ];
}

// ───────────────────────────────────────────────────────── requests

function requestChecks({ transcripts, refused }: Facts): Check[] {
  const { requests, repeated, broken } = transcripts;
  return [
    check(
      `The simulator refused none of the ${requests} requests, and each began with all of the one before it`,
      requests > 0 && refused.length === 0 && repeated === 0 && broken.length === 0,
      `refused: ${list(refused)}; twice: ${repeated}; changed: ${list(broken)}`,
    ),
  ];
}
