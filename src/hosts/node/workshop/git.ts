/**
 * Owns how the gateway itself runs git: no hooks, no prompts, no housekeeping, no signing, none of the
 * gateway's secrets in the environment, no option where a name is meant. Never decides what to run.
 */
import { spawn } from 'node:child_process';
import { allowed, type Environment } from './environment.ts';
import { type Marker, markerVariable } from './marker.ts';

export interface GitResult {
  /** The exit code; 128 too if git could not be started, was killed or took too long. */
  readonly code: number;
  readonly out: Buffer;
  /** Standard output as text without its last line end. */
  readonly text: string;
  /** Standard error, trimmed; never empty when the code isn't 0. */
  readonly error: string;
}

export type Git = (
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Environment;
    readonly input?: Buffer | string;
    readonly signal?: AbortSignal;
  },
) => Promise<GitResult>;

const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'advice.detachedHead=false',
  // The person named the repository in the configuration: whose files they are doesn't matter then.
  'safe.directory=*',
].flatMap((setting) => ['-c', setting]);

const limitMs = 10 * 60_000;
const mostOutput = 256_000_000;

/** A git that carries `marker`, so that a later gateway finds what a killed one left behind. */
export function makeGit(source: Readonly<Record<string, string | undefined>>, marker: Marker): Git {
  const env = {
    ...allowed(source),
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
    [markerVariable]: marker,
  };
  return (args, options) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let error = '';
      const child = spawn('git', [...settings, ...args], {
        cwd: options.cwd,
        env: { ...env, ...options.env },
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
      });
      const end = (why: string): void => {
        error = why;
        try {
          // The whole group: a filter that git started must not hold its pipes open.
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // Already gone.
        }
      };
      const timer = setTimeout(
        () => end(`git ${args[0]} took longer than ${limitMs / 60_000} minutes`),
        limitMs,
      );
      const abort = (): void => end('stopped');
      options.signal?.addEventListener('abort', abort, { once: true });
      if (options.signal?.aborted) abort();
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostOutput) end(`git ${args[0]} printed too much`);
        else chunks.push(chunk);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        if (error.length < 10_000) error += chunk.toString('utf8');
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input ?? '');
      const settle = (code: number): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', abort);
        const out = Buffer.concat(chunks);
        const said = error.trim();
        resolve({
          code,
          out,
          text: out.toString('utf8').replace(/\n$/, ''),
          error: code !== 0 && said === '' ? `git ${args[0]} failed with code ${code}` : said,
        });
      };
      child.once('error', (failure) => {
        error = `git could not be started in ${options.cwd}: ${failure.message}`;
        settle(128);
      });
      child.once('close', (code) => settle(code ?? 128));
    });
}
