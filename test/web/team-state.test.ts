/** What the page keeps of a team while its news come in. */
import { describe, expect, test } from 'vitest';
import type { FeedEvent, Subagent } from '../../src/client/index.ts';
import { makeTeam, type Team } from '../../src/web/state/team.ts';

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };

function subagent(id: string, status: Subagent['status'], more: Partial<Subagent> = {}): Subagent {
  return {
    id,
    label: id,
    path: id,
    parent: 'chat_1',
    task: 'Work.',
    role: 'worker',
    agent: 'built-in',
    model: 'm',
    status,
    attempt: 1,
    createdAt: 10,
    startedAt: 10,
    steps: 0,
    activity: '',
    usage,
    share: {},
    pendingSteers: 0,
    announcement: 'none',
    ...more,
  };
}

function news(
  at: number,
  one: Subagent,
  event: 'subagent.updated' | 'subagent.ended' = 'subagent.updated',
): FeedEvent {
  return { id: at, event, data: { seq: at, at, session: 'chat_1', subagent: one } };
}

const statuses = (team: Team, id: string): string[] =>
  team.phases(id).map(({ at, status }) => `${at} ${status}`);

describe('the team', () => {
  test('has a shape that changes with who there is and how each stands, and with nothing else', () => {
    const team = makeTeam();
    team.list([subagent('a', 'running')]);
    const before = team.shape.value;
    team.hear({ event: 'progress', data: { subagentId: 'a', steps: 3, activity: 'reading', usage } });
    team.hear(news(20, subagent('a', 'running', { steps: 4 })));
    expect(team.shape.value).toBe(before);
    expect(team.subagent('a')?.value.steps).toBe(4);
    team.hear(news(30, subagent('a', 'waiting', { steps: 4 })));
    expect(team.shape.value).not.toBe(before);
  });

  test('counts the steps of all, whatever tells of them', () => {
    const team = makeTeam();
    team.list([subagent('a', 'running', { steps: 2 }), subagent('b', 'running', { steps: 1 })]);
    team.hear({ event: 'progress', data: { subagentId: 'a', steps: 5, activity: '', usage } });
    team.hear(news(20, subagent('c', 'running', { steps: 10 })));
    expect(team.steps.value).toBe(16);
    team.hear({
      id: 30,
      event: 'subagent.forgotten',
      data: { seq: 30, at: 30, session: 'chat_1', subagentIds: ['a'] },
    });
    expect(team.steps.value).toBe(11);
    expect(team.ids.value).toEqual(['b', 'c']);
  });

  test('is what the gateway lists: who is not in the list is gone', () => {
    const team = makeTeam();
    team.list([subagent('a', 'running', { steps: 2 }), subagent('b', 'running')]);
    team.list([subagent('b', 'running')]);
    expect(team.ids.value).toEqual(['b']);
    expect(team.subagent('a')).toBeUndefined();
    expect(team.steps.value).toBe(0);
  });

  test('remembers who was how since when', () => {
    const team = makeTeam();
    team.hear(news(20, subagent('a', 'running')));
    team.hear(news(30, subagent('a', 'input_required')));
    team.hear(news(40, subagent('a', 'running')));
    team.hear(news(50, subagent('a', 'completed', { endedAt: 50 }), 'subagent.ended'));
    expect(statuses(team, 'a')).toEqual(['10 running', '30 input_required', '40 running', '50 completed']);
  });

  test('learns of the past from earlier pages, and nothing of the present', () => {
    const team = makeTeam();
    team.list([subagent('a', 'waiting', { steps: 9 })]);
    team.hear(news(60, subagent('a', 'running')));
    team.hear(news(70, subagent('a', 'waiting', { steps: 9 })));
    const before = team.subagent('a')?.value;
    team.hearEarlier([
      news(20, subagent('a', 'running', { steps: 1 })),
      news(30, subagent('a', 'input_required', { steps: 1 })),
      news(30, subagent('gone', 'running')),
    ]);
    expect(team.subagent('a')?.value).toBe(before);
    expect(team.subagent('gone')).toBeUndefined();
    expect(statuses(team, 'a')).toEqual(['10 running', '30 input_required', '60 running', '70 waiting']);
    // And from a page before that.
    team.hearEarlier([news(12, subagent('a', 'waiting')), news(15, subagent('a', 'running'))]);
    expect(statuses(team, 'a').slice(0, 3)).toEqual(['10 running', '12 waiting', '15 running']);
  });

  test('marks an announcement as read for the attempt that it tells of, and no other', () => {
    const team = makeTeam();
    team.list([subagent('a', 'completed', { attempt: 2, announcement: 'pending' })]);
    const read = (attempt: number): FeedEvent => ({
      id: attempt,
      event: 'announcement.read',
      data: { seq: attempt, at: 1, session: 'chat_1', subagentId: 'a', attempt, turn: 1 },
    });
    team.hear(read(1));
    expect(team.subagent('a')?.value.announcement).toBe('pending');
    team.hear(read(2));
    expect(team.subagent('a')?.value.announcement).toBe('read');
  });
});
