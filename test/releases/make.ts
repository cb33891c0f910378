/**
 * Makes the data folders of the release it runs in, for the releases that come after it: plays the story, ends
 * the gateway once in order and once by `kill -9`, and keeps what lies on the disk with what the gateway had
 * answered. Started as `node test/releases/make.ts <folder>`; never run by a test.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { decodeEvent } from '../../src/core/events.ts';
import { makeTranscript } from '../../src/core/transcript.ts';
import { openStore } from '../../src/hosts/node/store/sqlite-store.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { type Chat, makeClient } from '../e2e/client.ts';
import { startGatewayProcess } from '../e2e/gateway-child.ts';
import { apiKey, environmentOf } from '../e2e/house-environment.ts';
import { digest, digestOfParams } from './kept.ts';
import { storyModels, storyScript, storySettings, tell } from './story.ts';

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: make.ts <folder>');
for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  await make(join(out, signal === 'SIGTERM' ? 'stopped' : 'killed'), signal);
}

async function make(kept: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidings-release-')));
  const data = join(folder, 'data');
  const app = join(folder, 'app');
  makeRepository(app);
  writeFileSync(
    join(folder, 'tidings.config.json'),
    JSON.stringify({ repositories: { app }, models: storyModels }),
  );
  const simulator = await startSimulator({ script: storyScript, apiKey });
  const env = environmentOf(simulator, data, storySettings);
  let gateway = startGatewayProcess({ cwd: folder, env });
  let { url, token } = await gateway.ready();
  const client = makeClient({ url: () => url, token: () => token });
  const chats = await tell(client, simulator, async (by) => {
    await gateway.end(by);
    gateway = startGatewayProcess({ cwd: folder, env });
    ({ url, token } = await gateway.ready());
  });
  const answers = await ask(url, token, chats);
  await gateway.end(signal);
  if (simulator.violations.length > 0) throw new Error(JSON.stringify(simulator.violations));

  mkdirSync(kept, { recursive: true });
  keep(join(kept, 'answers.json.br'), JSON.stringify(answers));
  keep(join(kept, 'tidings.db.br'), readFileSync(join(data, 'tidings.db')));
  const log = join(data, 'tidings.db-wal');
  rmSync(join(kept, 'tidings.db-wal.br'), { force: true });
  if (existsSync(log)) keep(join(kept, 'tidings.db-wal.br'), readFileSync(log));
  keep(join(kept, 'transcripts.json.br'), JSON.stringify(transcripts(data, folder)));

  // What a kill left running ends with the next start.
  const next = startGatewayProcess({ cwd: folder, env });
  await next.ready();
  await next.end('SIGTERM');
  await simulator.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function keep(path: string, content: string | Buffer): void {
  const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
  writeFileSync(path, brotliCompressSync(content, { params }));
}

/** What the gateway answers to whoever looks, by path. */
async function ask(url: string, token: string, chats: readonly Chat[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const look = async (path: string) => {
    const response = await fetch(`${url}${path}`, {
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
    });
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`);
    answers[path] = await response.json();
  };
  await look('/v1/chats?limit=100');
  for (const chat of chats) {
    await look(chat.path('/subagents'));
    const subagents = await chat.subagents();
    for (const path of [chat.path(), ...subagents.map(({ id }) => chat.path(`/subagents/${id}`))]) {
      await look(path);
      await look(`${path}/messages?after=0&limit=200`);
      await look(`${path}/events?after=0&limit=1000`);
    }
  }
  return answers;
}

/**
 * Of each session the request that its log makes, as the release builds it: a digest of everything but the
 * messages, and one of each message, cache marks aside.
 */
function transcripts(data: string, folder: string): Record<string, { params: string; messages: string[] }> {
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const name of ['tidings.db', 'tidings.db-wal']) {
    if (existsSync(join(data, name))) copyFileSync(join(data, name), join(copy, name));
  }
  const store = openStore(copy);
  const found: Record<string, { params: string; messages: string[] }> = {};
  try {
    for (const chat of store.chats({ limit: 100 })) {
      const ids = [chat.id];
      for (const id of ids) {
        const transcript = makeTranscript();
        for (const row of store.events(id, 0, 1_000_000)) {
          const recorded = decodeEvent(row);
          transcript.add(recorded);
          if (recorded.event.type === 'subagent.spawned') ids.push(recorded.event.spec.id);
        }
        const request = transcript.request('5m');
        found[id] = { params: digestOfParams(request), messages: request.messages.map(digest) };
      }
    }
  } finally {
    store.close();
  }
  return found;
}

function makeRepository(folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'README.md'), '# App\n');
  writeFileSync(join(folder, 'AGENTS.md'), 'Write British English.\n');
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['config', 'user.name', 'App'],
    ['config', 'user.email', 'app@example.com'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'Begin'],
  ]) {
    execFileSync('git', args, { cwd: folder });
  }
}
