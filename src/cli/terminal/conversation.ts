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
import { completions, type Desk, runCommand } from './slash.ts';
import { makeTalk, type Talk } from './talk.ts';
import { makeTeam, type Team } from './team.ts';
import { UsageError } from './usage-error.ts';
import { endWords } from './words.ts';

interface Terminal {
  readonly input: ReadStream;
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

const signals = { SIGTERM: 143, SIGHUP: 129 } as const;

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
    screen.print(marked(sheet(), '!', look, text));

  let open: Open | undefined;
  const screen: Screen = openScreen({
    input: terminal.input,
    output,
    prompt: ink('person', '› '),
    drawn: env.TERM !== 'dumb',
    frame: (width) => frame(width),
    onEntered: (text) => void entered(text),
    onInterrupt: interrupt,
    onEnd: () => leave(0),
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
    sheet,
    print: (lines) => screen.print(lines),
    open: goTo,
    leave: () => leave(0),
  };

  async function entered(text: string): Promise<void> {
    const words = text.trim();
    // What was typed before there is a chat waits for it.
    await ready;
    if (words === '' || !open) return;
    if (!words.startsWith('/')) {
      open.talk.typed(words);
      outbox.add(open.chat, { text: words });
      return screen.changed();
    }
    screen.print(marked(sheet(), '›', 'dim', words));
    try {
      await runCommand(desk, words);
    } catch (error) {
      if (!isTold(error)) throw error;
      say('bad', error.message);
    }
    screen.changed();
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

  const onSignal = Object.entries(signals).map(([signal, code]) => {
    const listener = (): void => leave(code);
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
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
    for (const off of onSignal) off();
    const unsent = outbox.entries.map(({ text = '' }) => text);
    outbox.close();
    open?.stop.abort();
    for (const text of unsent) say('warning', `Not sent: ${text}`);
    if (open) for (const line of farewell(open, reached)) say('dim', line);
    screen.close();
  }
}

function greeting({ started = [], simulator, url }: Reached): string[] {
  return [
    ...started,
    ...(simulator
      ? [
          'A SIMULATOR answers, not a model, since no key is set: ANTHROPIC_API_KEY is for a real one. Try “spawn a subagent called docs to write a README”.',
        ]
      : []),
    started.length > 0
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
