/** What lands, and how it stands on the base afterwards. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { done, refused, words, world } from './landing-world.ts';
import { commit, freshFolder, git, repository } from './setup.ts';

describe('work that lands', () => {
  test('is one commit on the base, under the subagent’s name, and its files are where the base is checked out', async () => {
    const { repo, hand, land, workshop, show } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    const tip = fix.commit({ 'deep/new.txt': 'x\n' });
    await workshop.close(fix.worker);
    const before = git(repo, 'rev-parse', 'main');
    const { landed } = done(await land(fix));
    expect(landed).toEqual({
      branch: 'subagent/fix',
      base: 'main',
      commit: git(repo, 'rev-parse', 'main'),
      files: ['a.txt', 'deep/new.txt'],
      already: false,
      overlaps: [],
    });
    expect(git(repo, 'rev-parse', 'main^')).toBe(before);
    expect(git(repo, 'log', '-1', '--format=%an <%ae>%n%cn%n%B')).toBe(
      [
        'Tidings subagent fix <fix@subagents.tidings.invalid>',
        'Tidings subagent fix',
        `${words.title}\n\n${words.body}\n\nTidings-Landed: sub_fix ${tip}\n`,
      ].join('\n'),
    );
    expect(git(repo, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(repo, 'deep/new.txt'), 'utf8')).toBe('x\n');
    expect(show('main:a.txt')).toBe('two');
    expect(git(repo, 'rev-parse', fix.branch)).toBe(tip);
  });

  test('takes what is not committed with it', async () => {
    const { repo, hand, land, show } = world();
    const fix = await hand('fix');
    fix.write({ 'a.txt': 'two\n', 'new.txt': 'x\n' });
    expect(done(await land(fix)).landed.files).toEqual(['a.txt', 'new.txt']);
    expect([show('main:a.txt'), show('main:new.txt')]).toEqual(['two', 'x']);
    expect(git(fix.folder, 'status', '--porcelain')).toBe('');
    expect(git(repo, 'log', '-1', '--format=%an')).toBe('Tidings subagent fix');
  });

  test('in order: the second stands on the first, and both are on the base', async () => {
    const { repo, hand, land, show } = world({ 'a.txt': '1\n2\n3\n4\n5\n', 'b.txt': 'one\n' });
    const [one, two] = [await hand('one'), await hand('two')];
    one.commit({ 'a.txt': 'first\n2\n3\n4\n5\n' });
    two.commit({ 'a.txt': '1\n2\n3\n4\nlast\n' });
    const first = done(await land(one)).landed;
    expect(first.overlaps).toEqual([{ branch: 'subagent/two', files: ['a.txt'] }]);
    const second = done(await land(two)).landed;
    expect(git(repo, 'rev-parse', 'main', 'main^')).toBe(`${second.commit}\n${first.commit}`);
    expect(show('main:a.txt')).toBe('first\n2\n3\n4\nlast');
  });

  test('at the same moment: one after the other, in this gateway and in two', async () => {
    const { repo, hand, land, data } = world();
    git(repo, 'checkout', '-q', '-b', 'elsewhere');
    const other = world(undefined, { repositories: { thing: repo } });
    const hands = [
      await hand('one', 'thing@main'),
      await hand('two', 'thing@main'),
      await other.hand('three', 'thing@main', 'chat_9'),
    ];
    expect(other.data).not.toBe(data);
    for (const one of hands) one.commit({ [`${one.session}.txt`]: 'x\n' });
    const [one, two, three] = hands;
    if (!one || !two || !three) throw new Error('three hands were made');
    const outcomes = await Promise.all([land(one), land(two), other.land(three)]);
    for (const outcome of outcomes) expect(done(outcome).landed.already).toBe(false);
    expect(git(repo, 'ls-tree', '--name-only', 'main').split('\n')).toEqual(
      expect.arrayContaining(['sub_one.txt', 'sub_two.txt', 'sub_three.txt']),
    );
    expect(git(repo, 'rev-list', '--count', 'main')).toBe('4');
  });

  test('on a base that is checked out nowhere, in another worktree, or has an odd name', async () => {
    const { repo, hand, land, show } = world();
    git(repo, 'branch', 'rest');
    const aside = join(freshFolder(), 'ä side');
    git(repo, 'worktree', 'add', '-q', '-b', 'wörk/x', aside);
    git(repo, 'tag', 'main');
    const cases = { free: 'thing@rest', linked: 'thing@wörk/x', plain: 'thing' };
    for (const [label, spec] of Object.entries(cases)) {
      const one = await hand(label, spec);
      one.commit({ 'a.txt': `${label}\n` });
      expect(done(await land(one)).landed.files).toEqual(['a.txt']);
    }
    expect(show('rest:a.txt')).toBe('free');
    expect(readFileSync(join(aside, 'a.txt'), 'utf8')).toBe('linked\n');
    expect(readFileSync(join(repo, 'a.txt'), 'utf8')).toBe('plain\n');
    expect([git(aside, 'status', '--porcelain'), git(repo, 'status', '--porcelain')]).toEqual(['', '']);
  });

  test('on a base called --upload-pack=x, which is never an option', async () => {
    const { repo, hand, land } = world();
    const base = '--upload-pack=x';
    git(repo, 'update-ref', `refs/heads/${base}`, 'main');
    git(repo, 'symbolic-ref', 'HEAD', `refs/heads/${base}`);
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    expect(done(await land(fix)).landed).toMatchObject({ base, files: ['a.txt'] });
    expect(git(repo, 'show', `refs/heads/${base}:a.txt`)).toBe('two');
    expect(readFileSync(join(repo, 'a.txt'), 'utf8')).toBe('two\n');
  });

  test('whatever its files are called, and a link out of the worktree stays a link', async () => {
    const { repo, hand, land } = world();
    const fix = await hand('fix');
    const secret = join(freshFolder(), 'secret');
    writeFileSync(secret, 'the secret');
    symlinkSync(secret, join(fix.folder, 'link'));
    const names = ['-rf', 'new\nline', 'ünïcödé', '"quoted"', ':(glob)*', ' x '];
    fix.write(Object.fromEntries(names.map((name) => [`d/${name}`, `${name}!`])));
    expect(done(await land(fix)).landed.files).toEqual([...names.map((name) => `d/${name}`), 'link'].sort());
    for (const name of names) expect(readFileSync(join(repo, 'd', name), 'utf8')).toBe(`${name}!`);
    expect(git(repo, 'cat-file', 'blob', 'main:link')).toBe(secret);
    expect(git(repo, 'status', '--porcelain')).toBe('');
  });

  test('leaves out what belongs to git itself, however it came into a commit', async () => {
    const { repo, hand, land } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    let tree = `100755 blob ${git(repo, 'rev-parse', 'main:a.txt')}\tpost-checkout\n`;
    for (const name of ['hooks', '.git', 'thing']) {
      const made = execFileSync('git', ['mktree'], { cwd: repo, input: tree, encoding: 'utf8' }).trim();
      tree = `040000 tree ${made}\t${name}\n`;
    }
    const top = execFileSync('git', ['mktree'], { cwd: repo, input: tree, encoding: 'utf8' }).trim();
    git(fix.folder, 'reset', '-q', '--soft', git(repo, 'commit-tree', top, '-p', fix.branch, '-m', 'bad'));
    expect(git(repo, 'ls-tree', '-r', '--name-only', fix.branch)).toBe('thing/.git/hooks/post-checkout');
    expect(done(await land(fix)).landed.files).toEqual(['a.txt']);
    expect(git(repo, 'ls-tree', '-r', '--name-only', 'main')).toBe('a.txt\nb.txt');
  });

  test('runs no hook, needs no identity and no signature', async () => {
    const { repo, hand, land } = world();
    git(repo, 'config', 'commit.gpgSign', 'true');
    git(repo, 'config', 'gpg.program', '/bin/false');
    git(repo, 'config', 'user.useConfigOnly', 'true');
    git(repo, 'config', 'merge.ff', 'false');
    const hooks = ['pre-commit', 'commit-msg', 'post-merge', 'post-checkout', 'reference-transaction'];
    for (const hook of [...hooks, 'post-index-change']) {
      writeFileSync(join(repo, '.git/hooks', hook), `#!/bin/sh\ntouch '${repo}/ran'\nexit 1\n`, {
        mode: 0o755,
      });
    }
    const fix = await hand('fix');
    fix.write({ 'a.txt': 'two\n' });
    done(await land(fix));
    expect(existsSync(join(repo, 'ran'))).toBe(false);
  });

  test('merges as the base’s attributes say', async () => {
    const { repo, hand, land, show } = world({
      'docs/log': 'one\n',
      'docs/.gitattributes': 'log merge=union\n',
    });
    git(repo, 'checkout', '-q', '-b', 'elsewhere');
    git(repo, 'rm', '-q', 'docs/.gitattributes');
    git(repo, 'commit', '-q', '-m', 'no attributes here');
    const [one, two] = [await hand('one', 'thing@main'), await hand('two', 'thing@main')];
    one.commit({ 'docs/log': 'one\nfirst\n' });
    two.commit({ 'docs/log': 'one\nsecond\n' });
    done(await land(one));
    done(await land(two));
    expect(show('main:docs/log').split('\n').sort()).toEqual(['first', 'one', 'second']);
  });
});

describe('work that has landed', () => {
  test('lands again only with what was added since, wherever the base has gone meanwhile', async () => {
    const { repo, hand, land, show } = world({ 'a.txt': '1\n2\n3\n' });
    const fix = await hand('fix');
    fix.commit({ 'a.txt': '1\ntwo\n3\n' });
    const first = done(await land(fix)).landed;
    expect(done(await land(fix)).landed).toEqual({ ...first, already: true });
    // Both would be conflicts if git merged the work from its beginning.
    commit(repo, { 'a.txt': '1\nzwei\n3\n' }, 'reworded');
    fix.commit({ 'new.txt': 'x\n' });
    const second = done(await land(fix)).landed;
    expect(second).toMatchObject({ already: false, files: ['new.txt'] });
    expect(show('main:a.txt')).toBe('1\nzwei\n3');
    fix.commit({ 'new.txt': 'y\n' });
    expect(done(await land(fix)).landed.files).toEqual(['new.txt']);
    expect(git(repo, 'rev-list', '--count', 'main')).toBe('5');
  });

  test('after it took the base in to settle a conflict, too', async () => {
    const { repo, hand, land, show } = world({ 'a.txt': 'one\n' });
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'mine\n' });
    done(await land(fix));
    commit(repo, { 'a.txt': 'theirs\n', 'other.txt': 'x\n' }, 'theirs');
    fix.commit({ 'a.txt': 'mine again\n' });
    expect(refused(await land(fix)).files).toEqual(['a.txt']);
    expect(() => git(fix.folder, 'merge', '-q', 'main')).toThrow();
    fix.commit({ 'a.txt': 'both\n' });
    expect(done(await land(fix)).landed.files).toEqual(['a.txt']);
    expect(show('main:a.txt')).toBe('both');
  });

  test('lands anew when the base no longer holds it', async () => {
    const { repo, hand, land, show } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    done(await land(fix));
    git(repo, 'reset', '-q', '--hard', 'main^');
    expect(done(await land(fix)).landed.already).toBe(false);
    expect(show('main:a.txt')).toBe('two');
  });

  test('by hand is known to be there', async () => {
    const { repo, hand, land } = world();
    const fix = await hand('fix');
    fix.commit({ 'a.txt': 'two\n' });
    const other = commit(repo, { 'a.txt': 'two\n' }, 'the same, by a person');
    expect(done(await land(fix)).landed).toMatchObject({ already: true, commit: other });
    expect(git(repo, 'rev-parse', 'main')).toBe(other);
  });
});

test('a landing on the worktree of another subagent brings its files there', async () => {
  const repo = repository({ 'a.txt': 'one\n' });
  const { hand, land } = world(undefined, { repositories: { thing: repo } });
  const boss = await hand('boss');
  const pawn = await hand('pawn', 'thing@subagent/boss');
  pawn.commit({ 'a.txt': 'two\n' });
  boss.write({ 'a.txt': 'draft\n' });
  expect(refused(await land(pawn))).toMatchObject({ why: 'dirty', files: ['a.txt'] });
  boss.write({ 'a.txt': 'one\n' });
  done(await land(pawn));
  expect(readFileSync(join(boss.folder, 'a.txt'), 'utf8')).toBe('two\n');
  expect(git(boss.folder, 'status', '--porcelain', '--branch')).toBe('## subagent/boss');
});
