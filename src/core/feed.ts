/**
 * What people and programs are shown of a log: each durable feed event is the projection of exactly one log
 * event, and a log event has at most one. So the feed can be read again from the log at any time.
 */
import { z } from 'zod';
import {
  type Card,
  cardSchema,
  type InputNews,
  inputNewsSchema,
  inputRequestSchema,
  principalSchema,
  usageSchema,
} from './card.ts';
import { type MailBody, partSchema } from './correspondence.ts';
import { abandonReasons, type Recorded } from './events.ts';
import { answerId, messageId } from './ids.ts';
import type { Usage } from './ports.ts';
import { preview, saidOf } from './session.ts';

export const messageSchema = z.object({
  id: z.string(),
  seq: z.number().int(),
  at: z.number(),
  role: z.enum(['user', 'assistant', 'notice']),
  text: z.string(),
  parts: z.array(partSchema),
  from: principalSchema,
  partial: z.boolean().optional(),
});
export type FeedMessage = z.infer<typeof messageSchema>;

/** A subagent as people and programs see it. */
export const subagentSchema = cardSchema
  .omit({
    unswept: true,
    heard: true,
    requests: true,
    asked: true,
    unsettled: true,
    next: true,
    spending: true,
  })
  .extend({
    share: z.object({ minutes: z.number(), usd: z.number(), tokens: z.number() }).partial(),
    /** What it waits to be told; the first, if it asked for more. */
    inputRequest: inputRequestSchema.optional(),
    result: z.string().optional(),
    unconfirmed: z.array(z.string()).optional(),
  });
export type SubagentView = z.infer<typeof subagentSchema>;

const place = { seq: z.number().int(), at: z.number(), session: z.string() };
/** Without `subagentId`: the session's own. */
const inputData = z.object({ ...place, subagentId: z.string().optional(), request: inputRequestSchema });
const subagentData = z.object({ ...place, subagent: subagentSchema });

/** The durable events and their data: the one source of their types and of their documentation. */
export const feedSchemas = {
  message: z.object({ ...place, message: messageSchema }),
  'turn.started': z.object({ ...place, turn: z.number(), because: z.array(z.string()) }),
  'turn.ended': z.object({
    ...place,
    turn: z.number(),
    stop: z.enum(['done', 'stopped', 'parked']),
    usage: usageSchema,
    error: z.string().optional(),
  }),
  'tool.started': z.object({ ...place, call: z.string(), name: z.string(), summary: z.string() }),
  'tool.finished': z.object({ ...place, call: z.string(), ok: z.boolean(), ms: z.number() }),
  'subagent.spawned': subagentData,
  'subagent.updated': subagentData,
  'subagent.ended': subagentData,
  'announcement.read': z.object({
    ...place,
    subagentId: z.string(),
    attempt: z.number(),
    turn: z.number(),
  }),
  'steer.queued': z.object({ ...place, steerId: z.string(), subagentId: z.string() }),
  'steer.read': z.object({
    ...place,
    steerId: z.string(),
    subagentId: z.string(),
    step: z.number().optional(),
  }),
  'input.requested': inputData,
  'input.answered': inputData.extend(inputNewsSchema.required({ outcome: true }).shape),
  'step.abandoned': z.object({
    ...place,
    turn: z.number(),
    message: z.string().optional(),
    because: z.enum(abandonReasons),
  }),
  'chat.updated': z.object({
    ...place,
    title: z.string().optional(),
    model: z.string().optional(),
    budgetUsd: z.number().optional(),
    archived: z.boolean().optional(),
  }),
  'chat.deleting': z.object(place),
  'subagent.forgotten': z.object({ ...place, subagentIds: z.array(z.string()) }),
  notice: z.object({ ...place, level: z.enum(['info', 'warning', 'error']), text: z.string() }),
} as const;

