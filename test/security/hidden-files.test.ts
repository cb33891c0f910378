/** What the sandbox hides from commands is closed to the file tools, too: they run in the gateway. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bench, commit, freshFolder, repository } from '../workshop/setup.ts';

test('a hidden file is neither read, found nor searched, by its name, a link or a folder around it', async () => {
  const app = repository({ 'a.txt': 'SECRET of nobody\n' });
  commit(app, { '.env': 'SECRET=1\n', 'keys/one.pem': 'SECRET 2\n' }, 'secrets');
  const home = freshFolder();
  writeFileSync(join(home, '.netrc'), 'SECRET 3\n');
  const { call, worker } = bench({
    repositories: { app, home },
    environment: { ...process.env, HOME: home },
    sandbox: { mode: 'off', hosts: [], write: [], hide: [join(app, '.env'), join(app, 'keys')] },
  });
  const { text: where } = await call('bash', { command: 'pwd' });
  symlinkSync(join(app, '.env'), join(where.trim(), 'link'));
  for (const path of [join(app, '.env'), join(app, 'keys/one.pem'), join(home, '.netrc'), 'link']) {
    expect(await call('read', { path }), path).toMatchObject({ ok: false });
  }
  for (const path of [app, home]) {
    const found = await call('grep', { pattern: 'SECRET', path }, { worker: worker() });
    expect(found.text).not.toMatch(/SECRET[ =]\d/);
    const listed = await call('glob', { pattern: '**/{.*,*}', path }, { worker: worker() });
    expect(listed.text).not.toMatch(/\.env|one\.pem|\.netrc/);
  }
  expect((await call('read', { path: join(app, 'a.txt') })).text).toContain('SECRET of nobody');
  expect((await call('grep', { pattern: 'SECRET', path: app })).text).toContain('a.txt');
});
