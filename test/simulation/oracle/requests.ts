/**
 * Requests: each is valid for the strict API, is the concatenation of the blocks that the log holds, and so
 * begins with the one before it, cache marks aside.
 */
import type { Block, ModelRequest } from '../../../src/core/ports.ts';
import { checkBody } from '../../../src/simulator/rules.ts';
import type { Sent } from '../model.ts';
import type { Chronicle, History } from './chronicle.ts';

export function judgeRequests({ world, sessions }: Chronicle): string[] {
  const found: string[] = [];
  const expected = new Map<string, Expected>();
  for (const history of sessions.values()) expected.set(whoIs(history), expectedOf(history));
  const latest = new Map<string, Sent>();
  const checked = new Set<string>();
  for (const sent of world.sent) {
    const { who, request } = sent;
    const length = request.messages.length;
    const name = `a request of ${who} with ${length} messages`;
    const due = expected.get(who);
    if (!due) {
      found.push(`${name} belongs to no session`);
      continue;
    }
    // The same request sent again differs in nothing but its cache marks.
    const mark = `${who} ${length} ${request.messages.findIndex(marked)}`;
    if (!checked.has(mark)) {
      checked.add(mark);
      for (const { id, message } of checkBody({ ...request, stream: true }))
        found.push(`${name}: ${id}, ${message}`);
    }
    if (!due.ends.has(length)) found.push(`${name} ends where no step does`);
    const before = latest.get(who);
    latest.set(who, sent);
    if (before) found.push(...after(before, sent, due.givesUp).map((what) => `${name} ${what}`));
    if (fixedPart(request) !== due.fixed) found.push(`${name}: system, tools or settings changed`);
    for (const [index, message] of request.messages.entries()) {
      const text = `${message.role} ${JSON.stringify(message.content.map(unmarked))}`;
      if (text !== due.messages[index]) {
        found.push(
          `${name}: message ${index} is ${text.slice(0, 200)}, not ${due.messages[index]?.slice(0, 200)}`,
        );
        break;
      }
    }
  }
  return found;
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

interface Expected {
  readonly fixed: string;
  readonly messages: readonly string[];
  /** How many messages the request of each step has. */
  readonly ends: ReadonlySet<number>;
  /** Whether any of its steps was given up. */
  readonly givesUp: boolean;
}

function expectedOf({ log }: History): Expected {
  const blocks = new Map<number, { block: Block; short?: Block | undefined }>();
  const messages: string[] = [];
  const ends = new Set<number>();
  let fixed = '';
  for (const { event, seq } of log) {
    switch (event.type) {
      case 'prefix.started':
        fixed = fixedPart({ ...event.params, messages: [] });
        break;
      case 'mail.accepted':
        if (event.block) blocks.set(seq, { block: event.block, short: event.short });
        break;
      case 'tool.finished':
      case 'workspace.opened':
        blocks.set(seq, { block: event.block });
        break;
      case 'step.requested':
        for (const ref of event.adds) {
          const held = blocks.get(ref.seq);
          const block = (ref.short ? held?.short : undefined) ?? held?.block;
          messages.push(`user ${JSON.stringify([block])}`);
        }
        ends.add(messages.length);
        break;
      case 'step.answered':
        if (event.content.length > 0) messages.push(`assistant ${JSON.stringify(event.content)}`);
        break;
    }
  }
  return { fixed, messages, ends, givesUp: log.some(({ event }) => event.type === 'step.abandoned') };
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
