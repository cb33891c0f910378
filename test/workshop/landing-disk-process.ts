/**
 * Lands on a disk that is full, again and again with a little more room, until it succeeds. Argument: an empty folder
 * on a small disk. Says one line of JSON for each try.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWorkshop } from '../../src/hosts/node/workshop/workshop.ts';

const [folder = ''] = process.argv.slice(2);
const repo = join(folder, 'repo');
const filler = join(folder, 'filler');
const environment = {
  PATH: process.env.PATH,
  HOME: folder,
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_OPTIONAL_LOCKS: '0',
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

mkdirSync(repo);
git(repo, 'init', '-q', '-b', 'main');
writeFileSync(join(repo, 'a.txt'), 'one\n');
git(repo, 'add', '-A');
git(repo, 'commit', '-q', '-m', 'first');

const workshop = makeWorkshop({
  dataFolder: join(folder, 'data'),
  dataFolderId: 'full-disk',
  repositories: { thing: repo },
  processes: 4,
});
const worker = { session: 'sub_fix', chat: 'chat_1', attempt: 1, path: 'fix', repo: 'thing' };
const opened = await workshop.open(worker, new AbortController().signal);
if (opened.kind !== 'ready') throw new Error(opened.message);
const worktree = join(folder, 'data', 'worktrees', 'chat_1', 'fix');
// Of 50 pages each: by the last of them all but the index is written.
const big = 'x\n'.repeat(102_400);
const rooms = [0, 1, 2, 4, 60, ...Array.from({ length: 30 }, (_, i) => 99 + i)];
writeFileSync(join(worktree, 'a.txt'), big);
mkdirSync(join(worktree, 'new'));
writeFileSync(join(worktree, 'new', 'b.txt'), big);
git(worktree, 'add', '-A');
git(worktree, 'commit', '-q', '-m', 'work');
writeFileSync(join(worktree, 'c.txt'), 'not committed\n');

function everything(): string {
  const files = (top: string): string[] =>
    readdirSync(top, { recursive: true })
      .map(String)
      .filter((name) => !name.startsWith('.git'));
  return JSON.stringify([
    git(repo, 'rev-parse', 'main'),
    git(repo, 'status', '--porcelain', '--ignored'),
    git(repo, 'ls-files', '--stage'),
    files(repo),
    readFileSync(join(repo, 'a.txt'), 'utf8'),
    files(worktree),
    readFileSync(join(worktree, 'c.txt'), 'utf8'),
    readdirSync(join(folder, 'data', 'partial')),
  ]);
}

const before = everything();
for (const room of rooms) {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - room) * bsize));
  const outcome = await workshop.worktrees.land('sub_fix', { title: 'fix: mend it', body: '' });
  rmSync(filler);
  const same = everything() === before;
  process.stdout.write(`${JSON.stringify({ ...outcome, same })}\n`);
  if (outcome.ok) break;
}
process.stdout.write(
  `${JSON.stringify({ status: git(repo, 'status', '--porcelain'), log: git(repo, 'log', '--format=%s') })}\n`,
);
