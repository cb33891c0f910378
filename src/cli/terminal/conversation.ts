/**
 * A chat in a terminal, until somebody leaves it: the feed in, what is typed out, commands, and what the keys mean in
 * each state. Owns the order of these; how things look and are drawn is elsewhere.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { type FollowState, makeOutbox, ProblemError, UnreachableError } from '../../client/index.ts';
import { marked, type Sheet } from './cards.ts';
import { cleanLine } from './clean.ts';
import { type Ink, inkFor } from './ink.ts';
import { liveRows } from './live.ts';
import { newest } from './pick.ts';
import type { Reached } from './reach.ts';
import { openScreen, type Screen } from './screen.ts';
import { codes, listenForSignals } from './signals.ts';
import { completions, type Desk, goesElsewhere, isCommand, runCommand } from './slash.ts';
import { makeTalk, type Talk } from './talk.ts';
import { makeTeam, type Team } from './team.ts';
import { UsageError } from './usage-error.ts';
import { endWords } from './words.ts';

interface Terminal {
  readonly input: ReadStream & { readonly fd: number };
  readonly output: WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How many events of before are read back when a chat is opened, and how many messages of them are shown. */
const PAST_EVENTS = 200;
const PAST_MESSAGES = 10;
/** A second Ctrl-C within this time leaves. */
const AGAIN_MS = 2_000;
/** How often clocks in the live rows go on. */
const TICK_MS = 1_000;

/** One chat that is open: what is known of it, and how its feed is left. */
interface Open {
  readonly chat: string;
  readonly team: Team;
  readonly talk: Talk;
  readonly stop: AbortController;
}

