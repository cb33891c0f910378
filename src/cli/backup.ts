/** `tidings backup` and `tidings restore`: what they print. The work itself is the store's. */
import { loadConfig } from '../hosts/node/config.ts';
import { BackupError, backUp } from '../hosts/node/store/backup.ts';
import { restore as restoreStore } from '../hosts/node/store/restore.ts';
import type { Survey } from '../hosts/node/store/survey.ts';

type Print = (line: string) => void;

const USAGE = 2;
/** A backup that takes longer says how far it is, this often. */
const PROGRESS_MS = 1_000;

/** Resolves with the exit code: 130 or 143 when a signal ended it, and nothing is left then. */
export async function backup(args: readonly string[], print: Print, complain: Print): Promise<number> {
  const file = oneFile('backup', args, complain);
  if (file === undefined) return USAGE;
  const { data } = loadConfig({ env: process.env, cwd: process.cwd() });
  const abort = new AbortController();
  let code = 0;
  const end = (by: number) => (): void => {
    code = by;
    abort.abort();
  };
  const signals = { SIGINT: end(130), SIGTERM: end(143) };
  for (const [signal, listener] of Object.entries(signals)) process.on(signal, listener);
  let said = performance.now();
  try {
    const held = await backUp(data, file, {
      signal: abort.signal,
      progress(share) {
        if (performance.now() - said < PROGRESS_MS) return;
        said = performance.now();
        print(`  ${Math.floor(share * 100)} % copied`);
      },
    });
    print(`Backed up ${data} to ${file}: ${contents(held)}.`);
    print(
      'Not in it: the files in worktrees and scratch folders (what was committed is in the repositories),',
    );
    print(
      'the admin token and named tokens, the configuration. Whoever can read the file can read every chat.',
    );
    return 0;
  } catch (error) {
    if (abort.signal.aborted) {
      complain('The backup was given up, and nothing was left of it.');
      return code;
    }
    if (!(error instanceof BackupError)) throw error;
    complain(error.message);
    return 1;
  } finally {
    for (const [signal, listener] of Object.entries(signals)) process.off(signal, listener);
  }
}

/** Resolves with the exit code. */
export async function restore(args: readonly string[], print: Print, complain: Print): Promise<number> {
  const file = oneFile('restore', args, complain);
  if (file === undefined) return USAGE;
  const { data } = loadConfig({ env: process.env, cwd: process.cwd() });
  try {
    const held = restoreStore(file, data);
    print(`Restored ${file} to ${data}: ${contents(held)}.`);
    print(
      '`tidings start` goes on from there and takes up what was at work: model calls are made again, and of a',
    );
    print(
      'command that was running the model is told that its outcome is unknown. What was done since the backup',
    );
    print(
      'is not known to it: later messages and news are gone, and files and commits made since may be there',
    );
    print('already. It makes a new admin token; named tokens are to be added again.');
    return 0;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    complain(error.message);
    return 1;
  }
}

function oneFile(command: string, args: readonly string[], complain: Print): string | undefined {
  const [file, ...rest] = args;
  if (file !== undefined && file !== '' && !file.startsWith('-') && rest.length === 0) return file;
  complain(
    file === undefined
      ? `tidings ${command} needs a file: tidings ${command} <file>`
      : `tidings ${command} takes one file: tidings ${command} <file>. A name that begins with - is written ./-name.`,
  );
  return undefined;
}

function contents({ chats, subagents, events, latest, bytes }: Survey): string {
  const counted = (count: number, one: string): string =>
    `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
  const until = latest === undefined ? '' : `, the latest of ${new Date(latest).toISOString()}`;
  const size = bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${counted(chats, 'chat')}, ${counted(subagents, 'subagent')}, ${counted(events, 'event')}${until}, ${size}`;
}
