import { describe, expect, test } from 'vitest';
import { chatWith, mailTo, play, text } from './play.ts';

describe('mail', () => {
  test('that comes again is acknowledged and does nothing', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Done.')]);
    const mails = mailTo(child, 'chat');
    main.do({ type: 'mail', sender: child.state.id, mails });
    const { seq } = main.state;
    expect(main.do({ type: 'mail', sender: child.state.id, mails })).toEqual([]);
    expect(main.state.seq).toBe(seq);
  });

  test('behind a gap is not accepted', () => {
    const { main, child } = chatWith('scout');
    child.answer([text('Done.')]);
    const mails = mailTo(child, 'chat');
    expect(main.do({ type: 'mail', sender: child.state.id, mails: mails.slice(1) })).toEqual([]);
    expect(main.do({ type: 'mail', sender: child.state.id, mails })).not.toEqual([]);
  });

  test('of a stranger is refused', () => {
    const { main } = chatWith('scout');
    expect(main.refusal({ type: 'mail', sender: 'sub_stranger', mails: [] }).kind).toBe('not_allowed');
  });

  test('goes one way: a child gives no orders, a parent sends no news', () => {
    const { main, child } = chatWith('scout');
    const kill = { kind: 'kill', target: 'chat', by: 'parent' } as const;
    expect(
      main.refusal({ type: 'mail', sender: child.state.id, mails: [{ to: 'chat', n: 1, body: kill }] })
        .message,
    ).toBe('a child may not send kill');
    child.answer([text('Done.')]);
    const ending = mailTo(child, 'chat').map(({ body }) => ({ to: child.state.id, n: 9, body }));
    expect(ending).not.toEqual([]);
    expect(child.refusal({ type: 'mail', sender: 'chat', mails: ending }).kind).toBe('not_allowed');
  });

  test('for a session that was never born is refused, but for its task', () => {
    const body = { kind: 'kill', target: 'sub_x', by: 'parent' } as const;
    const command = { type: 'mail', sender: 'chat', mails: [{ to: 'sub_x', n: 1, body }] } as const;
    expect(() => play(command)).toThrow('there is no such session');
  });
});