/** @param first the id of the chat to open. Resolves with the exit code when somebody leaves. */
export async function converse(reached: Reached, first: string, terminal: Terminal): Promise<number> {
  const { client } = reached;
  const { output, env } = terminal;
  const ink: Ink = inkFor(output, env);
  const sheet = (): Sheet => ({ ink, width: screen.width });
  let connection: FollowState = { state: 'live' };
  let chats: readonly string[] = [];
  let interrupted: number | undefined;
  let over = false;
  let leave: (code: number) => void = () => {};
  const left = new Promise<number>((resolve) => {
    leave = (code) => {
      over = true;
      resolve(code);
    };
  });

  let begin = (): void => {};
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });

  const say = (look: 'dim' | 'warning' | 'bad', text: string): void =>
    screen.print(marked(sheet(), look === 'dim' ? '·' : '!', look, text));

  const drawn = env.TERM !== 'dumb';
  // Drawn on, a terminal has no key for SIGINT; otherwise it is Ctrl-C, which is for the conversation.
  const signals = listenForSignals(drawn ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGTERM', 'SIGHUP']);
  let open: Open | undefined;
  const screen: Screen = openScreen({
    input: terminal.input,
    output,
    prompt: ink('person', '› '),
    drawn,
    frame: (width) => frame(width),
    onEntered: entered,
    onInterrupt: interrupt,
    onEnd: () => leave(0),
    // As of a program whose terminal was closed.
    onGone: () => leave(codes.SIGHUP),
    complete: (line) => (open ? completions(line, open.team, chats) : []),
  });

  const outbox = makeOutbox(client, {
    onRefused({ text = '' }, { detail }) {
      open?.talk.untyped(text);
      say('bad', `Not sent: ${detail}\nIt was: ${text}`);
    },
    onChange: () => screen.changed(),
  });

  function frame(width: number): string[] {
    if (!open) return [];
    const { team, talk } = open;
    const facts = { team, talk, connection, unsent: outbox.entries.length, outbox: outbox.state };
    return [...talk.unfinished(width), ...liveRows(ink, width, facts, Date.now())];
  }

  async function goTo(chat: string): Promise<void> {
    const [view, subagents, past] = await Promise.all([
      client.chat(chat),
      client.subagents(chat),
      client.events(chat, { before: 'latest', limit: PAST_EVENTS }),
    ]);
    if (over) return;
    const before = open;
    before?.stop.abort();
    const team = makeTeam();
    const print = screen.print;
    const talk = makeTalk({ team, sheet, print, bell: () => screen.bell() });
    const opened: Open = { chat, team, talk, stop: new AbortController() };
    open = opened;
    team.begin(subagents, view);
    for (const event of past.events) team.take(event);
    team.begin(subagents, view);
    const messages = past.events.flatMap((one) => (one.event === 'message' ? [one.data.message] : []));
    const title = cleanLine(view.title);
    if (messages.length > 0) {
      say('dim', `${title === '' ? chat : title}: what was said last.`);
      for (const message of messages.slice(-PAST_MESSAGES)) talk.past(message);
    } else if (before) say('dim', `A new chat${title === '' ? '' : `: ${title}`}.`);
    talk.resume(past.events);
    follow(opened, past.after ?? 0).catch((error: unknown) => {
      if (!isTold(error)) throw error;
      say('bad', error.message);
      leave(2);
    });
    chats = (await newest(client, 50).catch(() => [])).map(({ id }) => id);
  }

  async function follow(opened: Open, after: number): Promise<void> {
    const { chat, team, talk, stop } = opened;
    const end = await client.follow(chat, {
      after,
      signal: stop.signal,
      onEvents(events) {
        for (const event of events) {
          team.take(event);
          talk.take(event);
        }
        screen.changed();
      },
      onState: connected,
    });
    if (over) return;
    switch (end) {
      case 'aborted':
        return;
      case 'reset':
        say('warning', 'The gateway has an older state of this chat, so it is read anew.');
        return goTo(chat);
      case 'gone':
        say('warning', endWords.gone);
        return leave(1);
      case 'signed-out':
      case 'refused':
        say('bad', endWords[end]);
        return leave(2);
    }
  }

  function connected(state: FollowState): void {
    const lost = connection.state === 'connecting' && connection.attempts > 0;
    if (state.state === 'live') {
      if (lost) say('dim', 'The connection is back.');
      outbox.flush();
    } else if (state.attempts > 0 && !lost) {
      say('warning', 'The connection is lost. What you type is kept and sent when it is back.');
    }
    connection = state;
    screen.changed();
  }

  const desk: Desk = {
    client,
    chat: () => open?.chat ?? first,
    team: () => open?.team ?? makeTeam(),
    speaking: () => open?.talk.speaking === true,
    sheet,
    print: (lines) => screen.print(lines),
    open: goTo,
    leave: () => leave(0),
  };

  /** Whether the chat is there that what is typed goes to: false where another could not be opened. */
  let arrived = ready.then(() => true);
  let commands: Promise<unknown> = ready;
  /** What was entered and waits for that, or for the commands before it. */
  const held: string[] = [];

  /** Commands are carried out one after the other; words wait for none but those that open another chat. */
  function entered(text: string): void {
    const words = text.trim();
    if (words === '') return;
    held.push(words);
    if (!isCommand(text)) return void arrived.then((there) => speak(words, there));
    const done = commands.then(() => command(words));
    commands = done;
    if (!goesElsewhere(words)) return;
    arrived = done;
    void done.then(() => {
      if (arrived === done) arrived = Promise.resolve(true);
    });
  }

  function speak(words: string, there: boolean): void {
    if (over || !open) return;
    held.splice(held.indexOf(words), 1);
    if (!there) return say('warning', `Not sent: ${words}`);
    open.talk.typed(words);
    outbox.add(open.chat, { text: words });
    screen.changed();
  }

  async function command(line: string): Promise<boolean> {
    if (over) return false;
    held.splice(held.indexOf(line), 1);
    screen.print(marked(sheet(), '›', 'dim', line));
    try {
      await runCommand(desk, line);
      return true;
    } catch (error) {
      if (!isTold(error)) throw error;
      say('bad', error.message);
      return false;
    } finally {
      screen.changed();
    }
  }

  function interrupt(typed: boolean): void {
    const again = interrupted !== undefined && performance.now() - interrupted < AGAIN_MS;
    interrupted = performance.now();
    if (open?.talk.speaking && !again) {
      say('dim', 'Stopping; Ctrl-C again leaves.');
      client.stop(open.chat).catch((error: unknown) => {
        if (!isTold(error)) throw error;
        say('bad', error.message);
      });
      return;
    }
    if (typed && !again) return screen.clearLine();
    leave(0);
  }

  signals.code.then(leave);
  const tick = setInterval(() => screen.changed(), TICK_MS);
  try {
    for (const line of greeting(reached)) say('dim', line);
    // A gateway that is slow to answer keeps nobody here.
    await Promise.race([goTo(first), left]);
    begin();
    return await left;
  } finally {
    over = true;
    clearInterval(tick);
    signals.ignore();
    const sending = outbox.entries.map(({ text = '' }) => text);
    const unsent = [...sending, ...held, screen.typed].filter((one) => one.trim() !== '');
    outbox.close();
    open?.stop.abort();
    for (const text of unsent) say('warning', `Not sent: ${text}`);
    if (open) for (const line of farewell(open, reached)) say('dim', line);
    screen.close();
  }
}

function greeting({ started, simulator, url }: Reached): string[] {
  return [
    ...(started ?? []),
    ...(simulator
      ? [
          'A SIMULATOR answers, not a model, since no key is set: ANTHROPIC_API_KEY is for a real one. Try “spawn a subagent called docs to write a README”.',
        ]
      : []),
    started
      ? 'Type, and press Enter. /help says what else there is.'
      : `Connected to ${url}. /help says what there is.`,
  ];
}

function farewell({ chat, team }: Open, { started }: Reached): string[] {
  const live = team.live.length;
  const back = `tidings chat ${chat}`;
  if (live === 0) return [`Come back to this chat with: ${back}`];
  const who = live === 1 ? 'One subagent is' : `${live} subagents are`;
  return started
    ? [`${who} still at work. This terminal's gateway ends now; at the next start the work goes on: ${back}`]
    : [`${who} still at work; that goes on. Come back with: ${back}`];
}

/** Whether an error is one whose message is for whoever typed. */
function isTold(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof ProblemError || error instanceof UnreachableError;
}