export type FeedName = keyof typeof feedSchemas;
export type FeedEvent = {
  [Name in FeedName]: { readonly name: Name; readonly data: z.infer<(typeof feedSchemas)[Name]> };
}[FeedName];

/** What is shown while it happens and is not kept. */
export type Ephemeral =
  | {
      readonly name: 'delta';
      readonly data: {
        readonly turn: number;
        readonly message: string;
        readonly offset: number;
        readonly text: string;
      };
    }
  | {
      readonly name: 'progress';
      readonly data: {
        readonly subagentId: string;
        readonly steps: number;
        readonly activity: string;
        readonly usage: Usage;
      };
    };

export function subagentView(card: Card, result?: string): SubagentView {
  const {
    unswept,
    heard: _,
    requests,
    asked: __,
    unsettled: ___,
    next: ____,
    spending: _____,
    ...shown
  } = card;
  const [inputRequest] = requests ?? [];
  return {
    ...shown,
    ...(inputRequest ? { inputRequest } : {}),
    ...(result === undefined ? {} : { result }),
    ...(unswept && unswept.length > 0 ? { unconfirmed: unswept } : {}),
  };
}

/** The message that a log event is, if it is one. Notices are messages too, for those who read a chat back. */
export function messageOf(session: string, { seq, at, event }: Recorded): FeedMessage | undefined {
  const text = (role: FeedMessage['role'], words: string, from: FeedMessage['from']): FeedMessage => ({
    id: messageId(session, seq),
    seq,
    at,
    role,
    text: words,
    parts: [{ type: 'text', text: words }],
    from,
  });
  switch (event.type) {
    case 'mail.accepted': {
      const { body } = event;
      if (body.kind === 'message') {
        return { ...text('user', body.text, body.from), parts: body.parts };
      }
      if (body.kind === 'task') {
        return text('user', body.spec.task, { principal: 'parent', channel: 'subagent' });
      }
      if (body.kind === 'steer' && body.target === session) {
        return text('user', body.text, body.from ?? { principal: body.by, channel: 'subagent' });
      }
      return undefined;
    }
    case 'step.answered': {
      const words = saidOf(event);
      if (words.trim() === '') return undefined;
      return {
        ...text('assistant', words, { principal: 'assistant', channel: 'model' }),
        id: answerId(session, event.step),
        ...(event.partial ? { partial: true } : {}),
      };
    }
    case 'notice':
    case 'verification.failed':
      return text('notice', event.text, { principal: 'gateway', channel: 'gateway' });
    default:
      return undefined;
  }
}

