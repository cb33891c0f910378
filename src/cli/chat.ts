/**
 * `tidings chat`: a conversation in this terminal, or, where it is no terminal, one message and what comes of it. Owns
 * its options and which of the two it is.
 */
import { argumentsOf } from './terminal/arguments.ts';
import { converse } from './terminal/conversation.ts';
import { wrap } from './terminal/measure.ts';
import { likeliestChat, pickChat } from './terminal/pick.ts';
import { type Reached, wayTo } from './terminal/reach.ts';
import { exitCodes, sayOnce, waits } from './terminal/script.ts';
import { listenForSignals } from './terminal/signals.ts';
import { seconds, UsageError } from './terminal/usage-error.ts';

export const chatHelp = `tidings chat [CHAT]       talks in this terminal: a new chat, or one that is named
echo WORDS | tidings chat [CHAT] [--wait answer|all|none] [--json] [--timeout SECONDS]

  CHAT          its id, the beginning of one, or words of its title
  --continue    the newest chat that is at work, else the newest
  --message     the words to send, instead of those from standard input
  --wait        answer: until the assistant has answered (the usual)
                all: until no subagent is at work any more and its news is read
                none: until the message is accepted
  --json        a line of JSON for each event, and a summary as the last line
  --timeout     gives up waiting after so many seconds; the work goes on

Words go to standard output, all else to standard error. Speaks to the gateway in TIDINGS_URL (with TIDINGS_TOKEN), or
to the one that is configured here; if none answers there, one runs until this ends.

${exitCodes}`;

/** As of a program that SIGPIPE ended. */
const UNREAD = 141;

interface Terminal {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Resolves with the exit code. @throws UsageError, ProblemError, UnreachableError */
export async function chat(args: readonly string[], { print, complain }: Terminal): Promise<number> {
  const { names, values } = read(args);
  if (values.help) {
    print(chatHelp);
    return 0;
  }
  const { stdin, stdout } = process;
  const scripted = !stdin.isTTY || !stdout.isTTY || values.message !== undefined || values.json === true;
  const wait = waits.find((one) => one === (values.wait ?? 'answer'));
  if (!wait) throw new UsageError(`--wait takes ${waits.join(', ')}, not "${values.wait}".`);
  const timeoutMs = seconds(values.timeout, '--timeout');
  if (!scripted && (values.wait ?? values.timeout) !== undefined) {
    throw new UsageError(
      '--wait and --timeout are for scripts: send the words in, as in echo hello | tidings chat.',
    );
  }
  if (scripted && values.message === undefined && stdin.isTTY) {
    throw new UsageError(
      'What is to be said? Send it in, as in echo hello | tidings chat, or give it as --message.',
    );
  }
  const words = scripted ? (values.message ?? (await wholeInput())) : '';
  if (scripted && words.trim() === '') throw new UsageError('There is nothing to say: the words are empty.');
  const [wanted] = names;
  // From the first moment: what was started for this is ended in order, whenever a signal comes.
  const signals = listenForSignals();
  const way = await Promise.race([wayTo({ env: process.env, cwd: process.cwd() }), signals.code]);
  if (typeof way === 'number') return way;
  if ('start' in way)
    for (const line of scripted ? [way.why] : wrap(way.why, stdout.columns || 80)) complain(line);
  const reached = 'start' in way ? await way.start() : way;
  try {
    const id = await Promise.race([chosen(reached, wanted, values.continue === true), signals.code]);
    if (typeof id === 'number') return id;
    if (!scripted) {
      signals.ignore();
      return await converse(reached, id, { input: stdin, output: stdout, env: process.env });
    }
    for (const line of reached.started ?? []) complain(line);
    const said = sayOnce(reached.client, id, words.trimEnd(), {
      wait,
      json: values.json === true,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      print,
      complain,
    });
    return await Promise.race([said, signals.code, unread()]);
  } finally {
    await reached.close();
  }
}

function read(args: readonly string[]) {
  const given = argumentsOf(args, {
    help: { type: 'boolean', short: 'h' },
    continue: { type: 'boolean', short: 'c' },
    message: { type: 'string', short: 'm' },
    wait: { type: 'string' },
    json: { type: 'boolean' },
    timeout: { type: 'string' },
  });
  if (given.names.length > 1) {
    throw new UsageError(`One chat, please: "${given.names[1]}" is one too many.`);
  }
  return given;
}

/** Resolves with the exit code once nobody reads any more what is printed. */
function unread(): Promise<number> {
  return new Promise((resolve) => {
    process.stdout.on('error', () => resolve(UNREAD));
  });
}

async function chosen({ client }: Reached, wanted: string | undefined, newest: boolean): Promise<string> {
  if (wanted !== undefined) return (await pickChat(client, wanted)).id;
  const found = newest ? await likeliestChat(client) : undefined;
  return (found ?? (await client.createChat())).id;
}

async function wholeInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) text += String(piece);
  return text;
}
