import { expect, test } from 'vitest';
import { bench, git, repository } from './setup.ts';

test('a reviewer in a worktree is told to read, a worker to commit', async () => {
  const app = repository({ 'AGENTS.md': 'Be brief.\n' });
  const { workshop, worker } = bench({ repositories: { app } });
  const signal = new AbortController().signal;
  const told = async (more: object): Promise<string> => {
    const opened = await workshop.open(worker({ repo: 'app', ...more }), signal);
    return opened.kind === 'ready' ? opened.note : opened.message;
  };
  const works = await told({ session: 'sub_a', path: 'a' });
  expect(works).toContain('commit on this branch');
  const reviews = await told({ session: 'sub_b', path: 'b', reviewer: true });
  expect(reviews).toContain(`stands at main (${git(app, 'rev-parse', 'main').slice(0, 12)})`);
  expect(reviews).toContain('Be brief.');
  expect(reviews).not.toMatch(/[Cc]ommit|\/tmp in read/);
});
