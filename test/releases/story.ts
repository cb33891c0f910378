/**
 * The story whose end a release's data folders hold: chats and subagents brought, by HTTP alone, into as many
 * kinds of state as a gateway knows. Owns the script and the people's part; reads no log and judges nothing.
 */
import type { ParsedRequest } from '../../src/simulator/request.ts';
import type { Reply } from '../../src/simulator/script.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { ask, bash, cast, firstWords, resultOf, spawn, subagents } from '../e2e/cast.ts';
import type { Chat, Client } from '../e2e/client.ts';

/** What the story's gateway is configured with, besides where its model is. */
export const storySettings = { TIDINGS_MAX_CHILDREN: '6' };
/** Its models besides the usual ones: one whose window is full after some pages. */
export const storyModels = { small: { id: 'claude-haiku-4-5', window: 20_000, maxOutput: 4_000 } };

/** Where the story's worker runs a command that ends with the gateway. */
const LONG_COMMAND = 'echo begun; sleep 600';

function report(topic: string, lines: number): string {
  return Array.from(
    { length: lines },
    (_, line) => `${topic}, line ${line + 1} of ${lines}: all is well.`,
  ).join('\n');
}

const page = 'All is well, and there is much of it. '.repeat(80);
/** What a model with a full window is asked in. */
const SUMMARY = 'getting long for your window';

const eight = Array.from({ length: 8 }, (_, n) => `part-${n + 1}`);

const mainLines: readonly (readonly [string, (request: ParsedRequest) => Reply])[] = [
  [SUMMARY, () => ({ text: 'All was well.' })],
  ['A page', () => ({ text: `Heard. ${page}` })],
  ['Count the files', () => ({ toolCalls: [bash('echo "three files"'), bash('exit 3')] })],
  ['Write at length', () => ({ toolCalls: [spawn('Write a long report.', { label: 'report' })] })],
  [
    'Eight at once',
    () => ({ toolCalls: eight.map((label) => spawn(`Write about ${label}.`, { label, announce: 'quiet' })) }),
  ],
  ['Hold the line', () => ({ text: 'The line was held.', gate: 'line' })],
  [
    'Try what fails',
    () => ({
      toolCalls: [
        spawn('Say nothing at all.', { label: 'mute' }),
        spawn('Dawdle.', { label: 'dawdler', limits: { minutes: 0.01 } }),
        spawn('Be ended.', { label: 'ended' }),
      ],
    }),
  ],
  ['End it', () => ({ toolCalls: [subagents('kill', { target: 'ended' })] })],
  [
    'Go deep',
    () => ({
      thinking: 'A task within a task.',
      toolCalls: [
        spawn('Lead the way down.', { label: 'boss' }),
        spawn('Add colour.', { label: 'colour', repo: 'app' }),
      ],
    }),
  ],
  ['Think first', () => ({ toolCalls: [spawn('Think it over.', { label: 'thinker' })] })],
  [
    'Tell the thinker',
    () => ({ toolCalls: [subagents('steer', { target: 'thinker', message: 'Shorter.' })] }),
  ],
  ['Wait forever', () => ({ toolCalls: [spawn('Wait without an end.', { label: 'waiter' })] })],
  ['Be quiet', () => ({ text: 'Never told.', gate: 'never' })],
  ['Knock at a shut door', () => ({ faults: [{ status: 401 }] })],
  [
    'Begin the day',
    () => ({
      toolCalls: [
        spawn('Be quick.', { label: 'quick' }),
        spawn('Be asked again.', { label: 'again' }),
        spawn('Run a long command.', { label: 'runner' }),
        spawn('Lead and wait.', { label: 'lead' }),
        spawn('Muse.', { label: 'muse' }),
        spawn('Paint.', { label: 'painter', repo: 'app' }),
        spawn('Come late.', { label: 'late' }),
        spawn('Stand in line.', { label: 'next' }),
        spawn('Stand in line, too.', { label: 'last' }),
      ],
    }),
  ],
  [
    'Have them ask',
    () => ({
      toolCalls: [
        spawn('Ask and go on.', { label: 'answered' }),
        spawn('Ask and wait.', { label: 'asker' }),
        spawn('Lead one that asks.', { label: 'above' }),
      ],
    }),
  ],
  ['Spend it', () => ({ toolCalls: [spawn('Go on for ever.', { label: 'ever', limits: { usd: 0.1 } })] })],
  ['Speak slowly', () => ({ text: 'Slowly spoken.', gate: 'never' })],
];

