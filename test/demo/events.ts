/** Events, cards and announcements as the gateway makes them, for facts of a demo. */
import type { Event, Subagent } from '../../src/cli/demo/api.ts';

export const place = (seq: number) => ({ seq, at: 0, session: 'chat_1' });

export function words(seq: number, role: 'user' | 'assistant', text: string): Event {
  return {
    event: 'message',
    data: {
      ...place(seq),
      message: {
        id: `m${seq}`,
        seq,
        at: 0,
        role,
        text,
        parts: [{ type: 'text', text }],
        from: { principal: 'someone', channel: 'http' },
      },
    },
  };
}

export function readEvent(seq: number, subagentId: string): Event {
  return { event: 'announcement.read', data: { ...place(seq), subagentId, attempt: 1, turn: 1 } };
}

export function card(label: string, status: Subagent['status']): Subagent {
  return {
    id: `sub_${label}`,
    label,
    path: label,
    parent: 'chat_1',
    task: '',
    role: 'worker',
    agent: 'tidings',
    model: 'm',
    status,
    attempt: 1,
    createdAt: 0,
    steps: 0,
    activity: '',
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 },
    pendingSteers: 0,
    announcement: 'read',
    share: {},
  };
}

export function endedEvent(seq: number, label: string): Event {
  return { event: 'subagent.ended', data: { ...place(seq), subagent: card(label, 'completed') } };
}

export function announcement(label: string, nonce: string): string {
  return `<subagent-announcement nonce="${nonce}" label="${label}" status="completed">\nDone.\n</subagent-announcement nonce="${nonce}">`;
}
