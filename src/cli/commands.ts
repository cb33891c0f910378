/** The `tidings` command: finds the subcommand, prints what went wrong in words, ends with a code that means it. */
import { ProblemError, UnreachableError } from '../client/errors.ts';
import { nearest } from '../config/nearest.ts';
import { ConfigError } from '../config/problems.ts';
import { loadConfig } from '../hosts/node/config.ts';
import { DataFolderError } from '../hosts/node/store/data-folder-error.ts';
import { TokenError } from '../hosts/node/tokens/token-file.ts';
import { installation } from './installation.ts';
import { UsageError } from './terminal/usage-error.ts';
import { version } from './version.ts';

const USAGE = 2;

const help = `Tidings ${version}: a chat with subagents that push their news back.

  tidings start      the gateway, on http://127.0.0.1:8787 unless configured otherwise
  tidings chat       talks with it here: tidings chat [chat]; in scripts: echo hello | tidings chat
  tidings subagents  list, show, steer, kill, answer: a chat's subagents
  tidings wait       ends when the next news of a chat is there, and prints it
  tidings mcp        an MCP server over standard input and output, whose client is the parent of what it spawns
  tidings link       prints a link that signs a browser in, once, at the gateway that runs
  tidings demo       plays the main job from start to end, without a key and without the network
  tidings config     the settings in force, and where each came from
  tidings skills     lists the skills and checks them
  tidings token      add, list, revoke: tokens for people and programs, with scopes and an owner
  tidings backup     copies all chats into a file, while the gateway runs or not: tidings backup <file>
  tidings restore    puts a backup into an empty data folder: tidings restore <file>
  tidings doctor     looks over everything the gateway needs, and says what to do (--json: for programs)
  tidings help       this
  tidings version    ${version}`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

/** Each subcommand is read when it is asked for: a start must not wait for what it doesn't need. */
async function run(args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  if (command === 'token') {
    const { token } = await import('./token.ts');
    return token(rest, () => loadConfig({ env: process.env, cwd: process.cwd() }).data, { print, complain });
  }
  if (command === 'backup' || command === 'restore') {
    const { backup, restore } = await import('./backup.ts');
    return (command === 'backup' ? backup : restore)(rest, print, complain);
  }
  if (command === 'doctor') {
    const { doctor } = await import('./doctor.ts');
    return doctor(rest, print, complain);
  }
  // Whoever read along may leave, as `head` does: what was asked is done all the same.
  if (['chat', 'subagents', 'wait', 'mcp'].includes(command)) {
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  }
  if (command === 'chat') {
    const { chat } = await import('./chat.ts');
    return chat(rest, { print, complain });
  }
  if (command === 'subagents') {
    const { subagents } = await import('./subagents.ts');
    return subagents(rest, { print, complain });
  }
  if (command === 'wait') {
    const { wait } = await import('./wait.ts');
    return wait(rest, { print, complain });
  }
  if (command === 'mcp') {
    const { mcp } = await import('./mcp.ts');
    return mcp(rest, { print, complain });
  }
  if (rest[0] === '--help' || rest[0] === '-h') {
    print(help);
    return 0;
  }
  if (rest.length > 0 && (names.includes(command) || command.startsWith('-'))) {
    complain(`tidings ${command} takes no "${rest[0]}". See: tidings help`);
    return USAGE;
  }
  switch (command) {
    case 'start': {
      const { start } = await import('./start.ts');
      return start(print);
    }
    case 'link': {
      const { link } = await import('./link.ts');
      return link(loadConfig({ env: process.env, cwd: process.cwd() }), print, complain);
    }
    case 'demo': {
      const { demo } = await import('./demo.ts');
      return demo(print);
    }
    case 'config': {
      const { describeConfig } = await import('../hosts/node/config/describe.ts');
      print(describeConfig(loadConfig({ env: process.env, cwd: process.cwd() })));
      return 0;
    }
    case 'skills': {
      const { nodeShelf } = await import('../hosts/node/skills/find.ts');
      const { describeSkills } = await import('./skills.ts');
      const { switchedOn } = await import('../skills/skill.ts');
      const { skills, markers, repositories } = loadConfig({ env: process.env, cwd: process.cwd() });
      const on = switchedOn({ markers, repositories: Object.keys(repositories) });
      const { text, code } = describeSkills(await nodeShelf([installation.skills, ...skills], on));
      print(text);
      return code;
    }
    case 'help':
    case '--help':
    case '-h':
      print(help);
      return 0;
    case 'version':
    case '--version':
      print(version);
      return 0;
    default:
      complain(`There is no command "${command}".${meant(command)} See: tidings help`);
      return USAGE;
  }
}

/** Those that the help lists. */
const names = [...help.matchAll(/^ {2}tidings (\S+)/gm)].map(([, name = '']) => name);

function meant(slip: string): string {
  const near = nearest(slip, names);
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

/** What a start can fail with that is not this program's fault: told in a line, without a trace. */
function explain(error: unknown): { line: string; code: number } | undefined {
  if (error instanceof ConfigError) return { line: error.message, code: error.exitCode };
  if (error instanceof TokenError) return { line: error.message, code: error.exitCode };
  if (error instanceof DataFolderError) return { line: error.message, code: 1 };
  if (error instanceof UsageError || error instanceof ProblemError || error instanceof UnreachableError) {
    return { line: error.message, code: USAGE };
  }
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE') {
      return {
        line: `${error.message}: another program has this port. Stop it, or set PORT to a free one.`,
        code: 1,
      };
    }
    if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
      return {
        line: `${error.message}: set TIDINGS_HOST and PORT to what this machine offers you.`,
        code: USAGE,
      };
    }
  }
  return undefined;
}

/** Resolves with the exit code. Rejects only for a fault of this program. */
export async function tidings(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    const known = explain(error);
    if (!known) throw error;
    complain(known.line);
    return known.code;
  }
}