/** What each session says; `never` is a gate that stays shut. */
export const storyScript = cast({
  main(request) {
    const heard = request.lastUserText;
    const line = mainLines.find(([words]) => heard.includes(words));
    if (line) return line[1](request);
    if (heard.includes('<subagent-announcement') && heard.includes('label="colour"')) {
      return { toolCalls: [{ name: 'stay_silent', input: {} }] };
    }
    return { text: `Noted (${request.answers}).` };
  },
  'Write a long report': { text: report('The report', 450) },
  'Write about': (request) => ({
    text: report(firstWords(request).match(/part-\d/)?.[0] ?? '', 300),
    gate: 'parts',
  }),
  'Say nothing at all': {},
  Dawdle: { text: 'Too late.', gate: 'never' },
  'Be ended': [
    { text: 'Half of it.', toolCalls: [bash('echo half')] },
    { text: 'Never.', gate: 'never' },
  ],
  'Lead the way down': [
    { toolCalls: [spawn('Go one deeper.', { label: 'pawn' })] },
    { text: 'I sent one down.' },
    { text: 'The way down is known.' },
  ],
  'Go one deeper': [
    { toolCalls: [bash('echo deep')] },
    (request) => ({ text: `Found: ${resultOf(request, 'bash')}` }),
  ],
  'Add colour': [
    { toolCalls: [bash('echo red > colour.txt && git add -A && git commit -qm "Add a colour"')] },
    { toolCalls: [{ name: 'write', input: { path: 'more.txt', content: 'green\n' } }] },
    { toolCalls: [{ name: 'read', input: { path: 'more.txt' } }] },
    { text: 'Coloured.' },
  ],
  'Think it over': (request) => {
    if (request.answers === 0) return { text: 'A long thought.', gate: 'thought' };
    return { text: `Thought ${request.answers} times.` };
  },
  'Wait without an end': { toolCalls: [bash('sleep 600')] },
  'Be quick': { text: 'Quickly done.' },
  'Be asked again': (request) =>
    request.answers === 0 ? { text: 'Done once.' } : { text: 'Done twice.', gate: 'never' },
  'Run a long command': { toolCalls: [bash(LONG_COMMAND)] },
  'Lead and wait': [
    { toolCalls: [spawn('Work below.', { label: 'below' }), spawn('Work below, too.', { label: 'beside' })] },
    { text: 'Both are at work.' },
    { text: 'Below it is done.' },
  ],
  'Work below, too': { text: 'Beside.', gate: 'never' },
  'Work below': [
    { toolCalls: [spawn('Work at the bottom.', { label: 'bottom' })] },
    { text: 'It is below me.' },
  ],
  'Work at the bottom': { text: 'Bottom.', gate: 'never' },
  'Come late': { text: 'Late, but here.', gate: 'late' },
  Muse: { text: 'Mused.', gate: 'never' },
  Paint: [{ toolCalls: [bash('echo blue > paint.txt')] }, { toolCalls: [bash(LONG_COMMAND)] }],
  'Ask and go on': [
    { text: 'A choice.', toolCalls: [ask('Which colour?\nRed or blue.')] },
    (request) => ({ text: `It is ${resultOf(request, 'report')}` }),
  ],
  'Ask and wait': { text: 'Another choice.', toolCalls: [ask('Which shape?\nRound or square.')] },
  'Lead one that asks': [
    { toolCalls: [spawn('Ask the one above.', { label: 'below' })] },
    { text: 'I sent one.' },
  ],
  'Ask the one above': { toolCalls: [ask('Which size?')] },
  'Go on for ever': { text: `I got so far. ${'And on. '.repeat(700)}`, toolCalls: [bash('true')] },
  'Stand in line': { text: 'Stood.', gate: 'never' },
});

