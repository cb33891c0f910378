/** How much is measured: the whole, the quick look, and the least that still shows that the harness works. */

export interface Sizes {
  readonly name: 'whole' | 'quick' | 'tiny';
  readonly rounds: number;
  /** Turns in one chat and round. */
  readonly turns: number;
  /** Turns in each chat at 1, 32 and 100 in parallel. */
  readonly parallel: readonly { readonly chats: number; readonly each: number }[];
  /** Single subagents spawned and heard of in one round. */
  readonly singles: number;
  /** Subagents of one parent that end together. */
  readonly crowd: number;
  /** Milliseconds for which the main chat is talked to while they wait. */
  readonly waitMs: number;
  /** Subagents at work whose memory is weighed, in chats of `crowd`. */
  readonly weighed: readonly number[];
  readonly weighings: number;
  readonly starts: number;
  /** Sessions in the folder that is started on, and how many of them were at work. */
  readonly sessions: { readonly all: number; readonly working: number };
  /** Events of the long session. */
  readonly longLog: number;
  /** Subagents that stream while the main chat is talked to. */
  readonly streaming: number;
  /** Turns of the main chat among them, and how often all of it is done. */
  readonly streamingTurns: number;
  readonly streamingRounds: number;
  /** What the page is opened on, and how often; for how many milliseconds subagents report to it. */
  readonly page: {
    readonly opens: number;
    readonly messages: number;
    readonly board: number;
    readonly reporting: number;
    readonly reportMs: number;
  };
}

export const sizes: Readonly<Record<Sizes['name'], Sizes>> = {
  whole: {
    name: 'whole',
    rounds: 7,
    turns: 60,
    parallel: [
      { chats: 1, each: 200 },
      { chats: 32, each: 25 },
      { chats: 100, each: 15 },
    ],
    singles: 30,
    crowd: 200,
    waitMs: 600,
    weighed: [200, 1_000],
    weighings: 3,
    starts: 9,
    sessions: { all: 10_000, working: 1_000 },
    longLog: 100_000,
    streaming: 50,
    streamingTurns: 15,
    streamingRounds: 3,
    page: { opens: 9, messages: 10_000, board: 1_000, reporting: 50, reportMs: 10_000 },
  },
  quick: {
    name: 'quick',
    rounds: 2,
    turns: 40,
    parallel: [
      { chats: 1, each: 100 },
      { chats: 32, each: 15 },
      { chats: 100, each: 8 },
    ],
    singles: 15,
    crowd: 200,
    waitMs: 300,
    weighed: [200],
    weighings: 1,
    starts: 3,
    sessions: { all: 1_000, working: 100 },
    longLog: 20_000,
    streaming: 50,
    streamingTurns: 8,
    streamingRounds: 1,
    page: { opens: 3, messages: 2_000, board: 200, reporting: 50, reportMs: 4_000 },
  },
  tiny: {
    name: 'tiny',
    rounds: 2,
    turns: 3,
    parallel: [{ chats: 2, each: 2 }],
    singles: 2,
    crowd: 4,
    waitMs: 150,
    weighed: [4],
    weighings: 1,
    starts: 1,
    sessions: { all: 40, working: 8 },
    longLog: 1_000,
    streaming: 2,
    streamingTurns: 1,
    streamingRounds: 1,
    page: { opens: 1, messages: 120, board: 8, reporting: 2, reportMs: 300 },
  },
};
