/** What the page makes of a feed: the same, however the events come. */
import { describe, expect, test } from 'vitest';
import type { FeedEvent, Message, Subagent } from '../../src/client/index.ts';
import { folded, type Item, withEarlier } from '../../src/web/state/items.ts';

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0.01 };

function subagent(status: Subagent['status']): Subagent {
  return {
    id: 'sub_1',
    label: 'docs',
    path: 'docs',
    parent: 'chat_1',
    task: 'Write docs.',
    role: 'worker',
    agent: 'built-in',
    model: 'm',
    status,
    attempt: 1,
    createdAt: 1,
    steps: 0,
    activity: '',
    usage,
    share: {},
    pendingSteers: 0,
    announcement: 'none',
  } as const;
}

function message(seq: number, role: Message['role'], text: string): Message {
  return {
    id: `chat_1.m${seq}`,
    seq,
    at: seq,
    role,
    text,
    parts: [{ type: 'text', text }],
    from: { principal: 'ada', channel: 'http' },
  };
}

const request = { id: 'sub_1.q1', kind: 'permission', title: 'rm -r build', detail: 'rm -r build' } as const;

function at(seq: number) {
  return { seq, at: seq, session: 'chat_1' };
}

const story: readonly FeedEvent[] = [
  { id: 1, event: 'message', data: { ...at(1), message: message(1, 'user', 'Do it.') } },
  { id: 2, event: 'turn.started', data: { ...at(2), turn: 1, because: ['message'] } },
  { id: 3, event: 'tool.started', data: { ...at(3), call: '1.0', name: 'read', summary: 'a.txt' } },
  { id: 4, event: 'tool.started', data: { ...at(4), call: '1.1', name: 'read', summary: 'b.txt' } },
  { id: 5, event: 'tool.finished', data: { ...at(5), call: '1.1', ok: false, ms: 3 } },
  { id: 6, event: 'subagent.spawned', data: { ...at(6), subagent: subagent('running') } },
  { id: 7, event: 'tool.finished', data: { ...at(7), call: '1.0', ok: true, ms: 5 } },
  { id: 8, event: 'message', data: { ...at(8), message: message(8, 'assistant', 'Under way.') } },
  { id: 9, event: 'turn.ended', data: { ...at(9), turn: 1, stop: 'done', usage } },
  { id: 10, event: 'steer.queued', data: { ...at(10), steerId: 's1', subagentId: 'sub_1' } },
  { id: 11, event: 'input.requested', data: { ...at(11), subagentId: 'sub_1', request } },
  { id: 12, event: 'steer.read', data: { ...at(12), steerId: 's1', subagentId: 'sub_1', step: 2 } },
  {
    id: 13,
    event: 'input.answered',
    data: { ...at(13), subagentId: 'sub_1', request, outcome: 'answered', by: 'person', decision: 'allow' },
  },
  { id: 14, event: 'subagent.ended', data: { ...at(14), subagent: subagent('completed') } },
  { id: 15, event: 'notice', data: { ...at(15), level: 'warning', text: 'Half of the budget is spent.' } },
  { id: 16, event: 'announcement.read', data: { ...at(16), subagentId: 'sub_1', attempt: 1, turn: 2 } },
  { id: 17, event: 'turn.ended', data: { ...at(17), turn: 2, stop: 'parked', usage, error: 'No credit.' } },
];

const whole = folded([], story);

describe('the items of a conversation', () => {
  test('hold each thing where it happened, with what was said of it later', () => {
    expect(whole.orphans).toEqual([]);
    expect(whole.items.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['message', 1],
      ['tools', 3],
      ['spawned', 6],
      ['message', 8],
      ['steered', 10],
      ['asked', 11],
      ['ended', 14],
      ['notice', 15],
      ['stopped', 17],
    ]);
    expect(whole.items[1]).toMatchObject({
      calls: [
        { call: '1.0', started: 3, finished: 7, ok: true, ms: 5 },
        { call: '1.1', started: 4, finished: 5, ok: false, ms: 3 },
      ],
    });
    expect(whole.items[4]).toMatchObject({ read: true });
    expect(whole.items[5]).toMatchObject({
      outcome: { outcome: 'answered', by: 'person', decision: 'allow' },
    });
    expect(whole.items[6]).toMatchObject({ read: true, subagent: { status: 'completed' } });
    expect(whole.items[8]).toMatchObject({ stop: 'parked', error: 'No credit.' });
  });

  test.each(story.map((_, cut) => cut))(
    'are the same if the first %i events come later, as history does',
    (cut) => {
      const late = folded([], story.slice(cut));
      const all = withEarlier(late.items, story.slice(0, cut), late.orphans);
      expect(all.orphans).toEqual([]);
      // Calls that stood together may stand in two groups now, one after the other.
      expect(joined(all.items)).toEqual(joined(whole.items));
    },
  );

  test('are the same if history comes in many pages', () => {
    let state = folded([], []);
    for (let end = story.length; end > 0; end -= 2) {
      state = withEarlier(state.items, story.slice(Math.max(0, end - 2), end), state.orphans);
    }
    expect(joined(state.items)).toEqual(joined(whole.items));
  });

  test('stay the same objects where nothing was said of them', () => {
    const before = folded([], story.slice(0, 11)).items;
    const after = folded(before, story.slice(11, 12)).items;
    expect(after.map((item, index) => item === before[index])).toEqual(
      before.map(({ kind }) => kind !== 'steered'),
    );
  });

  test('keep words that were given up, if they had been shown', () => {
    const gone: FeedEvent = {
      id: 18,
      event: 'step.abandoned',
      data: { ...at(18), turn: 3, message: 'chat_1.s3', because: 'interrupt' },
    };
    expect(
      folded([], [gone], (id) => (id === 'chat_1.s3' ? 'I was about to' : undefined)).items,
    ).toMatchObject([{ kind: 'abandoned', text: 'I was about to', because: 'interrupt' }]);
    expect(folded([], [gone]).items).toEqual([]);
  });
});

function joined(items: readonly Item[]): Item[] {
  const together: Item[] = [];
  for (const item of items) {
    const last = together.at(-1);
    if (item.kind === 'tools' && last?.kind === 'tools') {
      together[together.length - 1] = { ...last, calls: [...last.calls, ...item.calls] };
    } else together.push(item);
  }
  return together;
}