/**
 * Plays the story up to the moment at which its gateway is to end.
 * @param restart ends the gateway by a signal and starts it again
 * @returns the chats
 */
export async function tell(
  client: Client,
  simulator: Simulator,
  restart: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>,
): Promise<readonly Chat[]> {
  const quiet = (chat: Chat) => eventually(async () => (await chat.view()).status === 'idle');
  const ended = (chat: Chat, ...labels: string[]) =>
    eventually(async () => {
      const all = await chat.subagents();
      return labels.every((label) =>
        all.some((one) => one.label === label && one.endedAt !== undefined && one.announcement !== 'none'),
      );
    });
  const read = (chat: Chat, ...labels: string[]) =>
    eventually(async () =>
      (await chat.subagents()).every((one) => !labels.includes(one.label) || one.announcement === 'read'),
    );

  const history = await client.newChat({ title: 'A long history', id: 'history' });
  const say = async (text: string, id: string) => {
    await history.say(text, { id });
    await quiet(history);
  };
  await say('Count the files.', 'h1');
  await say('Write at length.', 'h2');
  await ended(history, 'report');
  await quiet(history);
  await say('Eight at once.', 'h3');
  await history.say('Hold the line.', { id: 'h4' });
  await simulator.until(() => simulator.waiting('line') === 1);
  await restart('SIGKILL');
  await simulator.until(() => simulator.waiting('line') === 1 && simulator.waiting('parts') === 6);
  simulator.open('parts');
  await ended(history, ...eight);
  simulator.open('line');
  await quiet(history);
  await say('Thank you.', 'h5');
  await say('Try what fails.', 'h6');
  await ended(history, 'mute', 'dawdler');
  await say('End it.', 'h7');
  await say('Go deep.', 'h8');
  await ended(history, 'boss', 'pawn', 'colour');
  await say('Think first.', 'h9');
  await simulator.until(() => simulator.waiting('thought') === 1);
  await restart('SIGTERM');
  await simulator.until(() => simulator.waiting('thought') === 1);
  await say('Tell the thinker.', 'h10');
  await history.steer('thinker', 'In words of one syllable.', { id: 'h11', interrupt: true });
  simulator.open('thought');
  await ended(history, 'thinker');
  await quiet(history);
  await history.steer('report', 'Once more, with feeling.', { id: 'h12' });
  await eventually(async () => (await history.subagent('report')).attempt === 2);
  await ended(history, 'report');
  await quiet(history);
  await eventually(async () =>
    (await history.subagents()).every(
      ({ announcement }) => announcement === 'read' || announcement === 'withdrawn',
    ),
  );

  const empty = await client.newChat({ title: 'Nothing said', id: 'empty' });

  const stopped = await client.newChat({ title: 'Stopped', id: 'stopped' });
  await stopped.say('Wait forever.');
  await eventually(async () => (await stopped.view()).subagents.running === 1);
  await quiet(stopped);
  await stopped.say('Be quiet.');
  await simulator.until(() => simulator.waiting('never') >= 1);
  await stopped.stop({ subagents: true });
  await eventually(async () => (await stopped.view()).status !== 'working');

  const parked = await client.newChat({ title: 'Parked', id: 'parked' });
  await parked.say('Good morning.');
  await quiet(parked);
  await parked.say('Knock at a shut door.');
  await eventually(async () => (await parked.view()).status === 'parked');
  const refused = simulator.counts.faulted;
  await parked.resume();
  await simulator.until(() => simulator.counts.faulted > refused);
  await eventually(async () => (await parked.view()).status === 'parked');

  const later = [await asking(), await thrifty(), await outgrown(), await archived()];

  const busy = await client.newChat({ title: 'Busy', id: 'busy' });
  await busy.say('Begin the day.', { id: 'b1' });
  await ended(busy, 'quick', 'again');
  await quiet(busy);
  await read(busy, 'quick', 'again');
  await eventually(async () => (await busy.view()).subagents.waiting === 2);
  await busy.say('Speak slowly.', { id: 'b2' });
  await eventually(async () => (await busy.view()).status === 'working');
  await busy.steer('again', 'Do it twice.', { id: 'b3' });
  await busy.steer('muse', 'Think of blue.', { id: 'b4' });
  await busy.say('And tell me what came of it.', { id: 'b5' });
  simulator.open('late');
  await eventually(async () => (await busy.subagent('late')).announcement === 'pending');
  await busy.spawn({ task: 'Be unheard.', label: 'unheard', id: 'b6' });
  await eventually(async () => {
    const { running, waiting, queued } = (await busy.view()).subagents;
    const commands = (await busy.subagents()).filter(({ activity }) => activity.includes(LONG_COMMAND));
    return running === 8 && waiting === 2 && queued === 1 && commands.length === 2;
  });
  // The main session, and all at work but those two that run a command.
  await simulator.until(() => simulator.waiting('never') === 7);
  return [history, empty, stopped, parked, ...later, busy];

  /** Questions: one that a person answered, and two that wait, of a child and of a grandchild. */
  async function asking(): Promise<Chat> {
    const chat = await client.newChat({ title: 'Asking', id: 'asking' });
    await chat.say('Have them ask.', { id: 'q1' });
    const asks = (target: string) =>
      eventually(async () => {
        const all = await chat.subagents();
        return all.some(({ path, inputRequest }) => path === target && inputRequest !== undefined);
      });
    for (const target of ['answered', 'asker', 'above/below']) await asks(target);
    const request = (await chat.subagent('answered')).inputRequest?.id;
    const given = await client.post(chat.path('/subagents/answered/answer'), { request, text: 'Blue.' });
    if (given.status !== 200) throw new Error(`the answer was answered ${given.status}`);
    await ended(chat, 'answered');
    await read(chat, 'answered');
    await eventually(async () => (await chat.subagent('above')).status === 'waiting');
    await eventually(async () => (await chat.view()).status !== 'working');
    return chat;
  }

  /** A chat with a budget of its own, and a subagent that used up its share. */
  async function thrifty(): Promise<Chat> {
    const chat = await client.newChat({ title: 'Thrifty', id: 'thrifty', budgetUsd: 3 });
    await chat.say('Spend it.', { id: 't1' });
    await ended(chat, 'ever');
    await read(chat, 'ever');
    await quiet(chat);
    if ((await chat.subagent('ever')).status !== 'over_budget') throw new Error('its share was enough');
    return chat;
  }

  /** One that goes on from a summary. */
  async function outgrown(): Promise<Chat> {
    const chat = await client.newChat({ title: 'Outgrown', id: 'outgrown', model: 'small' });
    const summed = async () => (await chat.messages()).some(({ text }) => text.includes('as a summary'));
    for (let n = 1; !(await summed()); n += 1) {
      if (n > 40) throw new Error('its window is never full');
      await chat.say(`A page, the ${n}th. ${page}`, { id: `o${n}` });
      await quiet(chat);
    }
    await chat.say('Is it well?', { id: 'o0' });
    await quiet(chat);
    return chat;
  }

  async function archived(): Promise<Chat> {
    const chat = await client.newChat({ title: 'Put away', id: 'archived' });
    await chat.say('That was all.', { id: 'a1' });
    await quiet(chat);
    const given = await client.patch(chat.path(), { archived: true });
    if (given.status !== 200) throw new Error(`the wish to archive was answered ${given.status}`);
    return chat;
  }
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`it never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
