/**
 * Where the pictures are taken: a repository, the scripted model and a real gateway, in a folder that goes afterwards,
 * and a browser that is signed in. Owns their lives; what is said there is in `story.ts`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';
import { startSimulator } from '../../src/simulator/server.ts';
import { freePort } from '../../test/free-port.ts';
import { files, story } from './story.ts';

const token = 'pictures-0123456789-pictures';
const command = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Stage {
  readonly url: string;
  readonly token: string;
  readonly browser: Browser;
  close(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-pictures-'));
  const shop = join(folder, 'shop');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(shop, path)), { recursive: true });
    writeFileSync(join(shop, path), text);
  }
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: shop, stdio: 'ignore' });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('-c', 'user.name=Shop', '-c', 'user.email=shop@example.com', 'commit', '-q', '-m', 'What there is');
  writeFileSync(
    join(folder, 'tidings.config.json'),
    JSON.stringify({ repositories: { shop }, maxChildren: 4, trust: { ask: ['bash(git push *)'] } }),
  );
  const simulator = await startSimulator({ script: story, record: 'none' });
  const port = await freePort();
  const gateway = spawn(process.execPath, [command, 'start'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      PORT: String(port),
      TIDINGS_TOKEN: token,
      ANTHROPIC_API_KEY: 'pictures',
      ANTHROPIC_BASE_URL: simulator.url,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = once(gateway, 'exit');
  const browser = await chromium.launch({
    executablePath: process.env.TIDINGS_TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) await sleep(50);
  return {
    url,
    token,
    browser,
    async close() {
      await browser.close();
      gateway.kill('SIGTERM');
      await gone;
      await simulator.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}