/** The feed event that a log event is shown as, if it is shown at all. */
export function project(session: string, recorded: Recorded): FeedEvent | undefined {
  const { seq, at, event } = recorded;
  const data = { seq, at, session };
  switch (event.type) {
    case 'mail.accepted': {
      const { body } = event;
      if (body.kind === 'announcement') {
        return { name: 'subagent.ended', data: { ...data, subagent: subagentView(body.card, body.result) } };
      }
      if (body.kind === 'status') return changed(data, body);
      const message = messageOf(session, recorded);
      return message && { name: 'message', data: { ...data, message } };
    }
    case 'step.answered': {
      const message = messageOf(session, recorded);
      return message && { name: 'message', data: { ...data, message } };
    }
    case 'turn.started':
      return { name: 'turn.started', data: { ...data, turn: event.turn, because: event.because } };
    case 'turn.ended':
      return {
        name: 'turn.ended',
        data: {
          ...data,
          turn: event.turn,
          stop: event.stop,
          usage: event.usage,
          ...(event.error === undefined ? {} : { error: event.error }),
        },
      };
    case 'tool.started':
      return {
        name: 'tool.started',
        data: { ...data, call: event.call, name: event.name, summary: event.summary },
      };
    case 'tool.finished':
      return { name: 'tool.finished', data: { ...data, call: event.call, ok: event.ok, ms: event.ms } };
    case 'subagent.spawned':
      return { name: 'subagent.spawned', data: { ...data, subagent: subagentView(event.card) } };
    case 'subagent.released':
    case 'subagent.admitted':
      return { name: 'subagent.updated', data: { ...data, subagent: subagentView(event.card) } };
    case 'mail.posted': {
      const { body } = event.mail;
      if (body.kind !== 'steer') return undefined;
      return { name: 'steer.queued', data: { ...data, steerId: body.steerId, subagentId: body.target } };
    }
    case 'steer.read':
      return {
        name: 'steer.read',
        data: { ...data, steerId: event.steerId, subagentId: event.subagentId, step: event.step },
      };
    case 'mail.settled':
      if (event.how !== 'read' || !event.announcement) return undefined;
      return {
        name: 'announcement.read',
        data: { ...data, ...event.announcement, turn: event.turn ?? 0 },
      };
    case 'input.requested':
      return { name: 'input.requested', data: { ...data, request: event.request } };
    case 'input.answered': {
      const { request, by, decision, text } = event;
      return {
        name: 'input.answered',
        data: {
          ...data,
          request,
          outcome: 'answered',
          by,
          ...(decision === undefined ? {} : { decision }),
          text: preview(text),
        },
      };
    }
    case 'verification.failed':
      return { name: 'notice', data: { ...data, level: 'warning', text: event.text } };
    case 'input.withdrawn':
      return { name: 'input.answered', data: { ...data, request: event.request, outcome: 'withdrawn' } };
    case 'step.abandoned':
      return {
        name: 'step.abandoned',
        data: {
          ...data,
          turn: event.turn,
          ...(event.calling ? { message: answerId(session, event.step) } : {}),
          because: event.because,
        },
      };
    case 'notice':
      return { name: 'notice', data: { ...data, level: event.level, text: event.text } };
    case 'chat.changed': {
      const { type: _, by: __, ...set } = event;
      return { name: 'chat.updated', data: { ...data, ...set } };
    }
    case 'chat.deleting':
      return { name: 'chat.deleting', data };
    case 'subagent.forgotten':
      return { name: 'subagent.forgotten', data: { ...data, subagentIds: event.ids } };
    case 'session.created':
    case 'prefix.started':
    case 'prefix.due':
    case 'compaction.started':
    case 'compaction.made':
    case 'compaction.failed':
    case 'step.refused':
    case 'subagent.removed':
    case 'mail.delivered':
    case 'step.requested':
    case 'call.reserved':
    case 'call.cut':
    case 'usage.counted':
    case 'workspace.opened':
    case 'attempt.started':
    case 'result.submitted':
    case 'verification.started':
    case 'attempt.closing':
    case 'attempt.ended':
    case 'session.swept':
    case 'progress.reported':
    case 'activity.changed':
    case 'session.parked':
    case 'session.unparked':
    case 'session.resumed':
    case 'host.stopped':
      return undefined;
  }
}

function changed(
  data: { seq: number; at: number; session: string },
  body: Pick<Extract<MailBody, { kind: 'status' }>, 'change' | 'card' | 'result' | 'input'>,
): FeedEvent | undefined {
  const full = { ...data, subagent: subagentView(body.card, body.result) };
  switch (body.change) {
    case 'spawned':
      return { name: 'subagent.spawned', data: full };
    case 'updated':
      return { name: 'subagent.updated', data: full };
    case 'ended':
      return { name: 'subagent.ended', data: full };
    case 'told':
      return undefined;
    case 'asked':
    case 'answered':
      return body.input && inputEvent({ ...data, subagentId: body.card.id }, body.input);
  }
}

function inputEvent(data: InputPlace, { outcome, ...news }: InputNews): FeedEvent {
  return outcome === undefined
    ? { name: 'input.requested', data: { ...data, request: news.request } }
    : { name: 'input.answered', data: { ...data, ...news, outcome } };
}

type InputPlace = { seq: number; at: number; session: string; subagentId: string };
