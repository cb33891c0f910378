/**
 * Requests: each is valid for the strict API, is the concatenation of the blocks that the log holds since the live
 * prefix began, and so begins with the one before it, cache marks aside.
 */
import { SUMMARY_REQUEST } from '../../../src/core/compaction.ts';
import type { Block, ModelRequest } from '../../../src/core/ports.ts';
import { checkBody } from '../../../src/simulator/rules.ts';
import type { Sent } from '../model.ts';
import type { Chronicle, History } from './chronicle.ts';

export function judgeRequests({ world, sessions }: Chronicle): string[] {
  const found: string[] = [];
  const expected = new Map<string, readonly Epoch[]>();
  const givesUp = new Map<string, boolean>();
  for (const history of sessions.values()) {
    expected.set(whoIs(history), epochsOf(history));
    givesUp.set(
      whoIs(history),
      history.log.some(({ event }) => event.type === 'step.abandoned'),
    );
  }
  const latest = new Map<string, { sent: Sent; epoch: number }>();
  const checked = new Set<string>();
  for (const sent of world.sent) {
    const { who, request } = sent;
    const aside = isAside(request);
    const messages = aside ? request.messages.slice(0, -1) : request.messages;
    const name = `a request of ${who} with ${request.messages.length} messages`;
    const epochs = expected.get(who);
    if (!epochs) {
      found.push(`${name} belongs to no session`);
      continue;
    }
    const sentMessages = messages.map(
      ({ role, content }) => `${role} ${JSON.stringify(content.map(unmarked))}`,
    );
    const before = latest.get(who);
    // A prefix that was left is never gone back to.
    const epoch = epochs.findIndex(
      (one, at) =>
        at >= (before?.epoch ?? 0) &&
        one.fixed === fixedPart(request) &&
        sentMessages.every((text, index) => text === one.messages[index]),
    );
    // The same request sent again differs in nothing but its cache marks.
    const mark = `${who} ${epoch} ${request.messages.length} ${request.messages.findIndex(marked)} ${aside}`;
    if (!checked.has(mark)) {
      checked.add(mark);
      for (const { id, message } of checkBody({ ...request, stream: true }))
        found.push(`${name}: ${id}, ${message}`);
    }
    const due = epochs[epoch];
    if (!due) {
      const one = epochs[before?.epoch ?? 0];
      const at = sentMessages.findIndex((text, index) => text !== one?.messages[index]);
      found.push(
        `${name} is of no prefix of its log: message ${at} is ${sentMessages[at]?.slice(0, 200)}, not ${one?.messages[at]?.slice(0, 200)}`,
      );
      continue;
    }
    if (aside) continue;
    if (!due.ends.has(messages.length)) found.push(`${name} ends where no step does`);
    latest.set(who, { sent, epoch });
    if (before?.epoch === epoch) {
      const given = givesUp.get(who) ?? false;
      found.push(...after(before.sent, sent, given).map((what) => `${name} ${what}`));
    }
  }
  return found;
}

/** Whether a request is for something beside the conversation. */
export function isAside({ messages }: ModelRequest): boolean {
  return messages.at(-1)?.content.at(-1)?.text === SUMMARY_REQUEST;
}

/**
 * A session asks one thing at a time, ever more, and the same again only if it got no answer. `given` up steps may
 * have been answered: the answer came too late.
 */
function after(before: Sent, { request, life }: Sent, given: boolean): string[] {
  const longer = request.messages.length - before.request.messages.length;
  if (longer < 0) return ['is shorter than the one before it'];
  if (life !== before.life) return [];
  if (before.ended === undefined) return ['was sent while the one before it was out'];
  const again = before.ended === 'again' || before.ended === 'broken' || before.ended === 'given up';
  return longer > 0 || again || given || before.ended === 'refused' ? [] : ['was answered before'];
}

function whoIs({ end, log }: History): string {
  if (!end.spec) return 'main';
  for (const { event } of log) {
    if (event.type === 'mail.accepted' && event.body.kind === 'task') {
      return /^task-\d+/.exec(event.body.spec.task)?.[0] ?? '';
    }
  }
  return '';
}

/** What a session sends from one new prefix to the next. */
interface Epoch {
  readonly fixed: string;
  readonly messages: string[];
  /** How many messages the request of each step has. */
  readonly ends: Set<number>;
}

function epochsOf({ log }: History): Epoch[] {
  const blocks = new Map<number, { block: Block; short?: Block | undefined }>();
  const epochs: Epoch[] = [];
  for (const { event, seq } of log) {
    const epoch = epochs.at(-1);
    switch (event.type) {
      case 'prefix.started': {
        const carried = event.carried ?? [];
        for (const { seq: from, block, short } of event.pending ?? []) blocks.set(from, { block, short });
        epochs.push({
          fixed: fixedPart({ ...event.params, messages: [] }),
          messages: carried.map(({ role, content }) => `${role} ${JSON.stringify(content)}`),
          ends: new Set(),
        });
        break;
      }
      case 'mail.accepted':
        if (event.block) blocks.set(seq, { block: event.block, short: event.short });
        break;
      case 'tool.finished':
      case 'workspace.opened':
        blocks.set(seq, { block: event.block });
        break;
      case 'step.requested':
        if (event.closes) epoch?.messages.push(`assistant ${JSON.stringify(event.closes)}`);
        for (const ref of event.adds) {
          const held = blocks.get(ref.seq);
          const block = (ref.short ? held?.short : undefined) ?? held?.block;
          epoch?.messages.push(`user ${JSON.stringify([block])}`);
        }
        epoch?.ends.add(epoch.messages.length);
        break;
      case 'step.answered':
        if (event.content.length > 0) epoch?.messages.push(`assistant ${JSON.stringify(event.content)}`);
        break;
    }
  }
  return epochs;
}

/** How long the answer may be changes with the money there is, and is no part of what is cached. */
function fixedPart({ messages: _, max_tokens: __, system, tools, ...rest }: ModelRequest): string {
  return JSON.stringify([rest, system.map(unmarked), tools.map(unmarked)]);
}

function unmarked<T extends object>(thing: T): T {
  if (!('cache_control' in thing)) return thing;
  const copy = { ...thing };
  Reflect.deleteProperty(copy, 'cache_control');
  return copy;
}

function marked({ content }: ModelRequest['messages'][number]): boolean {
  return content.some((block) => 'cache_control' in block);
}
