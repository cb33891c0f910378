/** News whose delivery is done and whose bookkeeping is not: told once, whichever commit the crash hits. */
import { expect, test } from 'vitest';
import { decodeEvent } from '../../src/core/events.ts';
import { memoryStore } from '../../src/runtime/memory-store.ts';
import type { ParsedRequest } from '../../src/simulator/request.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { cast, isMain, spawn } from '../e2e/cast.ts';
import { apiKey } from '../e2e/house-environment.ts';
import { makePrefixWatch } from '../e2e/prefix-watch.ts';
import { type Crash, holds, live } from './crashing-gateway.ts';

const chat = 'chat_of_this_test';

const crashes: Readonly<Record<string, Crash>> = {
  'before the ending is stored': {
    when: 'before',
    at: (commit) => holds(commit, 'attempt.ended'),
  },
  'after the ending is stored, before it is sent': {
    when: 'after',
    at: (commit) => holds(commit, 'attempt.ended'),
  },
  'before the parent has accepted the news': {
    when: 'before',
    at: (commit) => commit.session === chat && holds(commit, 'mail.accepted', '"kind":"announcement"'),
  },
  'after the parent has accepted the news, before it acknowledged it': {
    when: 'after',
    at: (commit) => commit.session === chat && holds(commit, 'mail.accepted', '"kind":"announcement"'),
  },
  'before the child has noted the delivery': {
    when: 'before',
    at: (commit) => commit.session !== chat && holds(commit, 'mail.delivered', `"upTo":1`),
  },
  'before the answer that read the news is stored': {
    when: 'before',
    at: (commit) => holds(commit, 'mail.settled', '"announcement"'),
  },
  'after the answer that read the news is stored': {
    when: 'after',
    at: (commit) => holds(commit, 'mail.settled', '"announcement"'),
  },
};

test.each(Object.entries(crashes))('news is told once through a crash %s', async (_, crash) => {
  const requests: ParsedRequest[] = [];
  const prefixes = makePrefixWatch();
  const simulator = await startSimulator({
    apiKey,
    script: cast({
      main: (request) => {
        if (request.lastUserText.includes('Begin')) return { toolCalls: [spawn('Toil.')] };
        return { text: request.lastUserText.includes('<subagent-announcement') ? 'I heard.' : 'Begun.' };
      },
      Toil: { text: 'Toiled.', gate: 'toil' },
    }),
    onRequest(request) {
      requests.push(request);
      prefixes.see(request);
    },
  });
  const store = memoryStore();
  const log = () => store.events(chat, 0, 10_000).map((row) => decodeEvent(row).event);
  try {
    const first = live(store, simulator, crash);
    const from = { principal: 'admin', channel: 'test' };
    const { runtime } = first.gateway;
    await runtime.send(chat, {
      type: 'create',
      id: chat,
      owner: 'admin',
      title: '',
      model: first.gateway.model,
      chosen: false,
      secret: 'secret',
    });
    const parts = [{ type: 'text' as const, text: 'Begin.' }];
    await runtime.send(chat, { type: 'say', parts, interrupt: false, from });
    await simulator.until(() => simulator.waiting('toil') === 1 && requests.filter(isMain).length === 2);
    simulator.open('toil');
    await first.crashed;

    const { runtime: next } = live(store, simulator).gateway;
    const atRest = () => next.state(chat)?.status === 'idle' && log().some(isReading);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!atRest()) return;
        unfollow();
        resolve();
      };
      const unfollow = next.broadcast.follow(chat, { onEvents: () => setImmediate(look), onEphemeral: look });
      look();
    });

    const events = log();
    const news = events.filter(
      (event) => event.type === 'mail.accepted' && event.body.kind === 'announcement',
    );
    expect(news).toHaveLength(1);
    expect(events.filter(isReading)).toHaveLength(1);
    const said = events.filter(
      (event) => event.type === 'step.answered' && JSON.stringify(event.content).includes('I heard.'),
    );
    expect(said).toHaveLength(1);
    const last = requests.findLast(isMain)?.transcriptText ?? '';
    expect(last.match(/<subagent-announcement /g)).toHaveLength(1);
    expect(simulator.violations).toEqual([]);
    expect(prefixes.breaches).toEqual([]);
  } finally {
    await simulator.close();
  }
});

function isReading(event: ReturnType<typeof decodeEvent>['event']): boolean {
  return event.type === 'mail.settled' && event.announcement !== undefined && event.how === 'read';
}
