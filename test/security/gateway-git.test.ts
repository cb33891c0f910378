/**
 * The git that the gateway itself runs on what a worker left: it is outside of the worker's sandbox, so nothing that the
 * worker wrote may make it run anything, or move what is not the worker's.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Worker } from '../../src/core/ports.ts';
import { type Bench, bench, freshFolder, git, repository } from '../workshop/setup.ts';

async function working(): Promise<{ app: string; one: Bench; worker: Worker; folder: string }> {
  const app = repository({ 'a.txt': 'a\n' });
  const one = bench({ repositories: { app } });
  const worker = one.worker({ repo: 'app', path: 'smith', session: 'sub_smith' });
  const opened = await one.workshop.open(worker, new AbortController().signal);
  expect(opened.kind).toBe('ready');
  const { text } = await one.bash('pwd', worker);
  return { app, one, worker, folder: text.trim() };
}

test('runs no filter, monitor or hook of a repository that a worker committed inside its own', async () => {
  const { one, worker, folder } = await working();
  const ran = join(freshFolder(), 'ran');
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  git(inner, 'init', '-q', '-b', 'main');
  writeFileSync(join(inner, '.gitattributes'), '* filter=own\n');
  writeFileSync(join(inner, 'x.txt'), 'x\n');
  git(inner, 'add', '.');
  git(inner, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qm', 'inner');
  git(folder, 'add', 'inner');
  git(folder, 'commit', '-qm', 'Take it in');
  git(inner, 'config', 'filter.own.clean', `touch ${ran}; cat`);
  git(inner, 'config', 'core.fsmonitor', `touch ${ran}; false`);
  writeFileSync(join(inner, 'x.txt'), 'y\n');
  writeFileSync(join(folder, 'a.txt'), 'b\n');
  const { worktrees } = one.workshop;
  await worktrees.list([worker.session]);
  await worktrees.diff(worker.session);
  expect(await one.workshop.close(worker)).toMatchObject({ wip: true });
  await worktrees.land(worker.session, { title: 'x', body: '' });
  await one.workshop.unlanded([worker.session]);
  expect(existsSync(ran)).toBe(false);
});

test('moves no other branch for a worker whose branch stands for it', async () => {
  const { app, one, worker, folder } = await working();
  const main = git(app, 'rev-parse', 'main');
  git(folder, 'symbolic-ref', 'refs/heads/subagent/smith', 'refs/heads/main');
  writeFileSync(join(folder, 'a.txt'), 'b\n');
  await one.workshop.close(worker);
  expect(git(app, 'rev-parse', 'main')).toBe(main);
  expect(git(app, 'show', 'subagent/smith:a.txt')).toBe('b');
});
